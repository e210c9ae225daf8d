"""Jobs in words: why one failed, and how far several are."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.models import City, Job, Run
from indexer.selectors.faults import Failure, fault_text, listed
from indexer.selectors.jobs import Progress
from weighting.models import Indicator

# More than this are not even looked up.
MANY = 500

SENTENCES: dict[str, Promise] = {
    "nothing_present": gettext_lazy(
        "These units have no value in anything that this version weighs: %(units)s. Complete the data."
    ),
    "memory": gettext_lazy(
        "The worker has too little memory for this data set. Ask the operator for a larger machine."
    ),
    "exhausted": gettext_lazy(
        "The worker ended %(number)s times before this was computed. Ask the operator to look at its log, "
        "then try again."
    ),
}


def failure_words(failure: Iterable[Failure], names: Mapping[Any, str] | None = None) -> list[str]:
    """Say why a job failed; ``names`` are those of indicator codes and units, where known."""
    return [_sentence(reason, names or {}) for reason in failure or [{"kind": "unexpected"}]]


def failure_names(runs: Iterable[Run]) -> dict[Any, str]:
    """Return the names, in the reader's language, of all that the failed runs complain about."""
    failed = [run for run in runs if run.failure]
    return reason_names(
        [reason for run in failed for reason in run.failure], {run.data_set.framework_id for run in failed}
    )


def reason_names(reasons: Iterable[Failure], frameworks: Iterable[int]) -> dict[Any, str]:
    """Return the names of the indicators and units that reasons complain about."""
    reasons = list(reasons)
    codes = {code for reason in reasons for code in reason.get("codes", ())}
    units = {unit for reason in reasons for unit in reason.get("units", ())}
    names: dict[Any, str] = {}
    if codes:
        found = Indicator.objects.filter(framework__in=frameworks, code__in=list(codes)[:MANY])
        names |= {indicator.code: indicator.name for indicator in found}
    if units:
        ids = [unit for unit in units if isinstance(unit, int)][:MANY]
        texts = [unit for unit in units if isinstance(unit, str)][:MANY]
        names |= {city.pk: city.name for city in City.objects.filter(pk__in=ids)}
        known = City.objects.filter(Q(name_zh__in=texts) | Q(name_zh="", name_en__in=texts))
        names |= {city.own_name: city.name for city in known}
    return names


def progress_note(progress: Progress) -> str:
    """Say how fast work goes and how long the rest will take; nothing before that can be told."""
    if progress.rate is None or progress.seconds_left is None:
        return ""
    rate = f"{progress.rate:,.0f}" if progress.rate >= 10 else f"{progress.rate:.2g}"
    return _("%(rate)s a second, about %(time)s left") % {
        "rate": rate,
        "time": duration_words(progress.seconds_left),
    }


def duration_words(seconds: float) -> str:
    """Write a duration in the unit that suits its size."""
    if seconds < 90:
        return _("%(count)s s") % {"count": f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"}
    if seconds < 5400:
        return _("%(count)s min") % {"count": f"{seconds / 60:.0f}"}
    return _("%(count)s h") % {"count": f"{seconds / 3600:.1f}"}


def job_duration(job: Job) -> str:
    """Say how long the pass took that a job was computed in."""
    if not job.started_at or not job.finished_at:
        return "–"
    return duration_words((job.finished_at - job.started_at).total_seconds())


def _sentence(reason: Failure, names: Mapping[Any, str]) -> str:
    codes, units = ([names.get(key, str(key)) for key in reason.get(part, ())] for part in ("codes", "units"))
    own = SENTENCES.get(reason["kind"])
    if own is None:
        return fault_text(reason["kind"], codes=codes, units=units, number=reason.get("number", ""))
    return str(own) % {"units": listed(units), "number": reason.get("number", "")}
