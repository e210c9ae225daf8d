#!/usr/bin/env python3
"""Check the manifest of a frozen weight version: a stranger's tool, one file, standard library.

    python verify_weight_version.py MANIFEST [--hash H] [--parent P] [--corrects C] [--receipt R]

MANIFEST  the bytes as downloaded
--hash    the hash as somebody published it; without it the hash is only computed and printed
--parent  the manifest of the version frozen before this one: the chain is checked
--corrects the manifest of the version that this one says it corrects
--receipt a receipt as an expert downloaded it: it is recomputed, and looked for in the list

Prints what holds and what does not, and exits 0 when everything holds, 1 when anything does not.
"""

import argparse
import hashlib
import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = "quanheng/weight-version/1"
RECEIPT_DOMAIN = "quanheng/receipt/1"
ROOT_DOMAIN = "quanheng/receipt-root/1"
NO_PARENT_HASH = "0" * 64
TOLERANCE = 1e-12
SCALE = (1, 2, 3, 4, 5)
RULES = ("normalised_sum", "normalised_mean")
HASH = re.compile(r"[0-9a-f]{64}")
# What comes of reading anything else as a manifest.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

Finding = tuple[bool, str]


def main(arguments: list[str] | None = None) -> int:
    """Read the files, print every finding, return the exit code."""
    options = _parse(arguments)
    findings = []
    try:
        for finding in check_files(options):
            findings.append(finding)
            print(("holds:  " if finding[0] else "FAILS:  ") + printable(finding[1]))
    except (OSError, *UNREADABLE) as error:
        findings.append((False, ""))
        print(printable(f"FAILS:  the files cannot be read as what they should be: {error!r}"))
    good = all(holds for holds, _text in findings)
    print("Everything holds." if good else "Something does not hold.")
    return 0 if good else 1


def check_files(options: argparse.Namespace) -> Iterator[Finding]:
    """Yield every finding on the given files."""
    content = Path(options.manifest).read_bytes()
    manifest = parse_strictly(content)
    yield canonical_json(manifest) == content, "the bytes are canonical JSON (RFC 8785)"
    yield manifest["schema"] == SCHEMA, f"the schema is {SCHEMA}"
    yield from _check_hash(content, options.hash)
    yield from check_contents(manifest)
    if options.parent:
        yield from check_parent(manifest, Path(options.parent).read_bytes())
    elif manifest["number"] == 1:
        yield manifest["previous"] == NO_PARENT_HASH, "the first version of its framework has no parent"
    if options.corrects:
        yield from check_corrected(manifest, Path(options.corrects).read_bytes())
    if options.receipt:
        yield from check_receipt(manifest, parse_strictly(Path(options.receipt).read_bytes()))


def check_contents(manifest: dict[str, Any]) -> Iterator[Finding]:
    """The weights agree with each other, and with the counts of the rounds they came from."""
    yield from check_weights(manifest)
    for source, evidence in (("round", manifest["round"]), ("pooled", manifest.get("pooled"))):
        if (manifest["source"] == source) != (evidence is not None):
            yield False, f"the source is {manifest['source']!r}, and so are the counts that are stated"
    if manifest["round"] is not None:
        yield from check_round(manifest)
    yield from check_pooled(manifest)


def check_weights(manifest: dict[str, Any]) -> Iterator[Finding]:
    """The weights of each sibling group sum to 1, and global weights are products down the tree."""
    nodes = {node["code"]: node for node in manifest["weights"]}
    yield len(nodes) == len(manifest["weights"]), f"{len(nodes)} nodes, each code once"
    shares = {code: (node["local"], node["global"]) for code, node in nodes.items()}
    beyond = [code for code, both in shares.items() if not all(0 <= float(share) <= 1 for share in both)]
    yield not beyond, "every weight lies between 0 and 1" + _list(beyond)
    for parent, codes in _groups(manifest).items():
        total = math.fsum(float(nodes[code]["local"]) for code in codes)
        if abs(total - 1) > 1e-9:
            yield False, f"the local weights under {parent or 'the root'} sum to {total!r}, not 1"
    wrong = [code for code in nodes if not _close(_path_product(nodes, code), float(nodes[code]["global"]))]
    yield not wrong, "every global weight is the product of the local weights on its path" + _list(wrong)
    parents = {node["parent"] for node in nodes.values()}
    leaves = math.fsum(float(node["global"]) for code, node in nodes.items() if code not in parents)
    yield abs(leaves - 1) <= 1e-9, f"the global weights of the leaves sum to {leaves!r}"


