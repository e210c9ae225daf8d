"""What there is to know of a finished run before anything is drawn or left out: kept where it is large."""

from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Length

from indexer.enums import RunStatus
from indexer.models import Run, RunFacts
from indexer.numeric.studies.blocks import Tally, unpack_arrays
from indexer.selectors.data_facts import LONG, MOST_VALUES, Lack, is_large, lack_in
from weighting.models import Account
from weighting.selectors.sharing import known_to


def run_facts_known_to(account: Account | None) -> QuerySet[RunFacts]:
    """Return the same of rankings."""
    jobs = known_to(account, RunFacts.objects.all())
    jobs = jobs.select_related(
        "run__data_set__framework", "run__data_set__series__register", "run__weight_version", "run__method"
    )
    long = (f"run__data_set__{column}" for column in LONG)
    return jobs.defer("block", "changes", "run__node_scores", "run__weight_version__manifest", *long)


def public_runs_without_facts() -> QuerySet[Run]:
    """Return the large rankings that anybody may read and of which nobody has yet asked for any facts."""
    public = Run.objects.filter(
        status=RunStatus.DONE,
        method=F("data_set__method"),
        data_set__is_published=True,
        weight_version__is_published=True,
    )
    sized = public.annotate(bytes=Length("data_set__values"))
    return sized.filter(bytes__gt=8 * MOST_VALUES, facts__isnull=True).order_by("pk")


def run_facts_of(run: Run) -> RunFacts | None:
    """Return the job of the facts of a ranking without what it found; None where nobody has asked."""
    return RunFacts.objects.filter(run=run).defer("block", "changes").first()


def lack_of_run_facts(run: Run) -> Lack | None:
    """Return what there is in place of the facts of a large ranking; None where nothing lacks."""
    return lack_in(run_facts_of(run)) if is_large(run.data_set) else None


def kept_arrays_of_run(run: Run) -> Tally | None:
    """Return what was kept of the audit of a run; None where nothing is."""
    return _kept(run, "block")


def kept_changes_of_run(run: Run) -> Tally | None:
    """Return what was kept of the changes that turn its neighbours round; None where nothing is."""
    return _kept(run, "changes")


def _kept(run: Run, column: str) -> Tally | None:
    if not is_large(run.data_set):
        return None
    done = RunFacts.objects.filter(run=run, status=RunStatus.DONE)
    block: Any = done.values_list(column, flat=True).first()
    return None if block is None else unpack_arrays(bytes(block))
