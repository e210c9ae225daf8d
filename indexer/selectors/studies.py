"""Studies as the visitor may see them, and what their workers look for."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from indexer.enums import Queue, StudyKind, StudyStatus
from indexer.models import Run, Study, StudyPart
from indexer.numeric.scores.rank_bands import Bands, bands_of, bands_of_shape
from indexer.numeric.studies.blocks import PackedPlace, Tally, place_of_packed, unpack_arrays
from indexer.numeric.studies.packed_counts import Histogram, PackedCounts
from indexer.numeric.studies.rank_counts import Doubt, RankCounts, first_in_doubt, kept_draws
from indexer.numeric.studies.tallies import counts_of
from indexer.selectors.block_parts import block_length, block_parts, whole_block
from indexer.selectors.cities import Cities, ranked_cities_of_run, ranked_rows_of
from indexer.selectors.runs import NOT_SHOWN_OF_RUNS
from weighting.models import Account, WeightVersion
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.permissions import STAFF, has_role
from weighting.selectors.panel_scores import versions_told_of
from weighting.selectors.pooling import rounds_behind
from weighting.selectors.sharing import known_to
from weighting.selectors.statistics import reported_rounds_visible_to

# About two seconds of work.
QUICK_PARTS = 8
UNDER_WAY = (StudyStatus.QUEUED, StudyStatus.RUNNING)
# Kinds that are always answered from the ballots, and the weights of other kinds that are.
OF_BALLOTS = (StudyKind.BOOTSTRAP, StudyKind.JACKKNIFE)
# Those that say between which ranks a unit lies, the ones that are asked first.
INTERVAL_KINDS = (StudyKind.BOOTSTRAP, StudyKind.DIRICHLET, StudyKind.NOISE, StudyKind.VARIANTS)
EXPERTS_DRAWN = StudyKind.BOOTSTRAP.value
# Those that vary weights or choices about the ones that were made, without ballots: what strangers are told.
TELLING = (StudyKind.DIRICHLET, StudyKind.NOISE, StudyKind.VARIANTS)

# How a block begins is told in a few thousand bytes for each million units.
HEAD_BYTES = 1 << 16


@dataclass(frozen=True, eq=False)
class RankIntervals:
    """What a study says of each unit's rank, in the order of the data set's units.

    ``nominal`` and the quantiles are (units,); ``study`` names draws and seed.
    """

    study: Study
    nominal: IntArray
    q05: FloatArray
    q25: FloatArray
    median: FloatArray
    q75: FloatArray
    q95: FloatArray


@dataclass(frozen=True, eq=False)
class RunIntervals:
    """Between which ranks nine of ten draws of a study lie: of the run's ranked units, (units,)."""

    study: Study
    q05: FloatArray
    q95: FloatArray


@dataclass(frozen=True, eq=False)
class StudyResult:
    """A finished study with its figures by name and the units they are about.

    Figures and counts are read when they are first asked for: what is told in a line needs neither.
    """

    study: Study
    cities: Cities = field(repr=False)

    @cached_property
    def figures(self) -> Tally:
        """All that is kept but the counts of ranks."""
        return unpack_arrays(whole_block(Study, self.study.pk, "table"))

    @property
    def first_in_doubt(self) -> Doubt | None:
        """The first unit whose rank is in doubt; from what was counted where a study was kept without it."""
        if "doubt" not in self.study.summary:
            return first_in_doubt(self.figures["nominal"], self.stays)
        kept = self.study.summary["doubt"]
        return Doubt(**kept) if kept else None

    @property
    def histogram(self) -> Histogram:
        """Counts (units, ranks), or packed (units, bands) of many units, in the type that is kept."""
        return self._as_kept.histogram

    @property
    def bands(self) -> Bands:
        """The ranks that each column of the histogram stands for."""
        return bands_of_shape(*self._place.shape) if self._place else self._as_kept.bands

    def counted(self, chosen: Sequence[int] | IntArray) -> IntArray:
        """Return the rows of the histogram of some units; of many no more is read than is asked for."""
        if self._place is None:
            return self.histogram[np.asarray(chosen)].astype(np.int64)
        ends = self._place.ends
        blocks: list[bytes | memoryview] = [b""] * (len(ends) - 1)
        wanted = PackedCounts(self._place.shape, blocks).blocks_of(np.asarray(chosen))
        parts = [(ends[block], ends[block + 1]) for block in wanted]
        for block, part in zip(wanted, block_parts(Study, self.study.pk, "histogram", parts), strict=True):
            blocks[block] = part
        return PackedCounts(self._place.shape, blocks)[np.asarray(chosen)]

    @cached_property
    def _place(self) -> PackedPlace | None:
        """Where the counts lie in the row; None where each rank is counted alone."""
        if bands_of(len(self.cities)).is_exact:
            return None
        size = block_length(Study, self.study.pk, "histogram")
        (start,) = block_parts(Study, self.study.pk, "histogram", [(0, min(size, HEAD_BYTES))])
        return place_of_packed(start, size, "histogram")

    @property
    def stays(self) -> FloatArray:
        """The share of the draws in which each unit keeps its nominal rank, (units,)."""
        if "stays" in self.figures:
            return self.figures["stays"]
        return kept_draws(self._as_kept, self.figures["nominal"]) / self._as_kept.draws

    @cached_property
    def counts(self) -> RankCounts:
        """All that was counted; the block is opened when it is first asked for."""
        return counts_of(self.figures | unpack_arrays(self._block))

    @cached_property
    def _as_kept(self) -> RankCounts:
        """The same with ranks in the type that is kept: for thousands of units int64 is eight times that."""
        return counts_of(self.figures | unpack_arrays(self._block, as_kept=("histogram",)))

    @property
    def _block(self) -> bytearray:
        return whole_block(Study, self.study.pk, "histogram")