def check_round(manifest: dict[str, Any]) -> Iterator[Finding]:
    """The weights follow from the counts of each item, and the receipts from their root."""
    round_ = manifest["round"]
    yield from _check_receipts(round_)
    yield from _check_counts(manifest, round_, ballots=round_["sealed"] - round_["excluded"])


def check_pooled(manifest: dict[str, Any]) -> Iterator[Finding]:
    """The weights follow from the added counts of the rounds, each of which lists its receipts."""
    pooled = manifest.get("pooled")
    if pooled is None:
        return
    rounds = pooled["rounds"]
    yield len(rounds) > 1, f"{len(rounds)} rounds are pooled"
    yield from _check_counts(
        manifest, pooled, ballots=sum(round_["sealed"] - round_["excluded"] for round_ in rounds)
    )
    for round_ in rounds:
        yield from _check_receipts(round_)
    receipts = [receipt for round_ in rounds for receipt in round_["receipts"]]
    yield len(set(receipts)) == len(receipts), "no ballot is in two of the rounds"


def _check_counts(manifest: dict[str, Any], evidence: dict[str, Any], *, ballots: int) -> Iterator[Finding]:
    counts = evidence["counts"]
    nodes = {node["code"]: node for node in manifest["weights"]}
    yield evidence["rule"] in RULES, f"the rule {evidence['rule']!r} is one of {', '.join(RULES)}"
    strange = [code for code, row in counts.items() if code not in nodes or not _is_tally(row)]
    yield not strange, "every item is a node, with a count of each answer" + _list(strange)
    short = [code for code, row in counts.items() if sum(row) != ballots]
    yield not short, f"every item counts {ballots} ballots" + _list(short)
    wrong = []
    for codes in _groups(manifest).values():
        for code, weight in zip(codes, weights_from_counts(codes, counts, evidence["rule"]), strict=True):
            if not _close(weight, float(nodes[code]["local"])):
                wrong.append(code)
    yield not wrong, f"the local weights follow from the counts by {evidence['rule']}" + _list(wrong)


def _check_receipts(round_: dict[str, Any]) -> Iterator[Finding]:
    receipts, sealed, excluded = round_["receipts"], round_["sealed"], round_["excluded"]
    # Manifests from before ballots on paper were stated do not say how many there were.
    entered = round_.get("entered", 0)
    stated = (round_["invited"], sealed, excluded, entered)
    yield all(map(_is_count, stated)), "invited, sealed, left out and entered are whole numbers, none below 0"
    # More would count than there are receipts.
    yield excluded <= sealed, f"{excluded} of the {sealed} sealed ballots are left out"
    counted = sealed - excluded
    yield entered <= counted, f"a manager entered {entered} of the {counted} counted ballots"
    yield receipts == sorted(set(receipts)), "the receipts are sorted, each once"
    yield all(map(HASH.fullmatch, receipts)), "each receipt is a hash"
    yield len(receipts) == sealed, f"there are {sealed} receipts, one for each sealed ballot"
    root = _sha256("\n".join([ROOT_DOMAIN, *receipts]))
    yield root == round_["receipt_root"], "the receipts have the stated root"


def weights_from_counts(codes: list[str], counts: dict[str, list[int]], rule: str) -> list[float]:
    """Return the local weights of one sibling group; equal parts where nobody was asked."""
    if not any(code in counts for code in codes):
        return [1 / len(codes)] * len(codes)
    sums = [sum(value * count for value, count in zip(SCALE, counts[code], strict=False)) for code in codes]
    answers = [sum(counts[code][:5]) for code in codes]
    if rule == "normalised_sum" and any(counts[code][5] for code in codes):
        raise ValueError("the rule normalised_sum allows no abstentions")
    means = [total / answered for total, answered in zip(sums, answers, strict=True)]
    return [mean / math.fsum(means) for mean in means]


def check_parent(manifest: dict[str, Any], content: bytes) -> Iterator[Finding]:
    """The version is chained to the bytes of the one frozen before it."""
    parent = parse_strictly(content)
    yield canonical_json(parent) == content, "the parent's bytes are canonical JSON"
    yield hashlib.sha256(content).hexdigest() == manifest["previous"], "the parent has the stated hash"
    yield (
        parent["number"] + 1 == manifest["number"],
        f"version {manifest['number']} follows {parent['number']}",
    )
    yield parent["framework"] == manifest["framework"], "both weigh the same framework"


