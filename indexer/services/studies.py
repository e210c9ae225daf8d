"""Studies: planned once, counted in parts by any number of workers, merged by addition."""

import hashlib
import logging
import math
import time
import uuid
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from config.stopping import is_stopping
from indexer.enums import RunStatus, StudyStatus
from indexer.models import DataSet, Run, Study, StudyPart
from indexer.numeric.scores.rank_bands import EXACT_UNITS, bands_of
from indexer.numeric.studies.blocks import Tally, pack_arrays, unpack_arrays
from indexer.numeric.studies.memory import units_that_fit
from indexer.numeric.studies.tallies import merge_tallies
from indexer.selectors.block_parts import whole_block
from indexer.selectors.data_sets import PACKED, structure_of
from indexer.selectors.faults import Failure, fault_texts
from indexer.selectors.studies import UNDER_WAY, may_draw_experts, studies_to_merge, waiting_parts
from indexer.services.binding import bound_blocks
from indexer.services.failures import failure_of
from indexer.services.leases import MOST_DEATHS, keep_lease, lease_end, release, settle_releases
from indexer.studies.asking import memory_asked, plan_question, planned_of, read_question
from indexer.studies.base import Base, base_of
from indexer.studies.kind import MemoryNeed, Planned
from indexer.studies.questions import Question
from indexer.studies.registry import KINDS, kind_of
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.numeric.aggregation import AggregationError
from weighting.selectors.pooling import rounds_behind
from weighting.services.audit import record_act
from weighting.services.locks import still_there
from weighting.services.quotas import check_quota

logger = logging.getLogger(__name__)

# A part takes about a quarter of a second: long enough to outweigh its bookkeeping, short
# enough for progress to move and a cancelled study to stop.
CELLS_PER_PART = 1_500_000_000
# Of many units the histogram itself takes time to pack and merge, once for each part.
CELLS_PER_HISTOGRAM_CELL = 500
FEWEST_PARTS, MOST_PARTS = 4, 64
MOST_CHUNKS = 8
# Units times chunks of a part: a million units are ranked 512 times in some minutes.
MOST_RANKED = MOST_CHUNKS * 100_000
STOPPED = (StudyStatus.FAILED, StudyStatus.CANCELLED)
ENDED = (StudyStatus.DONE, *STOPPED)


def plan_study(run: Run, *, kind: str, sent: Mapping[str, Any], actor: Account) -> Study:
    """Write a study and its parts, or return the one that asks the same.

    One that failed or was cancelled is taken up again. Raises `BadParameters` naming every
    parameter, and `Refused` where the run or its panel cannot answer.
    """
    if run.status != RunStatus.DONE:
        raise Refused(
            _("The ranking is not finished, so there is nothing to study yet: wait until it is, or retry it.")
        )
    base = base_of(run)
    question = read_question(base, kind, sent)
    _check_ballots(run, question.kind, question.parameters, actor)
    key = question.key(run.pk)
    known = Study.objects.filter(key=key).first()
    if known is None:
        return _write_study(base, question, key, actor)
    return retry_study(known, actor=actor) if known.status in STOPPED else known


@transaction.atomic
def cancel_study(study: Study, *, actor: Account) -> Study:
    """Stop a study that waits or runs; what it has counted is kept for a second try."""
    study = still_there(Study.objects.select_for_update(), study.pk)
    if study.status in ENDED:
        raise Refused(_("The study has ended already: there is nothing to cancel."))
    _end(study, StudyStatus.CANCELLED)
    record_act(actor, "cancel", study)
    study.refresh_from_db()
    return study


@transaction.atomic
def retry_study(study: Study, *, actor: Account) -> Study:
    """Go on with a study that failed or was cancelled, from the parts it has."""
    _check_ballots(study.run, study.kind, study.parameters, actor)
    study = still_there(Study.objects.select_for_update(), study.pk)
    if study.status not in STOPPED:
        raise Refused(_("Only a study that failed or was cancelled can be tried again."))
    _check_quota(actor)
    study.parts.update(attempts=0)
    Study.objects.filter(pk=study.pk).update(
        status=StudyStatus.QUEUED, failure=[], finished_at=None, attempts=0, lease=None, lease_until=None
    )
    record_act(actor, "retry", study)
    study.refresh_from_db()
    return study


def count_waiting_parts(study_id: int, *, seconds: float = math.inf) -> int:
    """Claim and count parts until none waits or the time is up; return how many were stored.

    Whoever finds every part counted merges them: the worker that stored the last, or, if that
    one died, the next to look.
    """
    started, stored, planned = time.monotonic(), 0, None
    while time.monotonic() - started < seconds and not is_stopping() and (part := claim_part(study_id)):
        try:
            with keep_lease(part):
                planned = planned or planned_of(part.study)
                tally = planned.plan.tally(range(part.first, part.end))
                stored += store_part(part, tally)
        except DatabaseError:
            release(part)
            raise
        except (ValueError, Refused, MemoryError) as error:
            _fail(part, _failure_of(part.study, error))
            return stored
    _finish_if_counted(study_id, planned)
    return stored


