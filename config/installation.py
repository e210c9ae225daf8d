"""One data folder, one launcher: the lock, and the note of what runs."""

import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from config.children import end_group

NOTE = "launcher.json"


def noted_address(var_dir: Path) -> str:
    """Return the address that the launcher of a folder runs at, or ran at last; '' where none ever did."""
    try:
        note = json.loads((var_dir / NOTE).read_text())
    except (OSError, ValueError):
        return ""
    return str(note.get("address", "")) if isinstance(note, dict) else ""


class Installation:
    """The folder that holds a database, and who runs it."""

    def __init__(self, var_dir: Path) -> None:
        # Opened without truncation: until the lock is ours the note is another launcher's.
        self._file = (var_dir / NOTE).open("a+")

    def take(self) -> bool:
        """Return whether this process now owns the folder; the kernel frees it when we end."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def note(self, *, pid: int, address: str, children: list[int]) -> None:
        """Write down what runs here, for the next launcher."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": pid, "address": address, "children": children}, self._file)
        self._file.flush()

    def read(self) -> dict[str, Any]:
        """Return the last note; empty when there is none yet."""
        self._file.seek(0)
        try:
            note = json.load(self._file)
        except ValueError:
            return {}
        return note if isinstance(note, dict) else {}

    def end_leftovers(self) -> None:
        """Kill children that outlived a killed launcher, where the kernel does not (macOS)."""
        for pid in self.read().get("children", []):
            shown = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)
            # The number may belong to a stranger by now.
            if sys.prefix in shown.stdout:
                end_group(pid)
