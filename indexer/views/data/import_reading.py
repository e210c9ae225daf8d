"""How a file was read, as the page of the mapping shows it, and what was chosen there."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from indexer.models import DataImport
from indexer.selectors.data_imports import decisions_of
from weighting.readers.decisions import Decision
from weighting.readers.questions import how_decided, option_words, question

PREFIX = "reading-"
ORDER = ("open", "likely", "chosen", "seen")


def reading_context(draft: DataImport) -> dict[str, Any]:
    """Return the decisions that may be wrong, the open ones first, what the file shows last."""
    made = sorted(_shown(draft), key=lambda decision: ORDER.index(decision.how))
    return {
        "readings": [_item(decision) for decision in made],
        "readings_open": sum(decision.is_open for decision in made),
    }


def readings_in(sent: Mapping[str, Any], draft: DataImport) -> dict[str, str]:
    """Return the choices of a posted page that differ from what is decided, by key."""
    return {
        made.key: str(sent[PREFIX + made.key])
        for made in _shown(draft)
        if sent.get(PREFIX + made.key) and sent[PREFIX + made.key] != made.value
    }


def _shown(draft: DataImport) -> list[Decision]:
    return [made for made in decisions_of(draft) if len(made.options) > 1 or made.how != "seen"]


def _item(made: Decision) -> dict[str, Any]:
    return {
        "name": PREFIX + made.key,
        "question": question(made),
        "how": how_decided(made),
        "samples": _(", ").join(made.samples),
        "is_open": made.is_open,
        "value": made.value,
        "options": [(value, option_words(made.kind, value)) for value in made.options],
    }
