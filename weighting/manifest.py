"""Canonical bytes and their hashes: questionnaires, receipts, manifests of versions.

Canonical means RFC 8785 JSON. A stranger can rebuild every hash with SHA-256 and this page.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

RECEIPT_DOMAIN = b"quanheng/receipt/1"
ROOT_DOMAIN = b"quanheng/receipt-root/1"
FIRST_PREVIOUS_HASH = "0" * 64


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a JSON object."""
    return rfc8785.dumps(dict(value))


def hash_bytes(content: bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


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


def hash_receipt_list(receipts: Iterable[str]) -> str:
    """Return the root of a round: the hash of its receipts, sorted, one per line."""
    return hash_bytes(b"\n".join([ROOT_DOMAIN, *(receipt.encode() for receipt in sorted(receipts))]))


def weight_text(weight: float) -> str:
    """Return the shortest decimal text that reads back as the same float."""
    return repr(float(weight))


def weight_entry(
    *, code: str, parent: str | None, local: float, global_: float, asked: bool
) -> dict[str, str | bool | None]:
    """Return how a manifest states the weight of one node."""
    return {
        "code": code,
        "parent": parent,
        "local": weight_text(local),
        "global": weight_text(global_),
        "asked": asked,
    }


def read_weight_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `weight_entry` was given, to the last bit."""
    return {
        "code": entry["code"],
        "parent": entry["parent"],
        "local": float(entry["local"]),
        "global_": float(entry["global"]),
        "asked": entry["asked"],
    }
