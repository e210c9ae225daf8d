"""How a file was read, shown on its page before anything is stored, with what may be chosen instead.

A file that leaves nothing to look at is stored at once. Of any other nothing is stored: the page asks, and
its form carries the file (`weighting.forms.carrying`).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.forms import Form
from django.http import HttpRequest
from django.utils.translation import gettext as _

from weighting.exceptions import Refused
from weighting.readers import FileProblems
from weighting.readers.decisions import Decision, Decisions, LookFirst
from weighting.readers.problems import FileProblem
from weighting.readers.questions import how_decided, option_words, question
from weighting.sentences import side_by_side

PREFIX = "reading-"
# Which file the choices were made for.
READ = "read"
ORDER = ("open", "likely", "chosen", "seen")
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class SentTable:
    """A file as it was sent, and the ledger of its reading."""

    content: bytes
    name: str
    decisions: Decisions

    @property
    def source(self) -> dict[str, Any]:
        """The table as services take it."""
        return {"source": self.content, "filename": self.name, "decisions": self.decisions}

    def context(self, problems: Sequence[FileProblem]) -> dict[str, Any]:
        """Return what the page shows: the reading, and problems that are no questions."""
        return {
            **shown_readings(self.decisions.made),
            "read": _digest(self.content),
            "read_name": self.name,
            "problems": [problem for problem in problems if not problem.key],
        }

    def refused(self, problems: Sequence[FileProblem]) -> dict[str, Any]:
        """Return what is wrong with a file; where a choice settles it, the page asks for that instead."""
        return self.context(problems) if any(one.key for one in problems) else {"problems": problems}


def bring_in(
    request: HttpRequest,
    form: Form,
    store: Callable[[SentTable], Made],
    *,
    blames: str | None = "file",
    told: Callable[[SentTable, Sequence[FileProblem]], dict[str, Any]] = SentTable.context,
) -> tuple[Made | None, dict[str, Any]]:
    """Return what ``store`` made of a valid form's file; or nothing, and what the page shows of the file.

    What is refused stands at the field that it is about, else at the one that ``blames`` names.
    """
    sent = _table_in(request, form.cleaned_data["file"])
    try:
        return store(sent), {}
    except LookFirst:
        return None, told(sent, [])
    except FileProblems as found:
        return None, told(sent, found.problems)
    except Refused as refusal:
        form.add_error(refusal.field or blames, list(refusal.blockers))
        return None, {}


def _table_in(request: HttpRequest, file: UploadedFile | None) -> SentTable:
    """Return a file with the choices made for it; those made for another one are not for this."""
    if file is None:
        return SentTable(b"", "", Decisions())
    content = file.read()
    # Whoever reads it next does so from the beginning.
    file.seek(0)
    choices: dict[str, str] = {}
    if request.POST.get(READ) == _digest(content):
        choices = chosen_in(request.POST)
    return SentTable(content, file.name or "", Decisions(choices, asks=True))


def chosen_in(sent: Mapping[str, Any]) -> dict[str, str]:
    """Return what was chosen on a page, by key."""
    return {
        name.removeprefix(PREFIX): str(value)
        for name, value in sent.items()
        if name.startswith(PREFIX) and value
    }


def shown_readings(made: Iterable[Decision]) -> dict[str, Any]:
    """Return the decisions that may be wrong, the open ones first, what the file shows last."""
    shown = [one for one in made if len(one.options) > 1 or one.how != "seen"]
    shown.sort(key=lambda one: ORDER.index(one.how))
    return {
        "readings": [*_together(shown), *map(_item, shown)],
        "readings_open": sum(one.is_open for one in shown),
    }


def _item(made: Decision) -> dict[str, Any]:
    return {
        "name": PREFIX + made.key,
        "question": question(made),
        "how": how_decided(made),
        "samples": side_by_side(made.samples),
        "is_open": made.is_open,
        "value": made.value,
        "options": [(value, option_words(made.kind, value)) for value in made.options],
    }


def _together(shown: Sequence[Decision]) -> Iterable[dict[str, Any]]:
    """Yield one question for several open ones of a kind that have answers in common."""
    kinds: dict[str, list[Decision]] = {}
    for made in shown:
        if made.is_open and made.subject:
            kinds.setdefault(made.kind, []).append(made)
    for kind, alike in kinds.items():
        common = [value for value in alike[0].options if all(value in made.options for made in alike)]
        if len(alike) > 1 and common:
            yield {
                "name": PREFIX + kind,
                "question": _("All %(count)d: %(question)s")
                % {"count": len(alike), "question": question(replace(alike[0], subject="…"))},
                "how": how_decided(alike[0]),
                "samples": _(", ").join(made.subject for made in alike[:5]),
                "is_open": True,
                "value": "",
                "options": [(value, option_words(kind, value)) for value in common],
            }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