@transaction.atomic
def claim_part(study_id: int) -> StudyPart | None:
    """Take a part that waits, or whose holder fell silent; the most tried first, and alone.

    A study cannot end without the part that kills its workers: what it still costs is bounded
    by trying just that one until it is counted or given up.
    """
    settle_releases()
    study = Study.objects.select_for_update().filter(pk=study_id, status__in=UNDER_WAY).first()
    if study is None:
        return None
    part = waiting_parts().filter(study=study).order_by("-attempts", "first").first()
    if part is None or part.attempts >= MOST_DEATHS or _goes_alone(study, part):
        return None
    part.lease = uuid.uuid4()
    part.attempts += 1
    StudyPart.objects.filter(pk=part.pk).update(
        lease=part.lease, lease_until=lease_end(), attempts=part.attempts
    )
    if study.status == StudyStatus.QUEUED:
        Study.objects.filter(pk=study_id).update(status=StudyStatus.RUNNING, started_at=timezone.now())
    part.study = Study.objects.select_related("run__method", "run__weight_version__round").get(pk=study_id)
    return part


def _goes_alone(study: Study, part: StudyPart) -> bool:
    """Whether a part has to wait for another: it, or one that is held, ended a worker before."""
    held = study.parts.filter(lease_until__gt=Now())
    return held.exists() if part.attempts else held.filter(attempts__gt=1).exists()


def store_part(part: StudyPart, tally: Tally) -> bool:
    """Store what a part came to, once: not without its lease, and not in an ended study."""
    block = pack_arrays(tally)
    with transaction.atomic():
        study = Study.objects.select_for_update().get(pk=part.study_id)
        held = study.parts.filter(pk=part.pk, lease=part.lease)
        if study.status != StudyStatus.RUNNING:
            held.update(lease=None, lease_until=None)
            return False
        with bound_blocks():
            is_held = held.update(lease=None, lease_until=None, block=block)
        if not is_held:
            return False
        Study.objects.filter(pk=study.pk).update(chunks_done=F("chunks_done") + part.end - part.first)
    return True


def fail_exhausted_studies() -> int:
    """Give up on studies a part of which, or whose merging, ended too many workers, and say so."""
    tired = waiting_parts().filter(attempts__gte=MOST_DEATHS)
    unmerged = studies_to_merge().filter(attempts__gte=MOST_DEATHS)
    studies = {part.study for part in tired.select_related("study")} | set(unmerged)
    failure = [{"kind": "exhausted", "number": MOST_DEATHS}]
    return sum(_end(study, StudyStatus.FAILED, failure=failure) for study in studies)


def _check_ballots(run: Run, kind: str, parameters: Mapping[str, Any], actor: Account) -> None:
    """Keep from the ballots whoever may not read of them: data made for it would bring them out."""
    version = run.weight_version
    if (
        KINDS[kind].rests_on_ballots(parameters)
        and rounds_behind(version)
        and not may_draw_experts(actor, version)
    ):
        raise Refused(
            _(
                "This study draws from the ballots of rounds whose statistics you may not read. Ask a "
                "manager of theirs, or study weight noise."
            )
        )


def _check_quota(actor: Account) -> None:
    check_quota(
        Study.objects.filter(created_by=actor, status__in=UNDER_WAY),
        most=settings.MOST_STUDIES_UNDER_WAY,
        words=_("%(count)d studies of yours are under way: wait until one has ended, or cancel one."),
        actor=actor,
    )


def _write_study(base: Base, question: Question, key: str, actor: Account) -> Study:
    planned = _check_plan(base, question)
    sizes = _part_sizes(planned)
    with transaction.atomic():
        _check_quota(actor)
        # Two requests at once: one writes, the other finds what it wrote.
        study, is_new = Study.objects.get_or_create(
            key=key,
            defaults={
                "run": base.run,
                "kind": question.kind,
                "parameters": question.parameters,
                "draws": planned.cases,
                "seed": question.seed,
                "chunks": planned.plan.chunks,
                "created_by": actor,
            },
        )
        if is_new:
            StudyPart.objects.bulk_create(
                StudyPart(study=study, first=first, end=end) for first, end in sizes
            )
            record_act(actor, "study", study, kind=question.kind, run=base.run.pk)
    return study


def _check_plan(base: Base, question: Question) -> Planned:
    """Make the plan before anything is stored, so that what cannot be counted is refused at once."""
    if needed := memory_asked(base, question):
        _check_memory(base.data_set, needed)
    try:
        planned = plan_question(base, question)
    except AggregationError as error:
        raise Refused(*fault_texts(error.faults, base.data_set)) from error
    _check_memory(base.data_set, planned.plan.memory_for)
    return planned