def check_corrected(manifest: dict[str, Any], content: bytes) -> Iterator[Finding]:
    """The version names the bytes of the one it corrects, an earlier one, and says why."""
    corrected = parse_strictly(content)
    computed = hashlib.sha256(content).hexdigest()
    yield computed == manifest["corrects"], "the corrected version has the stated hash"
    yield (
        corrected["number"] < manifest["number"],
        f"version {manifest['number']} comes after {corrected['number']}, which it corrects",
    )
    yield corrected["framework"] == manifest["framework"], "it corrects a version of the same framework"
    yield bool(manifest["reason"]), f"the reason is stated: {manifest['reason']!r}"


def check_receipt(manifest: dict[str, Any], receipt: dict[str, Any]) -> Iterator[Finding]:
    """The receipt commits to the scores it shows, and stands in the manifest's list."""
    rounds = [manifest["round"]] if manifest["round"] else (manifest.get("pooled") or {}).get("rounds", [])
    if not rounds:
        yield False, "this version does not come from a round, so no receipt belongs to it"
        return
    parts = [RECEIPT_DOMAIN, str(receipt["round"]), receipt["questionnaire_hash"], receipt["nonce"]]
    computed = _sha256("\n".join([*parts, canonical_json(receipt["scores"]).decode()]))
    yield computed == receipt["receipt"], "the receipt commits to the scores and the nonce in its file"
    same = [round_ for round_ in rounds if round_["questionnaire"] == receipt["questionnaire_hash"]]
    yield bool(same), "the receipt is for the questionnaire of this version"
    holding = [round_ for round_ in same or rounds if computed in round_["receipts"]]
    yield bool(holding), "the receipt is in the list of sealed ballots"
    answers = list(receipt["scores"].values())
    is_uniform = len(answers) > 1 and None not in answers and len(set(answers)) == 1
    if holding:
        left_out = holding[0].get("exclusion") == "uniform" and is_uniform
        yield True, "the round’s rule leaves this ballot out" if left_out else "this ballot is counted"


def parse_strictly(content: bytes) -> dict[str, Any]:
    """Parse JSON; a repeated key or anything but an object is an error."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _value in pairs}) != len(pairs):
            raise ValueError("a key is repeated")
        return dict(pairs)

    value = json.loads(content.decode("utf-8"), object_pairs_hook=once)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def canonical_json(value: Any) -> bytes:
    """RFC 8785 for what manifests hold: no fractions; keys sorted by their UTF-16 units."""
    return json.dumps(_in_order(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _in_order(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_order(entry) for entry in value]
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return {key: _in_order(value[key]) for key in keys}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise ValueError(f"a manifest holds no {type(value).__name__}: {value!r}")


def _check_hash(content: bytes, published: str | None) -> Iterator[Finding]:
    computed = hashlib.sha256(content).hexdigest()
    if published:
        yield computed == published.lower(), f"the hash {computed} is the published one"
    else:
        print(f"SHA-256 {computed}: compare it with the published one")


def _groups(manifest: dict[str, Any]) -> dict[str | None, list[str]]:
    groups: dict[str | None, list[str]] = {}
    for node in manifest["weights"]:
        groups.setdefault(node["parent"], []).append(node["code"])
    return groups


def _path_product(nodes: dict[str, Any], code: str) -> float:
    """Return the product of the local weights up to the root; nan where no path leads there."""
    product, node = 1.0, nodes[code]
    for _step in nodes:
        product *= float(node["local"])
        if node["parent"] is None:
            return product
        node = nodes[node["parent"]]
    return math.nan


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_tally(row: Any) -> bool:
    """Whether these are the counts of each score, and of abstentions."""
    return isinstance(row, list) and len(row) == len(SCALE) + 1 and all(map(_is_count, row))


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE


def printable(text: str) -> str:
    """Return a text whose signs a terminal shows, and does not obey."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _list(codes: list[str]) -> str:
    return f" (not: {', '.join(codes[:10])}{' ...' if len(codes) > 10 else ''})" if codes else ""


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check the manifest of a frozen weight version.")
    parser.add_argument("manifest", metavar="MANIFEST")
    parser.add_argument("--hash", metavar="H", help="the published SHA-256 of the manifest")
    parser.add_argument("--parent", metavar="P", help="manifest of the version frozen before")
    parser.add_argument("--corrects", metavar="C", help="manifest of the version that this one corrects")
    parser.add_argument("--receipt", metavar="R", help="an expert's downloaded receipt")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
