"""Methods as pages and API need them: which versions, which columns, which default."""

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from indexer.models import DataSeries, DataSet, FrameworkMethod, IndexMethod, Run
from weighting.enums import VersionStatus
from weighting.models import Indicator, WeightVersion

SPAN = re.compile(r"(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?", re.ASCII)
BREAKS = re.compile(r"[,;，；、\s]+")


def frozen_versions_of(framework_id: int) -> QuerySet[WeightVersion]:
    """Return the versions that data sets are computed with, by number."""
    versions = WeightVersion.objects.filter(framework=framework_id, status=VersionStatus.FROZEN)
    return versions.defer("manifest").order_by("number")


def names_in_method(method: IndexMethod, framework_id: int) -> dict[str, str]:
    """Return the names by code that a method in words needs; no query where no node goes its own way."""
    if not (method.leaves or method.nodes):
        return {}
    return {node.code: node.name for node in Indicator.objects.filter(framework=framework_id)}


def names_in_methods(runs: Iterable[Run]) -> dict[int, dict[str, str]]:
    """Return the same of all methods of runs, by framework, in one query."""
    names: dict[int, dict[str, str]] = {
        run.data_set.framework_id: {} for run in runs if run.method.leaves or run.method.nodes
    }
    nodes = Indicator.objects.filter(framework__in=names) if names else []
    for node in nodes:
        names[node.framework_id][node.code] = node.name
    return names


def stated_cells(framework_id: int) -> dict[str, dict[str, Any]]:
    """Return what is said of single leaves and nodes of a framework, by their codes."""
    default = FrameworkMethod.objects.filter(framework=framework_id).first()
    return {**default.cells.get("leaves", {}), **default.cells.get("nodes", {})} if default else {}


def edition_before(series: DataSeries) -> DataSet | None:
    """Return the newest edition of a series with its method; None before the first."""
    editions = DataSet.objects.filter(series=series).order_by("-year", "-edition")
    return editions.only("method").select_related("method").first()


def numbers_in(text: str) -> list[range]:
    """Read version numbers such as ``1-3, 7``; raises ValueError naming what is not a number."""
    spans = []
    for part in filter(None, BREAKS.split(re.sub(r"\s*[-–]\s*", "-", text))):
        match = SPAN.fullmatch(part)
        if match is None:
            raise ValueError(part)
        first, last = int(match[1]), int(match[2] or match[1])
        spans.append(range(min(first, last), max(first, last) + 1))
    return spans


def is_in(number: int | None, spans: Iterable[range]) -> bool:
    """Whether a version's number was named."""
    return any(number in span for span in spans)


def are_all_there(versions: Iterable[WeightVersion], spans: Iterable[range]) -> bool:
    """Whether each number or span that was named has a version."""
    numbers = {version.number for version in versions}
    return all(any(number in numbers for number in span) for span in spans)
