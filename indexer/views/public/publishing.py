"""The owner's side: what will be seen and what is missing, a preview, and the one act that publishes."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from indexer.forms.published import EditionForm, IndexForm
from indexer.models import IndexEdition, PublishedIndex, Run
from indexer.selectors.published import (
    indices_owned_by,
    of_the_units_of,
    publication_advice,
    publication_blockers,
    publishable_runs,
    visits_of,
)
from indexer.selectors.run_search import OfferedRuns, offer_runs
from indexer.selectors.runs import NOT_SHOWN, NOT_SHOWN_OF_RUNS
from indexer.services.published import (
    describe_index,
    draft_index,
    publish_edition,
    take_back_edition,
)
from indexer.views.public.pages import edition_page
from indexer.words import data_set_name, version_name
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import MANAGERS, audience
from weighting.qr import qr_svg
from weighting.reauthentication import grave
from weighting.requests import read_id
from weighting.views.answers import answer_act, answer_form, answer_refusal, sent_data
from weighting.visitors import account_of


@audience(MANAGERS)
@require_safe
def publishing_list(request: HttpRequest) -> HttpResponse:
    """The indices that an account may publish, and how far each is."""
    indices = indices_owned_by(account_of(request)).prefetch_related("editions").order_by("-pk")
    rows = [{"index": index, "newest": next(iter(index.editions.all()), None)} for index in indices]
    return render(request, "indexer/public/publishing_list.html", {"rows": rows})


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def publishing_new(request: HttpRequest) -> HttpResponse:
    """Ask for the address and the words of an index; POST begins its draft, which nobody else sees."""
    account, run = account_of(request), _asked_run(request)
    form = IndexForm(*sent_data(request), initial=_initial(run))
    if request.method == "POST" and form.is_valid():
        index = draft_index(slug=form.cleaned_data["slug"], terms=form.terms, actor=account)
        return redirect(detail_url(index, run))
    context = {"form": form, "title": _("Publish an index"), "cancel_url": reverse("indexer:publishing-list")}
    return _form_page(request, context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def publishing_describe(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is said of an index."""
    account, index = account_of(request), owned_index(request, pk)
    form = IndexForm(*sent_data(request), instance=index)
    back = detail_url(index, _asked_run(request))
    if request.method == "POST" and form.is_valid():
        describe_index(index, terms=form.terms, actor=account)
        messages.success(request, _("The description is changed."))
        return redirect(back)
    context = {
        "form": form,
        "title": _("Describe “%(name)s”") % {"name": index},
        "cancel_url": back,
        "is_public": index.editions.filter(released_at__isnull=False).exists(),
    }
    return _form_page(request, context)


@audience(MANAGERS)
@require_safe
def publishing_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What strangers will see of an index, what is missing, its address, and its editions."""
    account, index = account_of(request), owned_index(request, pk)
    editions = list(
        index.editions.select_related("run__data_set__series", "run__weight_version").defer(
            *NOT_SHOWN_OF_RUNS
        )
    )
    run = _chosen_run(request, editions)
    chosen = [str(run.pk)] if run else []
    offered = offer_runs(of_the_units_of(index, _runs(account)), request.GET.get("find", ""), chosen)
    context = {**_detail(account, index, editions, run), "offered": offered, "runs": _named(offered)}
    return render(request, "indexer/public/publishing.html", context)


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def publishing_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the one act publishes; POST does it, at once or when the embargo has passed."""
    account, index = account_of(request), owned_index(request, pk)
    run = asked_run_or_404(request)
    form = EditionForm(
        request.POST if request.method == "POST" else None, is_first=not index.editions.exists()
    )
    back = detail_url(index, run)
    if request.method == "POST" and form.is_valid():
        try:
            edition = publish_edition(index, run=run, actor=account, **form.cleaned_data)
        except Refused as refusal:
            return answer_refusal(request, refusal, back=back)
        messages.success(request, _said_of(edition))
        return redirect(detail_url(index, run))
    context = {
        "index": index,
        "form": form,
        "consequences": _consequences(index, run),
        "blockers": publication_blockers(index, run, account),
        "back": back,
    }
    return answer_form(request, "indexer/public/publishing_publish.html", context)


