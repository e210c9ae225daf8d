"""What takes up the disk: by data set, its rankings, the studies of them, and what is known of both."""

import shutil
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, F, IntegerField, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Length

from indexer.models import DataFacts, DataSet, Run, RunFacts, Study, StudyPart
from upkeep.database import database_bytes


@dataclass(frozen=True)
class Used:
    """What belongs to one data set, in bytes; how many rankings and studies that is."""

    data_set: DataSet
    values: int
    runs: int
    results: int
    studies: int
    answers: int
    facts: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.values + self.results + self.answers + self.facts


@dataclass(frozen=True)
class Disk:
    """The database, what the parts of it that grow take, and what is free beside it."""

    database: int
    free: int
    data_sets: list[Used]


def disk_use() -> Disk:
    """Measure the database, and what each data set has in it, the largest first.

    Blocks are measured as they are stored in a row.
    """
    runs = _by_data_set(Run.objects.all(), "data_set", "node_scores", "composite__scores", "composite__ranks")
    studies = _by_data_set(Study.objects.all(), "run__data_set", "histogram", "table")
    parts = _by_data_set(StudyPart.objects.all(), "study__run__data_set", "block")
    data_facts = _by_data_set(DataFacts.objects.all(), "data_set", "block")
    run_facts = _by_data_set(RunFacts.objects.all(), "run__data_set", "block", "changes")
    used = [
        _used(data_set, runs, studies, parts, data_facts, run_facts)
        for data_set in DataSet.objects.defer("values", "totals", "auxiliary", "mapping")
        .select_related("framework", "series")
        .annotate(bytes=_length("values") + _length("totals") + _length("auxiliary"))
    ]
    used.sort(key=lambda row: (-row.total, row.data_set.pk))
    return Disk(database_bytes(), shutil.disk_usage(settings.VAR_DIR).free, used)


def _used(data_set: Any, *counted: dict[int, tuple[int, int]]) -> Used:
    (runs, results), (studies, answers), (_parts, blocks), (_one, of_data), (_some, of_runs) = (
        counts.get(data_set.pk, (0, 0)) for counts in counted
    )
    return Used(data_set, data_set.bytes, runs, results, studies, answers + blocks, of_data + of_runs)


def _by_data_set(rows: QuerySet[Any], data_set: str, *blocks: str) -> dict[int, tuple[int, int]]:
    """Return the number of rows and the bytes of their blocks, by the id of their data set."""
    length: Any = sum((_length(block) for block in blocks), Value(0))
    counted = rows.order_by().values(owner=F(data_set)).annotate(rows=Count("pk"), bytes=Sum(length))
    return {row["owner"]: (row["rows"], row["bytes"]) for row in counted}


def _length(block: str) -> Any:
    """Measure a block by what its row says of it, without reading it."""
    return Coalesce(Length(block, output_field=IntegerField()), 0)
