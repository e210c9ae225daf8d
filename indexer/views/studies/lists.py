"""Studies: the lists, asking a new one, live progress, the answer, and stopping or going on."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from indexer.dispatch import ask_study, resume_study
from indexer.enums import RunStatus, StudyStatus
from indexer.forms.studies import StudyForm
from indexer.models import Register, Run
from indexer.selectors.studies import studies_visible_to
from indexer.services.studies import cancel_study
from indexer.studies.kind import Kind
from indexer.studies.kinds.bootstrap import Bootstrap
from indexer.studies.kinds.noise import Noise
from indexer.studies.questions import BadParameters
from indexer.studies.registry import KINDS, study_name, units_named_in
from indexer.views.shared.run_pages import run_context, visible_run
from indexer.views.studies.pages import answer_of, load_study, study_page
from indexer.words import data_set_name, version_name
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import ANYONE, STAFF, audience
from weighting.selectors.pooling import rounds_behind
from weighting.views.answers import CONFLICT, UNPROCESSABLE
from weighting.visitors import account_of, visitor_of

PAGE_SIZE = 50


@audience(ANYONE)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def run_studies(request: HttpRequest, pk: int) -> HttpResponse:
    """List a run's studies beside the form of a new one; POST asks it."""
    run = visible_run(request, pk)
    account = visitor_of(request).account
    kind, register = _asked_kind(request, run), run.data_set.series.register
    form = StudyForm(request.POST or None, kind=kind, run=run)
    status, problems = 200, list[str]()
    if request.method == "POST":
        if account is None:
            raise Http404
        try:
            study = ask_study(run, kind=form.kind, sent=form.sent(), actor=account)
        except BadParameters as refusal:
            form.show(refusal)
            status = UNPROCESSABLE
        except Refused as refusal:
            status, problems = UNPROCESSABLE, list(refusal.blockers)
        else:
            return redirect("indexer:study-detail", pk=study.pk)
    context = {
        **run_context(request, run, "run-studies"),
        **_listing(request, run=run),
        "form": form,
        "kinds": _kinds(run, form.kind, register),
        "question": kind.question(register),
        "actions": _actions(run, account),
        "problems": problems,
        "is_finished": run.status == RunStatus.DONE,
    }
    return render(request, "indexer/studies/run_studies.html", context, status=status)


@audience(ANYONE)
@require_safe
@never_cache
def study_list(request: HttpRequest) -> HttpResponse:
    """List the studies of all runs, the newest first."""
    return render(request, "indexer/studies/study_list.html", _listing(request))


@audience(ANYONE)
@require_safe
@never_cache
def study_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a study is, or what it found."""
    return study_page(request, load_study(request, pk))


@audience(ANYONE)
@require_safe
@never_cache
def study_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the part of the page that renews itself: the answer, once there is one."""
    return answer_of(request, load_study(request, pk))


@audience(STAFF)
@require_POST
def study_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a study that waits or runs."""
    done = _("The study is cancelled. What it has counted is kept.")
    return _act(request, pk, cancel_study, done=done)


@audience(STAFF)
@require_POST
def study_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a study that failed or was cancelled."""
    return _act(request, pk, resume_study)


def _act(request: HttpRequest, pk: int, act: Callable[..., object], done: str = "") -> HttpResponse:
    """Act on a study, or show its page with why it cannot be."""
    try:
        act(load_study(request, pk), actor=account_of(request))
    except Refused as refusal:
        return study_page(request, load_study(request, pk), problems=refusal.blockers, status=CONFLICT)
    if done:
        messages.success(request, done)
    return redirect("indexer:study-detail", pk=pk)


def _asked_kind(request: HttpRequest, run: Run) -> Kind:
    asked = request.POST.get("kind") or request.GET.get("kind") or ""
    first = Bootstrap.code if rounds_behind(run.weight_version) else Noise.code
    return KINDS.get(asked) or KINDS[first]


def _actions(run: Run, account: Account | None) -> list[dict[str, str]]:
    """Lead to the form, which stands below a list that grows."""
    if account is None or run.status != RunStatus.DONE:
        return []
    return [{"label": _("Ask a new question"), "url": "#new-study", "kind": "quiet"}]


def _kinds(run: Run, current: str, register: Register) -> list[dict[str, Any]]:
    here = reverse("indexer:run-studies", args=[run.pk])
    return [
        {"label": kind.label(register), "url": f"{here}?kind={code}#new-study", "is_current": code == current}
        for code, kind in KINDS.items()
    ]


def _listing(request: HttpRequest, *, run: Run | None = None) -> dict[str, Any]:
    studies = studies_visible_to(visitor_of(request).account).order_by("-pk")
    if run is not None:
        studies = studies.filter(run=run)
    page = Paginator(studies, PAGE_SIZE).get_page(request.GET.get("page"))
    units = units_named_in(list(page))
    rows = [
        {
            "study": study,
            "name": study_name(study, units),
            "version": version_name(study.run),
            "data_set": data_set_name(study.run.data_set),
            "r_s": study.summary.get("r_s", {}).get("mean"),
            "percent": 100 * study.chunks_done // study.chunks,
        }
        for study in page
    ]
    return {"page": page, "rows": rows, "of_run": run is not None, "StudyStatus": StudyStatus}
