"""All jobs in one list, by state: who asked, since when, why one failed; and cancelling and trying again."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from indexer.enums import RunStatus
from indexer.job_words import failure_words, reason_names
from indexer.studies.registry import study_name, units_named_in
from indexer.words import data_set_name, version_name
from upkeep.jobs import Asked, cancel_jobs, count_jobs, jobs_in, jobs_of, keys_in, retry_jobs
from upkeep.views.pages import page_tabs
from weighting.permissions import ADMINISTRATORS, audience
from weighting.visitors import account_of

PAGE_SIZE = 50
# What can be done with jobs in a state.
CAN_CANCEL = (RunStatus.QUEUED, RunStatus.RUNNING)
CAN_RETRY = (RunStatus.FAILED, RunStatus.CANCELLED)
# Studies have names of their own.
NAMES = {
    "run": gettext_lazy("Ranking"),
    "data_facts": gettext_lazy("Facts of a large data set"),
    "run_facts": gettext_lazy("Facts of a large ranking"),
}


@audience(ADMINISTRATORS)
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """List the jobs in one state, those that failed first asked for."""
    counts = count_jobs()
    status = _asked_status(request.GET.get("status", ""), counts)
    page = Paginator(jobs_in(status), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "tabs": page_tabs("jobs"),
        "status": status,
        "states": [(RunStatus(value), count, value == status) for value, count in counts.items()],
        "page": page,
        "rows": _rows(jobs_of(page, account_of(request))),
        "can_cancel": status in CAN_CANCEL,
        "can_retry": status in CAN_RETRY,
        "here": f"{reverse('upkeep:jobs')}?{urlencode({'status': status})}",
    }
    return render(request, "upkeep/jobs.html", context)


@audience(ADMINISTRATORS)
@require_POST
def jobs_act(request: HttpRequest) -> HttpResponse:
    """Cancel jobs, or try them again: those that were chosen, or all in a state."""
    status, account = _asked_status(request.POST.get("status", ""), {}), account_of(request)
    keys = keys_in(status) if "all" in request.POST else request.POST.getlist("job")
    act = cancel_jobs if status in CAN_CANCEL else retry_jobs
    done = act(keys, actor=account)
    text = ngettext("%(count)d job was changed.", "%(count)d jobs were changed.", done.changed)
    messages.success(request, text % {"count": done.changed})
    for refusal in done.refusals:
        messages.warning(request, refusal)
    return redirect(f"{reverse('upkeep:jobs')}?{urlencode({'status': status})}")


def _asked_status(sent: str, counts: dict[str, int]) -> str:
    """Return the state that was asked for; else the first in which there is something to see."""
    if sent in RunStatus.values:
        return sent
    first = [RunStatus.FAILED, RunStatus.RUNNING, RunStatus.QUEUED]
    return next((status for status in first if counts.get(status)), RunStatus.DONE)


def _rows(shown: list[Asked]) -> list[dict[str, object]]:
    units = units_named_in([asked.job for asked in shown if asked.kind == "study"])
    reasons = [reason for asked in shown for reason in asked.job.failure]
    names = reason_names(reasons, {asked.data_set.framework_id for asked in shown})
    return [
        {
            "asked": asked,
            "name": study_name(asked.job, units) if asked.kind == "study" else NAMES[asked.kind],
            "of": ", ".join(
                [data_set_name(asked.data_set), *([version_name(asked.run)] if asked.run else [])]
            ),
            "by": getattr(asked.job, "created_by", None),
            "url": _address_of(asked),
            "reasons": failure_words(asked.job.failure, names)
            if asked.job.status == RunStatus.FAILED
            else [],
        }
        for asked in shown
    ]


def _address_of(asked: Asked) -> str | None:
    """Return the page of what a job makes; a ranking has none before it is done."""
    if asked.run is None:
        return reverse("indexer:data-set-detail", args=[asked.data_set.pk])
    if asked.kind == "run_facts":
        return reverse("indexer:run-coherence", args=[asked.run.pk])
    if asked.kind == "run" and asked.job.status != RunStatus.DONE:
        return None
    return reverse(f"indexer:{asked.kind}-detail", args=[asked.job.pk])
