"""Jobs of all kinds as those see them who keep the machine busy: in one list, the newest first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, F, Model, QuerySet, Value

from indexer.dispatch import cancel_facts, cancel_run, resume_study, retry_facts, retry_run
from indexer.enums import RunStatus
from indexer.models import DataFacts, DataSet, Run, RunFacts, Study
from indexer.selectors.data_facts import data_facts_known_to
from indexer.selectors.run_facts import run_facts_known_to
from indexer.selectors.runs import listed_runs_visible_to
from indexer.selectors.studies import studies_visible_to
from indexer.services.studies import cancel_study
from weighting.exceptions import Refused
from weighting.models import Account

# So many at once: each is a transaction of its own, and a page must answer.
MOST_AT_ONCE = 1_000
# No database numbers more rows.
MOST_DIGITS = 18


@dataclass(frozen=True)
class Kind:
    """One kind of job: its table, the column that says when each was asked for, who sees it, and the acts."""

    model: type[Model]
    asked: str
    visible: Callable[[Account], QuerySet[Any]]
    cancel: Callable[..., Any]
    retry: Callable[..., Any]


KINDS = {
    "run": Kind(Run, "queued_at", listed_runs_visible_to, cancel_run, retry_run),
    "study": Kind(Study, "created_at", studies_visible_to, cancel_study, resume_study),
    "data_facts": Kind(DataFacts, "queued_at", data_facts_known_to, cancel_facts, retry_facts),
    "run_facts": Kind(RunFacts, "queued_at", run_facts_known_to, cancel_facts, retry_facts),
}


@dataclass(frozen=True)
class Asked:
    """One job: its kind, its number, and its row as pages read it."""

    kind: str
    job: Any
    asked_at: datetime

    @property
    def key(self) -> str:
        """What stands for it in a form."""
        return f"{self.kind}:{self.job.pk}"

    @property
    def run(self) -> Run | None:
        """The ranking that it makes or looks at; None where it looks at a data set alone."""
        return self.job if self.kind == "run" else getattr(self.job, "run", None)

    @property
    def data_set(self) -> DataSet:
        """The data set that it reads."""
        return self.job.data_set if self.run is None else self.run.data_set


@dataclass(frozen=True)
class Done:
    """How many jobs an act changed, and why it did not change the others."""

    changed: int
    refusals: Sequence[str]


def count_jobs() -> dict[str, int]:
    """Return how many jobs of all kinds are in each state."""
    counts = dict.fromkeys(RunStatus.values, 0)
    for kind in KINDS.values():
        rows = kind.model._default_manager.order_by().values_list("status").annotate(Count("pk"))
        for status, count in rows:
            counts[status] += count
    return counts


def jobs_in(status: str) -> QuerySet[Any, tuple[str, int, datetime]]:
    """Return the jobs of all kinds in a state, as kind, number and time, for a page to be cut from."""
    rows = [_rows(kind, status) for kind in KINDS]
    return rows[0].union(*rows[1:], all=True).order_by("-asked_at", "kind_of_job", "-pk")


def jobs_of(rows: Iterable[tuple[str, int, datetime]], account: Account) -> list[Asked]:
    """Return what a page shows of its rows, in their order; a job that has gone meanwhile is left out."""
    rows = list(rows)
    found: dict[tuple[str, int], Any] = {}
    for kind in {kind for kind, _pk, _time in rows}:
        numbers = [pk for of, pk, _time in rows if of == kind]
        found |= {(kind, job.pk): job for job in KINDS[kind].visible(account).filter(pk__in=numbers)}
    return [Asked(kind, found[kind, pk], time) for kind, pk, time in rows if (kind, pk) in found]


def cancel_jobs(keys: Sequence[str], *, actor: Account) -> Done:
    """Cancel those of some jobs that wait or run."""
    return _each(keys, {kind: each.cancel for kind, each in KINDS.items()}, actor)


def retry_jobs(keys: Sequence[str], *, actor: Account) -> Done:
    """Put those of some jobs that failed or were cancelled back in the queue."""
    return _each(keys, {kind: each.retry for kind, each in KINDS.items()}, actor)


def keys_in(status: str) -> list[str]:
    """Return the jobs in a state, the oldest first: as many as one act takes."""
    rows = [_rows(kind, status) for kind in KINDS]
    oldest = rows[0].union(*rows[1:], all=True).order_by("asked_at", "kind_of_job", "pk")
    return [f"{kind}:{pk}" for kind, pk, _time in oldest[:MOST_AT_ONCE]]


def _rows(kind: str, status: str) -> QuerySet[Any, tuple[str, int, datetime]]:
    rows = KINDS[kind].model._default_manager.order_by().filter(status=status)
    named = rows.annotate(kind_of_job=Value(kind, output_field=CharField()), asked_at=F(KINDS[kind].asked))
    return named.values_list("kind_of_job", "pk", "asked_at")


def _each(keys: Sequence[str], acts: dict[str, Callable[..., Any]], actor: Account) -> Done:
    changed = 0
    refusals: list[str] = []
    for key in keys[:MOST_AT_ONCE]:
        job = _named(key)
        if job is None:
            continue
        try:
            acts[key.partition(":")[0]](job, actor=actor)
            changed += 1
        except Refused as refusal:
            refusals.extend(refusal.blockers)
    return Done(changed, sorted(set(refusals)))


def _named(key: str) -> Any:
    """Return the job that a form names; None for what names none."""
    kind, _colon, number = key.partition(":")
    if kind not in KINDS or not number.isdecimal() or len(number) > MOST_DIGITS:
        return None
    return KINDS[kind].model._default_manager.filter(pk=int(number)).first()
