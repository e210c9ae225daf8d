"""The edition of a published index that a command is about."""

from django.core.management.base import CommandError

from indexer.models import IndexEdition
from indexer.selectors.published import find_edition
from indexer.selectors.runs import runs_with_nodes_visible_to


def released_edition(name: str, number: int | None) -> IndexEdition:
    """Return the edition that strangers see, the newest where none is named, with its run's nodes."""
    edition = find_edition(name, number)
    if edition is None:
        which = f"edition {number} of {name}" if number else name
        raise CommandError(f"Strangers see no {which}: publish it first, or correct the name.")
    edition.run = runs_with_nodes_visible_to(None).get(pk=edition.run_id)
    return edition
