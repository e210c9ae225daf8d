"""What is wrong with a file, and where."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# A file that is wrong in every cell must not fill the memory with complaints.
MAX_PROBLEMS = 5000
MAX_SHOWN_VALUE = 60


@dataclass(frozen=True)
class FileProblem:
    """One problem; ``message`` says what is wrong and what to do about it.

    ``row`` is the 1-based line of the file, None for a problem of the whole file; ``value``
    is the cell as it stands, '' for an empty one, None where no single cell is meant; ``key`` is that
    of the choice which settles it, where there is one.
    """

    file: str
    message: str
    row: int | None = None
    column: str = ""
    value: str | None = None
    key: str = ""

    def __str__(self) -> str:
        return _("%(place)s: %(message)s") % {"place": self.place, "message": self.message}

    @property
    def place(self) -> str:
        """File, row, column and value in words."""
        parts = [self.file]
        if self.row is not None:
            parts.append(_("row %(row)d") % {"row": self.row})
        if self.column:
            parts.append(_("column “%(column)s”") % {"column": self.column})
        if self.value is not None:
            parts.append(
                _("value “%(value)s”") % {"value": self.shown_value} if self.value else _("empty cell")
            )
        return _(", ").join(parts)

    @property
    def shown_value(self) -> str:
        """The value, cut short when it is very long."""
        return shortened(self.value or "")


def shortened(value: str) -> str:
    """Return what a file says as a sentence may quote it."""
    return value if len(value) <= MAX_SHOWN_VALUE else value[:MAX_SHOWN_VALUE] + "…"


class FileProblems(Exception):
    """A file cannot be used; ``problems`` holds every reason, ``str`` lists them a line each."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class ProblemLog:
    """The problems found so far in one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._problems: list[FileProblem] = []
        self._dropped = 0

    def add(
        self,
        message: str,
        *,
        row: int | None = None,
        column: str = "",
        value: str | None = None,
        key: str = "",
    ) -> None:
        """Note a problem."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(FileProblem(self.file, message, row, column, value, key))
        else:
            self._dropped += 1

    @property
    def problems(self) -> list[FileProblem]:
        """Everything found, in the order of the file's rows."""
        found = sorted(self._problems, key=lambda problem: problem.row or 0)
        if self._dropped:
            message = ngettext(
                "%(count)d more problem is not listed. Correct these first.",
                "%(count)d more problems are not listed. Correct these first.",
                self._dropped,
            )
            found.append(FileProblem(self.file, message % {"count": self._dropped}))
        return found

    def raise_if_any(self) -> None:
        """Raise `FileProblems` with everything found."""
        if self._problems:
            raise FileProblems(self.problems)
