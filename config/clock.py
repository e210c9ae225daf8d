"""Celery's clock, which shows that it goes, and goes on when the machine's own is put back."""

from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler


class Clock(PersistentScheduler):
    """Keeps its schedule in a file, as Celery has it, and every three minutes touches another beside it.

    The schedule's own is written when the library behind it pleases, which for some of them is at the end.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return for how many seconds nothing will be."""
        self._follow_back()
        return super().tick(*args, **kwargs)

    def _follow_back(self) -> None:
        """Let whatever ran at a time that has yet to come have run now.

        A machine whose clock ran a day ahead and is put right would otherwise send nothing for a day, also
        after a start: no round would be closed, and no job sent again.
        """
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > entry.default_now()]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            # The order in which they come was that of the other time; it is made anew.
            self._heap = None

    def sync(self) -> None:
        """Write the schedule down, and show that the clock goes."""
        super().sync()
        Path(f"{self.schedule_filename}.seen").touch()