@audience(MANAGERS)
@require_safe
def publishing_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the page of an index as a stranger will see it with a run."""
    account, index = account_of(request), owned_index(request, pk)
    run = asked_run_or_404(request)
    number = 1 + max((edition.number for edition in index.editions.all()), default=0)
    edition = IndexEdition(index=index, number=number, run=run)
    return edition_page(request, edition, account, shelf=None)


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def publishing_take_back(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Ask whether an edition under embargo is to be taken back; POST deletes it."""
    account, index = account_of(request), owned_index(request, pk)
    edition = get_object_or_404(index.editions.filter(released_at__isnull=True), number=number)
    back = detail_url(index, None)
    if request.method == "POST":
        act = partial(take_back_edition, edition, actor=account)
        return answer_act(request, act, done=_("The edition is taken back: nobody has seen it."), back=back)
    context = {"index": index, "edition": edition, "back": back}
    return render(request, "indexer/public/publishing_take_back.html", context)


def _detail(
    account: Account, index: PublishedIndex, editions: Sequence[IndexEdition], run: Run | None
) -> dict[str, Any]:
    address = settings.PUBLIC_URL.rstrip("/") + reverse("indexer:public-index", args=[index.slug])
    days, total = visits_of(index, timezone.localdate())
    return {
        "index": index,
        "editions": editions,
        "visits": {"days": days, "week": sum(count for _day, count in days[:7]), "total": total},
        "address": address,
        # Written by segno of an address that the model lets through.
        "qr": mark_safe(qr_svg(address)),  # noqa: S308
        "is_public": any(edition.released_at for edition in editions),
        "run": run,
        "parts": _parts(run) if run else [],
        "blockers": publication_blockers(index, run, account) if run else [],
        "advice": publication_advice(index, run) if run else [],
        "query": urlencode({"run": run.pk}) if run else "",
    }


def _named(offered: OfferedRuns) -> list[tuple[Run, str]]:
    return [(one, f"{data_set_name(one.data_set)} · {version_name(one)}") for one in offered.rows]


def _parts(run: Run) -> list[tuple[str, str, bool]]:
    """Return what the act publishes, and whether it is public already."""
    framework, data_set, version = run.data_set.framework, run.data_set, run.weight_version
    return [
        (_("Framework"), framework.name, framework.is_published),
        (_("Weight version"), version_name(run), version.is_published),
        (_("Data set"), data_set_name(data_set), data_set.is_published),
    ]


def _consequences(index: PublishedIndex, run: Run) -> list[str]:
    address = reverse("indexer:public-index", args=[index.slug])
    parts = [
        _("%(name)s: %(value)s") % {"name": kind, "value": name}
        for kind, name, is_public in _parts(run)
        if not is_public
    ]
    said = [_("Anybody can read the index at %(address)s, without signing in.") % {"address": address}]
    if parts:
        said.append(
            _("With it these become public, with every ranking that they have together: %(parts)s.")
            % {"parts": _("; ").join(parts)}
        )
    return [*said, _("This cannot be taken back: what was read stays read. A correction is a new edition.")]


def _said_of(edition: IndexEdition) -> str:
    if edition.released_at:
        return _("Edition %(number)s is public.") % {"number": edition.number}
    return _("Edition %(number)s waits for the end of its embargo.") % {"number": edition.number}


def _form_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return answer_form(request, "indexer/public/publishing_form.html", context)


def owned_index(request: HttpRequest, pk: int) -> PublishedIndex:
    """Return a published index of whoever asks, or answer 404."""
    return get_object_or_404(indices_owned_by(account_of(request)), pk=pk)


def _runs(account: Account) -> Any:
    runs = publishable_runs(account).select_related(
        "data_set__framework", "data_set__series__register", "weight_version", "method"
    )
    return runs.defer("node_scores", *NOT_SHOWN)


def _asked_run(request: HttpRequest) -> Run | None:
    pk = read_id(request.GET.get("run", ""))
    return _runs(account_of(request)).filter(pk=pk).first() if pk else None


def asked_run_or_404(request: HttpRequest) -> Run:
    """Return the run that the address names, among those that whoever asks may publish, or answer 404."""
    run: Run = get_object_or_404(_runs(account_of(request)), pk=read_id(request.GET.get("run", "")))
    return run


def _chosen_run(request: HttpRequest, editions: Sequence[IndexEdition]) -> Run | None:
    """Return the run that is asked for, or the newest of the data that the index shows."""
    asked = _asked_run(request)
    if asked or not editions:
        return asked
    return _runs(account_of(request)).filter(data_set__series=editions[0].run.data_set.series_id).first()


def detail_url(index: PublishedIndex, run: Run | None) -> str:
    """Return the address where an index is published from, with a run to be its next edition."""
    address = reverse("indexer:publishing-detail", args=[index.pk])
    return f"{address}?{urlencode({'run': run.pk})}" if run else address


def _initial(run: Run | None) -> dict[str, str]:
    if run is None:
        return {}
    return {"name_zh": run.data_set.framework.name_zh, "name_en": run.data_set.framework.name_en}