def _check_memory(data_set: DataSet, needed: MemoryNeed) -> None:
    """Refuse what would end its worker, with what would not."""
    limit = settings.STUDY_MEMORY_MB * 1_000_000
    units = len(data_set.city_ids)
    need = needed(units)
    if need <= limit:
        return
    register = data_set.series.register
    message = _(
        "This study needs about %(need)s GB of memory for %(count)s %(units)s, and one process may take "
        "%(limit)s GB here. About %(fit)s %(units)s would fit. Ask a smaller question, or ask the operator "
        "for more memory (STUDY_MEMORY_MB)."
    )
    words = {
        "need": f"{need / 1e9:.1f}",
        "limit": f"{limit / 1e9:.1f}",
        "count": f"{units:,}",
        "fit": f"{units_that_fit(needed, limit, most=units):,}",
        "units": register.units,
    }
    raise Refused(message % words)


def _part_sizes(planned: Planned) -> list[tuple[int, int]]:
    """Cut the chunks into parts of about the same work, the same for any number of workers."""
    plan, base = planned.plan, planned.base
    cells = planned.cases * base.index.normalised.size * plan.rankings
    cities = len(base.city_ids)
    size = max(CELLS_PER_PART, CELLS_PER_HISTOGRAM_CELL * cities * len(bands_of(cities).firsts))
    # A part of many units takes seconds for each chunk, and a task that takes minutes is ended.
    most = max(MOST_PARTS, plan.chunks // MOST_CHUNKS) if cities > EXACT_UNITS else MOST_PARTS
    fewest = max(FEWEST_PARTS, -(-plan.chunks * cities // MOST_RANKED) if cities > EXACT_UNITS else 0)
    wanted = min(max(most, fewest), max(fewest, -(-cells // size)), plan.chunks)
    edges = [plan.chunks * position // wanted for position in range(wanted + 1)]
    return list(pairwise(edges))


def _finish_if_counted(study_id: int, planned: Planned | None) -> None:
    """Merge the parts of a study that has them all.

    ``planned`` is what its parts were counted by here, if any was.
    """
    study = _claim_merging(study_id)
    if study is None:
        return
    try:
        with keep_lease(study):
            result = _merge(study, planned or planned_of(study))
            with transaction.atomic():
                with bound_blocks():
                    is_ended = _end(study, StudyStatus.DONE, **result)
                if is_ended:
                    study.parts.all().delete()
    except DatabaseError:
        release(study)
        raise
    except (ValueError, MemoryError) as error:
        _end(study, StudyStatus.FAILED, failure=_failure_of(study, error))


@transaction.atomic
def _claim_merging(study_id: int) -> Study | None:
    """Take a study whose parts are all counted, so that one worker merges them at a time."""
    ready = studies_to_merge().filter(pk=study_id, attempts__lt=MOST_DEATHS)
    study = ready.select_for_update().first()
    if study is None or study.parts.filter(block__isnull=True).exists():
        return None
    lease = {"lease": uuid.uuid4(), "lease_until": lease_end()}
    Study.objects.filter(pk=study.pk).update(**lease, attempts=F("attempts") + 1)
    return Study.objects.select_related("run__method", "run__weight_version__round").get(pk=study.pk)


def _merge(study: Study, planned: Planned) -> dict[str, Any]:
    """Return what a study keeps of its parts."""
    counted = study.parts.order_by("first").values_list("pk", flat=True)
    tally = merge_tallies(unpack_arrays(whole_block(StudyPart, part, "block")) for part in counted)
    result = kind_of(study).result(planned, tally)
    digest = hashlib.sha256(result.histogram or b"")
    digest.update(result.table)
    return {
        "histogram": result.histogram,
        "table": result.table,
        "summary": result.summary,
        "result_sha256": digest.hexdigest(),
        "data_sha256": study.run.data_sha256,
        "manifest_hash": study.run.manifest_hash,
        "code_version": settings.CODE_VERSION,
    }


def _failure_of(study: Study, error: Exception) -> list[Failure]:
    """Return the reasons as codes, with what the positions in the error stand for."""
    data_set = DataSet.objects.defer(*PACKED).get(pk=study.run.data_set_id)
    return failure_of(
        error, codes=structure_of(data_set.framework_id).tree.leaf_codes, units=data_set.city_ids
    )


def _fail(part: StudyPart, failure: list[Failure]) -> None:
    """End the study of a part that cannot be counted, unless somebody else holds the part."""
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=part.study_id)
        if part.study.parts.filter(pk=part.pk, lease=part.lease).update(lease=None, lease_until=None):
            _end(part.study, StudyStatus.FAILED, failure=failure)
            logger.warning("study %s failed", part.study_id)


def _end(study: Study, status: StudyStatus, **outcome: Any) -> int:
    under_way = Study.objects.filter(pk=study.pk, status__in=UNDER_WAY)
    return under_way.update(
        status=status, finished_at=timezone.now(), lease=None, lease_until=None, **outcome
    )
