"""How a file was read, as the page of the mapping shows it, and what was chosen there."""

from collections.abc import Mapping
from typing import Any

from indexer.models import DataImport
from indexer.selectors.data_imports import decisions_of
from weighting.views.reading import chosen_in, shown_readings


def reading_context(draft: DataImport) -> dict[str, Any]:
    """Return the decisions that may be wrong, the open ones first, what the file shows last."""
    return shown_readings(decisions_of(draft))


def readings_in(sent: Mapping[str, Any], draft: DataImport) -> dict[str, str]:
    """Return the choices of a posted page that differ from what is decided, by key."""
    decided = {made.key: made.value for made in decisions_of(draft)}
    return {key: value for key, value in chosen_in(sent).items() if decided.get(key) != value}
