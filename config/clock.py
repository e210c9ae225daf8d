"""Celery's clock, which shows that it goes."""

from pathlib import Path

from celery.beat import PersistentScheduler


class Clock(PersistentScheduler):
    """Keeps its schedule in a file, as Celery has it, and every three minutes touches another beside it.

    The schedule's own is written when the library behind it pleases, which for some of them is at the end.
    """

    def sync(self) -> None:
        """Write the schedule down, and show that the clock goes."""
        super().sync()
        Path(f"{self.schedule_filename}.seen").touch()
