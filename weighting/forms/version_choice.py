"""Which versions to compare, as an address says it."""

from django.http import QueryDict

from weighting.requests import read_id


def chosen_version_ids(query: QueryDict) -> list[int]:
    """Return the ids of ``versions=1,2`` or of repeated ``versions=``, the one of ``base=`` first.

    Raises ValueError on what is not a number.
    """
    chosen = [part for value in query.getlist("versions") for part in value.split(",") if part]
    ids = [_read_id(part) for part in chosen]
    base = query.get("base", "")
    return sorted(dict.fromkeys(ids), key=lambda pk: str(pk) != base)


def _read_id(part: str) -> int:
    found = read_id(part)
    if found is None:
        raise ValueError(f"{part!r} is no version's id")
    return found
