"""Heads of the chains of frozen versions, in whatever state the tables are."""

from dataclasses import asdict
from typing import Any

from django.apps.registry import Apps

from weighting.selectors.version_chain import Head


def heads_in(apps: Apps) -> list[dict[str, Any]]:
    """Return the heads of all chains as a copy lists them, read by the models of any release."""
    versions = apps.get_model("weighting", "WeightVersion")._base_manager
    rows = versions.filter(number__isnull=False).order_by("framework__sha256", "number")
    frozen = rows.values_list("framework__sha256", "number", "manifest_hash")
    return [asdict(head) for head in {row[0]: Head(*row) for row in frozen}.values()]
