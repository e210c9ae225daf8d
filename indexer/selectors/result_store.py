"""Whether finished runs and studies are still what was computed, from what is in the store."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from django.db.models import F, Model, Q, QuerySet

from indexer.enums import RunStatus, StudyStatus
from indexer.models import DataSet, Run, Study
from indexer.numeric.scores.ranking import ranks_of_present
from indexer.numeric.studies.blocks import result_checksum
from indexer.selectors.composites import composites_of

Finding = tuple[bool, str]
SHOWN = 10


def check_belonging() -> Iterator[Finding]:
    """Yield whether every run is of a frozen version and data of one framework, and was computed from them.

    A store that was put together from two has versions, data and runs that are whole, each by itself. What
    early releases computed names its sources not at all, and is passed over.
    """
    runs = Run.objects.order_by("pk")
    strange = runs.filter(
        Q(weight_version__number__isnull=True) | ~Q(weight_version__framework=F("data_set__framework"))
    )
    yield _finding("every run is of a frozen version and data of its framework", strange)
    finished = runs.filter(status=RunStatus.DONE)
    other_version = ~Q(manifest_hash="") & ~Q(manifest_hash=F("weight_version__manifest_hash"))
    other_data = ~Q(data_sha256="") & ~Q(data_sha256=F("data_set__sha256"))
    yield _finding(
        "every finished run was computed from its version and data",
        finished.filter(other_version | other_data),
    )
    studies = Study.objects.order_by("pk").filter(status=StudyStatus.DONE)
    other_run = ~Q(manifest_hash=F("run__manifest_hash")) | ~Q(data_sha256=F("run__data_sha256"))
    yield _finding(
        "every finished study was computed from its run", studies.filter(~Q(manifest_hash=""), other_run)
    )


def check_bytes() -> Iterator[Finding]:
    """Yield whether every result still has the checksum that it was stored with."""
    for data_set in DataSet.objects.order_by("pk").only("city_ids"):
        wrong = [run for run in _finished_runs(data_set) if not _is_as_computed(run, data_set)]
        yield _named(
            f"every run of data set {data_set.pk} has the scores and ranks that were computed", wrong
        )
    studies = Study.objects.filter(status=StudyStatus.DONE).exclude(result_sha256="").order_by("pk")
    blocks = studies.only("histogram", "table", "result_sha256").iterator(chunk_size=2)
    wrong_studies = [study for study in blocks if _study_checksum(study) != study.result_sha256]
    yield _named("every study has the counts that were computed", wrong_studies)


def _finished_runs(data_set: DataSet) -> Iterator[Run]:
    runs = Run.objects.filter(data_set=data_set, status=RunStatus.DONE).exclude(result_sha256="")
    return runs.only("node_scores", "result_sha256").order_by("pk").iterator(chunk_size=2)


def _is_as_computed(run: Run, data_set: DataSet) -> bool:
    try:
        scores, ranks = composites_of([run.pk])[run.pk]
    except (KeyError, ValueError):  # there are none, or a block is no whole number of figures
        return False
    if len(scores) != len(data_set.city_ids):
        return False
    is_whole = result_checksum([bytes(run.node_scores or b"")], scores) == run.result_sha256
    return is_whole and np.array_equal(ranks, ranks_of_present(scores))


def _study_checksum(study: Study) -> str:
    return hashlib.sha256(bytes(study.histogram or b"") + bytes(study.table or b"")).hexdigest()


def _finding(text: str, strange: QuerySet) -> Finding:
    return _named(text, list(strange.only("pk")[: SHOWN + 1]))


def _named(text: str, rows: Sequence[Model]) -> Finding:
    names = ", ".join(str(row.pk) for row in rows[:SHOWN]) + (" ..." if len(rows) > SHOWN else "")
    return not rows, text + (f" (not: {names})" if rows else "")
