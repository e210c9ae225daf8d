"""Whether the store is still what it was: frozen versions, their chains, and what was computed from them."""

from collections.abc import Iterator, Sequence

from indexer.selectors.result_store import check_belonging, check_bytes
from weighting.selectors.version_chain import Head
from weighting.selectors.version_store import Finding, check_store


def check_evidence(*, heads: Sequence[Head] = ()) -> Iterator[Finding]:
    """Yield what holds and what does not, without computing: quick enough for every start."""
    yield from check_store(heads=heads)
    yield from check_belonging()


def faults_of_store(*, heads: Sequence[Head] = ()) -> Iterator[str]:
    """Yield what does not hold, the bytes of every result included."""
    for check in (check_evidence(heads=heads), check_bytes()):
        yield from (text for holds, text in check if not holds)
