"""Whether every frozen version in the store is still what it was frozen as.

Bytes, weights and counts are judged by the outsiders' own program, so that the product and a
stranger can never come to different verdicts.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from django.db import connections

from tools import verify_weight_version as outsider
from weighting.immutability import missing_triggers
from weighting.manifest import FIRST_PREVIOUS_HASH, WeightEntry, hash_bytes, version_columns
from weighting.models import Framework, WeightVersion
from weighting.selectors.version_chain import Head
from weighting.selectors.versions import weight_entries_of

Finding = tuple[bool, str]
# A frozen version, and its weights in the tables as a manifest states them.
Frozen = tuple[WeightVersion, list[WeightEntry]]
# A framework, and the hashes of its frozen versions by number.
Chain = tuple[Framework, dict[int, str]]
# Versions whose manifests and weights are read together.
AT_ONCE = 100


def check_store(*, using: str = "default", heads: Sequence[Head] = ()) -> Iterator[Finding]:
    """Yield what holds and what does not: triggers, every version, every chain, published heads."""
    missing = missing_triggers(connections[using])
    yield not missing, "every trigger that keeps frozen rows stands" + _list(missing)
    chains: dict[str, list[Chain]] = {}
    frozen = groupby(_read_frozen(), key=lambda read: read[0].framework_id)
    owner, versions = next(frozen, (None, iter(())))
    for framework in Framework.objects.order_by("pk"):
        is_owner = framework.pk == owner
        hashes = yield from _check_chain(framework, versions if is_owner else ())
        chains.setdefault(framework.sha256, []).append((framework, hashes))
        if is_owner:
            owner, versions = next(frozen, (None, iter(())))
    for head in heads:
        yield _check_head(head, chains.get(head.framework, []))


def _read_frozen() -> Iterator[Frozen]:
    """Read the frozen versions of all frameworks, chain after chain, as one question for many of them."""
    versions = WeightVersion.objects.filter(number__isnull=False).order_by("framework", "number")
    whole = versions.select_related("framework", "round", "parent").iterator(chunk_size=AT_ONCE)
    while together := list(islice(whole, AT_ONCE)):
        entries = weight_entries_of([version.pk for version in together])
        yield from ((version, entries.get(version.pk, [])) for version in together)


def _check_chain(
    framework: Framework, versions: Iterable[Frozen]
) -> Generator[Finding, None, dict[int, str]]:
    """Check a chain, and return the hashes of its versions."""
    hashes: dict[int, str] = {0: FIRST_PREVIOUS_HASH}
    for version, entries in versions:
        number = version.number or 0
        name = f"framework {framework.pk}, version {number}"
        wrong = list(_faults_of(version, entries, previous=hashes.get(number - 1)))
        yield not wrong, f"{name} is what it was frozen as" + _list(wrong)
        hashes[number] = hash_bytes(bytes(version.manifest or b""))
    last = max(hashes)
    gaps = [str(number) for number in range(1, last) if number not in hashes]
    yield not gaps, f"framework {framework.pk} has every version from 1 to {last}" + _list(gaps)
    return hashes


def _check_head(head: Head, chains: Sequence[Chain]) -> Finding:
    """Hold a head against the chains of its tree: private frameworks may have one in common."""
    if not chains:
        return False, f"head {head.number} of framework {head.framework} was published, which is not here"
    framework, hashes = next((chain for chain in chains if chain[1].get(head.number) == head.hash), chains[0])
    name = f"framework {framework.pk}: version {head.number} was published with hash {head.hash}"
    if head.number not in hashes:
        return False, f"{name}, and is not here: the chain ends at {max(hashes)}, its tail is cut off"
    held = hashes[head.number] == head.hash
    return held, name + (", and stands" if held else f", and is {hashes[head.number]} here")


def _faults_of(version: WeightVersion, entries: list[WeightEntry], *, previous: str | None) -> Iterator[str]:
    """Yield everything that is wrong with one frozen version, in plain words."""
    content = bytes(version.manifest or b"")
    if hash_bytes(content) != version.manifest_hash:
        yield "its manifest does not have the stored hash"
    try:
        manifest = outsider.parse_strictly(content)
        if outsider.canonical_json(manifest) != content:
            yield "its manifest is not canonical JSON"
        yield from _outsiders_faults(manifest)
        if manifest["previous"] != previous:
            yield "it is not chained to the version before it"
        yield from _differences(version, entries, manifest)
    except outsider.UNREADABLE as error:
        yield f"its manifest cannot be read: {error!r}"


def _outsiders_faults(manifest: dict[str, Any]) -> Iterator[str]:
    if manifest["schema"] != outsider.SCHEMA:
        yield f"its schema is not {outsider.SCHEMA}"
    for holds, text in outsider.check_contents(manifest):
        if not holds:
            yield f"it does not hold that {text}"


def _differences(
    version: WeightVersion, entries: list[WeightEntry], manifest: Mapping[str, Any]
) -> Iterator[str]:
    """Yield where the columns and the weight rows say something else than the manifest."""
    for key, value in version_columns(version).items():
        if manifest.get(key, value) != value:
            yield f"its column for {key} says {value!r}, its manifest {manifest[key]!r}"
    if entries != manifest["weights"]:
        codes = {entry["code"]: entry for entry in entries}
        wrong = [entry["code"] for entry in manifest["weights"] if codes.get(entry["code"]) != entry]
        yield "its weights in the tables are not those of its manifest" + _list(wrong)


def _list(faults: Sequence[str]) -> str:
    return f" (not: {'; '.join(faults[:10])}{' ...' if len(faults) > 10 else ''})" if faults else ""
