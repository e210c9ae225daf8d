"""Canonical bytes and their hashes: frameworks, questionnaires, receipts, manifests of versions.

Canonical means RFC 8785 JSON. A stranger can rebuild every hash with SHA-256 and this page.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from django.conf import settings

from weighting.enums import Rule
from weighting.models import Ballot, Indicator, Round, WeightVersion
from weighting.numeric.arrays import IntArray
from weighting.readers import FrameworkRow, FrameworkTable
from weighting.readers.framework import TERMS

RECEIPT_DOMAIN = b"quanheng/receipt/1"
ROOT_DOMAIN = b"quanheng/receipt-root/1"
SUPERSEDED_DOMAIN = b"quanheng/superseded-receipts/1"
FIRST_PREVIOUS_HASH = "0" * 64
# The weight of one node as a manifest states it.
WeightEntry = dict[str, str | bool | None]


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a JSON object."""
    return rfc8785.dumps(dict(value))


def hash_bytes(content: bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def hash_framework(table: FrameworkTable) -> str:
    """Return the hash that questionnaires and manifests name the framework by."""
    fields = ("code", "parent", "name_zh", "name_en", "direction", "unit", "note")
    indicators = [{**{field: getattr(row, field) for field in fields}, **_terms(row)} for row in table.rows]
    return hash_bytes(canonical_json({"schema": "quanheng/framework/1", "indicators": indicators}))


def build_questionnaire(round_: Round, items: Iterable[Indicator]) -> bytes:
    """Return the canonical bytes of everything the panel is asked."""
    return canonical_json(
        {
            "schema": "quanheng/questionnaire/1",
            "framework": round_.framework.sha256,
            "title_zh": round_.title_zh,
            "title_en": round_.title_en,
            "scale": {"least": 1, "most": 5, "abstain": round_.rule == Rule.NORMALISED_MEAN},
            "rule": round_.rule,
            "quorum": round_.quorum,
            "minimum_panel": round_.minimum_panel,
            "time_zone": round_.time_zone,
            "languages": sorted(round_.languages),
            "consensus": {
                "measure": round_.consensus_measure,
                "threshold": weight_text(round_.consensus_threshold),
            },
            "exclusion": round_.exclusion,
            "follows": round_.follows.questionnaire_hash if round_.follows else None,
            "feedback": round_.feedback,
            "seed": str(round_.seed),
            "items": [_question(item) for item in items],
        }
    )


def _question(item: Indicator) -> dict[str, str | int | None]:
    return {
        "code": item.code,
        "parent": item.parent.code if item.parent else None,
        "name_zh": item.name_zh,
        "name_en": item.name_en,
        "direction": item.direction,
        "unit": item.unit,
        "note": item.note,
        **_terms(item),
    }


def _terms(said: Indicator | FrameworkRow) -> dict[str, str]:
    """Return what else is said of an indicator, without what is empty: older hashes know no such columns."""
    return {column: text for column in TERMS if (text := getattr(said, column))}


def hash_answers(answers: Mapping[str, int | None], comments: Mapping[str, str]) -> str:
    """Return what tells whether a ballot's answers or comments are still those that were shown."""
    return hash_bytes(canonical_json({"answers": answers, "comments": comments}))


def hash_receipt(
    *, round_id: int, questionnaire_hash: str, nonce: str, scores: Mapping[str, int | None]
) -> str:
    """Commit to one ballot: SHA-256(domain | round | questionnaire hash | nonce | canonical scores).

    The parts are joined by line feeds. The 256-bit nonce is essential: 13 items have only
    5^13 answers, which anybody could try.
    """
    parts = [
        RECEIPT_DOMAIN,
        str(round_id).encode(),
        questionnaire_hash.encode(),
        nonce.encode(),
        canonical_json(scores),
    ]
    return hash_bytes(b"\n".join(parts))


def receipt_document(round_: Round, ballot: Ballot) -> dict[str, Any]:
    """Return all that recomputing a receipt takes: see `hash_receipt` for how."""
    return {
        "schema": "quanheng/receipt/1",
        "round": round_.pk,
        "title_zh": round_.title_zh,
        "title_en": round_.title_en,
        "questionnaire_hash": round_.questionnaire_hash,
        "nonce": ballot.nonce,
        "scores": ballot.sealed_scores,
        "receipt": ballot.receipt,
        "supersedes": ballot.superseded_receipts,
    }


def receipt_list(receipts: Iterable[str]) -> bytes:
    """Return what the root of a round is the hash of: its receipts, sorted, one per line."""
    return _lines(ROOT_DOMAIN, receipts)


def superseded_list(receipts: Iterable[str]) -> bytes:
    """Return the receipts that later seals replaced, in a form that never passes for the other list."""
    return _lines(SUPERSEDED_DOMAIN, receipts)


def hash_receipt_list(receipts: Iterable[str]) -> str:
    """Return the root of a round."""
    return hash_bytes(receipt_list(receipts))


def _lines(domain: bytes, receipts: Iterable[str]) -> bytes:
    return b"\n".join([domain, *(receipt.encode() for receipt in sorted(receipts))])


def weight_text(weight: float) -> str:
    """Return the shortest decimal text that reads back as the same float."""
    return repr(float(weight))


@dataclass(frozen=True)
class WeightedNode:
    """A node of the tree with its weights in one version."""

    indicator: Indicator
    local_weight: float
    global_weight: float
    asked: bool


@dataclass(frozen=True)
class Counting:
    """The ballots behind a version: its rounds, and the answers (items, values).

    Of each round also how many ballots it left out, and how many of the others a manager entered.
    """

    rounds: Sequence[Round]
    excluded: Sequence[int]
    entered: Sequence[int]
    items: Sequence[Indicator]
    counts: IntArray


def build_manifest(
    version: WeightVersion,
    *,
    nodes: Iterable[WeightedNode],
    previous: WeightVersion | None,
    counting: Counting | None,
) -> bytes:
    """Return the canonical bytes that a version is frozen as."""
    evidence = _evidence(counting, of_one=version.round is not None) if counting else None
    return canonical_json(
        {
            "schema": "quanheng/weight-version/1",
            **version_columns(version),
            "round": evidence if version.round else None,
            "pooled": None if version.round else evidence,
            "previous": previous.manifest_hash if previous else FIRST_PREVIOUS_HASH,
            "code_version": settings.CODE_VERSION,
            "weights": weight_entries(nodes),
        }
    )


def version_columns(version: WeightVersion) -> dict[str, Any]:
    """Return what a manifest repeats of the version's own row."""
    return {
        "framework": version.framework.sha256,
        "number": version.number,
        "label_zh": version.label_zh,
        "label_en": version.label_en,
        "source": version.source,
        "corrects": version.parent.manifest_hash if version.parent else None,
        "reason": version.reason,
        "note": version.note,
        "evidence": version.evidence or None,
        "frozen_at": version.frozen_at.isoformat() if version.frozen_at else None,
    }


def _evidence(counting: Counting, *, of_one: bool) -> dict[str, Any]:
    """What a stranger needs to recompute the weights: the counts of each item, and hashes.

    Of pooled rounds the counts are added up: one round's own might be of too few.
    """
    ballots = [
        _ballots(*each) for each in zip(counting.rounds, counting.excluded, counting.entered, strict=True)
    ]
    counts = zip(counting.items, counting.counts, strict=True)
    return {
        **(ballots[0] if of_one else {"rounds": ballots}),
        "rule": counting.rounds[0].rule,
        "counts": {item.code: row.tolist() for item, row in counts},
    }


def _ballots(round_: Round, excluded: int, entered: int) -> dict[str, Any]:
    return {
        "questionnaire": round_.questionnaire_hash,
        "receipt_root": round_.receipt_root,
        "receipts": sorted(round_.ballots.values_list("receipt", flat=True)),
        "invited": round_.invited_count,
        "sealed": round_.sealed_count,
        "excluded": excluded,
        "entered": entered,
        "exclusion": round_.exclusion,
    }


def weight_entries(nodes: Iterable[WeightedNode]) -> list[WeightEntry]:
    """Return how a manifest states the weights of all nodes."""
    return [
        weight_entry(
            code=node.indicator.code,
            parent=node.indicator.parent.code if node.indicator.parent else None,
            local=node.local_weight,
            global_=node.global_weight,
            asked=node.asked,
        )
        for node in nodes
    ]


def weight_entry(*, code: str, parent: str | None, local: float, global_: float, asked: bool) -> WeightEntry:
    """Return how a manifest states the weight of one node."""
    return {
        "code": code,
        "parent": parent,
        "local": weight_text(local),
        "global": weight_text(global_),
        "asked": asked,
    }