def studies_visible_to(account: Account | None) -> QuerySet[Study]:
    """Return all studies that staff know of; for anybody else the finished ones of published runs.

    Of those that rest on ballots, whoever may not have the ballots sees none.
    """
    return _studies_for(account).filter(_is_told_to(account))


def find_study(account: Account | None, pk: int) -> Study | None:
    """Return one of `studies_visible_to`; most rest on no ballot, and nobody asks whose ballots are told."""
    studies = _studies_for(account).filter(pk=pk)
    return studies.filter(_rests_on_no_ballot()).first() or studies.filter(_rests_on_told(account)).first()


def _studies_for(account: Account | None) -> QuerySet[Study]:
    """Return the same, those that rest on anybody's ballots among them."""
    studies = known_to(account, _whole_studies().all())
    if has_role(account, STAFF):
        return studies
    return studies.filter(
        status=StudyStatus.DONE,
        run__data_set__is_published=True,
        run__weight_version__is_published=True,
        # A run by another method is a trial, and for staff alone.
        run__method=F("run__data_set__method"),
    )


@cache
def _whole_studies() -> QuerySet[Study]:
    """Return all studies, with what their pages say of them; that depends on no account."""
    return Study.objects.select_related(
        "run__data_set__framework",
        "run__data_set__series__register",
        "run__weight_version",
        "run__method",
        "created_by",
    ).defer("histogram", "table", *NOT_SHOWN_OF_RUNS)


def finished_studies_of(run: Run, account: Account | None) -> QuerySet[Study]:
    """Return the finished studies of a run that an account may see, the first asked first."""
    return studies_visible_to(account).filter(run=run, status=StudyStatus.DONE).order_by("pk")


def may_draw_experts(account: Account | None, version: WeightVersion) -> bool:
    """Return whether an account may have experts drawn: it reads the statistics of every round behind."""
    behind = {round_.pk for round_ in rounds_behind(version)}
    readable = reported_rounds_visible_to(account).filter(pk__in=behind)
    return bool(behind) and behind == set(readable.values_list("pk", flat=True))


def _is_told_to(account: Account | None) -> Q:
    """Match what rests on no ballot, or on ballots that the account may have: see `versions_told_of`.

    The ranks of drawn panels are sums over ballots. With the counts that a manifest states, they
    can be solved for the ballots, whatever the page leaves out.
    """
    return _rests_on_no_ballot() | _rests_on_told(account)


def _rests_on_no_ballot() -> Q:
    # A row without the key is neither equal nor unequal to anything in SQL.
    of_own_weights = Q(parameters__weights__isnull=True) | ~Q(parameters__weights=EXPERTS_DRAWN)
    return ~Q(kind__in=OF_BALLOTS) & of_own_weights


