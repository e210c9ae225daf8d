"""Free up space: what may be computed again may be dropped; evidence never is.

Evidence is every ranking by its data set's own method, and whatever anybody has published. What may go was
asked for beside it: rankings by other methods, studies, and facts of large rankings, which are worked out
again once an analyst looks. Each that goes leaves a line in the log with the hash of its result, so that a
second computation can be held against the first.

The facts of data sets stay as these do, and those of public rankings: pages need them, and the sweeper would
have them worked out again at once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, ProtectedError, Q, QuerySet
from django.utils import timezone

from indexer.enums import RunStatus
from indexer.models import IndexMethod, Run, RunFacts, Study
from weighting.models import Account
from weighting.services.audit import record_act

ENDED = (RunStatus.DONE, RunStatus.FAILED, RunStatus.CANCELLED)
# Of what looks at a ranking.
PUBLIC = Q(
    run__data_set__is_published=True,
    run__weight_version__is_published=True,
    run__method=F("run__data_set__method"),
)
LooksAtRun = TypeVar("LooksAtRun", Study, RunFacts)


@dataclass(frozen=True)
class Pruned:
    """How many studies, rankings and facts of rankings went, and how many stay after all."""

    studies: int
    runs: int
    facts: int
    kept: int


def studies_to_prune(*, days: int) -> QuerySet[Study]:
    """Return the studies of nothing public that ended so many days ago."""
    return _of_nothing_public(Study.objects.all(), days)


def facts_to_prune(*, days: int) -> QuerySet[RunFacts]:
    """Return the facts of rankings that are not public, kept for so many days."""
    return _of_nothing_public(RunFacts.objects.all(), days)


def runs_to_prune(*, days: int) -> QuerySet[Run]:
    """Return the rankings by another method than their data set's own that ended so many days ago.

    One that a study not yet old enough rests on stays.
    """
    trials = Run.objects.exclude(method=F("data_set__method")).filter(status__in=ENDED)
    resting = Study.objects.exclude(pk__in=studies_to_prune(days=days).values("pk"))
    old = trials.filter(finished_at__lt=_before(days))
    return old.exclude(pk__in=resting.values("run")).defer("node_scores").order_by("pk")


def prune(*, days: int, actor: Account | None) -> Pruned:
    """Drop all of them, each by itself: what is interrupted has dropped what it had come to.

    Whether one may go is read again under its lock: somebody may have tried it again or published it.
    """
    studies = [_drop_study(pk, days, actor) for pk in _numbers(studies_to_prune(days=days))]
    facts = [_drop_facts(pk, days, actor) for pk in _numbers(facts_to_prune(days=days))]
    runs = [_drop_run(pk, days, actor) for pk in _numbers(runs_to_prune(days=days))]
    gone = [*studies, *facts, *runs]
    return Pruned(sum(studies), sum(runs), sum(facts), len(gone) - sum(gone))


def _of_nothing_public(rows: QuerySet[LooksAtRun], days: int) -> QuerySet[LooksAtRun]:
    ended = rows.filter(status__in=ENDED, finished_at__lt=_before(days))
    return ended.exclude(PUBLIC).order_by("pk")


def _numbers(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


@transaction.atomic
def _drop_study(pk: int, days: int, actor: Account | None) -> bool:
    Study.objects.select_for_update().only("pk").filter(pk=pk).first()
    study = studies_to_prune(days=days).defer("histogram", "table").filter(pk=pk).first()
    if study is None:
        return False
    record_act(
        actor, "prune", study, run=study.run_id, kind=study.kind, key=study.key, result=study.result_sha256
    )
    study.delete()
    return True


@transaction.atomic
def _drop_facts(pk: int, days: int, actor: Account | None) -> bool:
    RunFacts.objects.select_for_update().only("pk").filter(pk=pk).first()
    facts = facts_to_prune(days=days).filter(pk=pk).first()
    if facts is None:
        return False
    found = b"".join(filter(None, (facts.block, facts.changes)))
    result = hashlib.sha256(found).hexdigest() if found else ""
    record_act(actor, "prune", facts, run=facts.run_id, result=result)
    facts.delete()
    return True


def _drop_run(pk: int, days: int, actor: Account | None) -> bool:
    try:
        with transaction.atomic():
            Run.objects.select_for_update().only("pk").filter(pk=pk).first()
            run = runs_to_prune(days=days).filter(pk=pk).first()
            if run is None:
                return False
            method = IndexMethod.objects.get(pk=run.method_id)
            record_act(
                actor,
                "prune",
                run,
                data_set=run.data_set_id,
                version=run.weight_version_id,
                method=method.sha256,
                result=run.result_sha256,
            )
            run.delete()
    except ProtectedError:
        return False
    return True


def _before(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)
