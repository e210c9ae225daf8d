"""The groups that the marks of a figure are coloured by."""

from collections.abc import Sequence

from indexer import charts
from indexer.selectors.cities import Cities
from indexer.selectors.levels import level_named, names_of_largest


def coloured_groups(
    cities: Cities, code: str, positions: Sequence[int]
) -> tuple[charts.Groups | None, Sequence[str]]:
    """Return the groups of a level that colours tell apart, and that of each of these units; none for ''."""
    if not code:
        return None, [""] * len(positions)
    level = level_named(cities, code)
    names, of_unit = names_of_largest(level, positions, most=charts.COLOURED)
    return charts.Groups(level.name, names), of_unit