def _rests_on_told(account: Account | None) -> Q:
    return Q(run__weight_version__in=versions_told_of(account).order_by().values("pk"))


def told_to_anybody(run: Run, kinds: Collection[str]) -> Study | None:
    """Return the newest finished study of some kinds that strangers see of a run, or will once it is public.

    It never rests on ballots, whoever asks: a preview must not show more than will be seen.
    """
    studies = Study.objects.filter(_is_told_to(None), run=run, kind__in=kinds, status=StudyStatus.DONE)
    return studies.defer("histogram", "table").order_by("-finished_at", "-pk").first()


def result_of_study(study: Study, cities: Cities | None = None) -> StudyResult:
    """Return what a finished study found, about units that may be at hand."""
    return StudyResult(study, ranked_cities_of_run(study.run) if cities is None else cities)


def rank_intervals_of(run: Run, account: Account | None) -> RankIntervals | None:
    """Return the rank of each unit under other experts: the run's newest finished bootstrap.

    The run is one that the visitor may see; its bootstrap only whoever may have the ballots.
    """
    studies = Study.objects.filter(
        _is_told_to(account), run=run, kind=StudyKind.BOOTSTRAP, status=StudyStatus.DONE
    )
    study = studies.order_by("-finished_at", "-pk").defer("histogram").first()
    if study is None or study.table is None:
        return None
    study.run = run
    figures = unpack_arrays(bytes(study.table))
    names = ("nominal", "q05", "q25", "median", "q75", "q95")
    rows, count = ranked_rows_of(run), len(run.data_set.city_ids)
    return RankIntervals(study=study, **{name: _of_all(figures[name], rows, count) for name in names})


def intervals_of_runs(runs: Sequence[Run], account: Account | None) -> dict[int, RunIntervals]:
    """Return how sure the ranks of runs are, by run, from studies of one kind that the reader may see.

    The kind is the one that most of the runs have been studied by, so that they can be set side by
    side; of each run its newest finished study counts.
    """
    studies = studies_visible_to(account).filter(
        run__in=runs, kind__in=INTERVAL_KINDS, status=StudyStatus.DONE, table__isnull=False
    )
    newest = {(study.kind, study.run_id): study for study in studies.order_by("finished_at", "pk")}
    counts = Counter(kind for kind, _run in newest)
    if not counts:
        return {}
    chosen = max(INTERVAL_KINDS, key=lambda kind: (counts[kind], -INTERVAL_KINDS.index(kind)))
    found = {study.pk: study for (kind, _run), study in newest.items() if kind == chosen}
    tables: Any = Study.objects.filter(pk__in=found).values_list("pk", "table")
    figures = {pk: unpack_arrays(bytes(table)) for pk, table in tables}
    return {
        study.run_id: RunIntervals(study, figures[pk]["q05"], figures[pk]["q95"])
        for pk, study in found.items()
        if {"q05", "q95"} <= figures[pk].keys()
    }


def _of_all(figures: Any, rows: IntArray | None, count: int) -> Any:
    """Return the figures of all units of the data set, nan for those without a score."""
    if rows is None:
        return figures
    of_all = np.full(count, np.nan)
    of_all[rows] = figures
    return of_all


def waiting_parts() -> QuerySet[StudyPart]:
    """Return the parts that nobody holds, or whose holder fell silent, and that are not counted."""
    free = Q(lease__isnull=True) | Q(lease_until__lte=Now())
    return StudyPart.objects.filter(free, block__isnull=True, study__status__in=UNDER_WAY)


def queue_of_study(study_id: int) -> Queue:
    """Return where a study waits: up to a few parts it is quick, and somebody waits for it."""
    parts = StudyPart.objects.filter(study=study_id).count()
    return Queue.BULK if parts > QUICK_PARTS else Queue.INTERACTIVE


def studies_to_merge() -> QuerySet[Study]:
    """Return the studies that are counted, and that nobody merges."""
    free = Q(lease__isnull=True) | Q(lease_until__lte=Now())
    return Study.objects.filter(free, status=StudyStatus.RUNNING, chunks_done=F("chunks"))


def studies_under_way() -> list[int]:
    """Return the ids of studies that wait for a worker: for a part, or to be merged."""
    waiting = waiting_parts().values_list("study_id", flat=True)
    return sorted({*waiting, *studies_to_merge().values_list("pk", flat=True)})
