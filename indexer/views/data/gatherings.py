"""Gatherings: list, a new one, what is delivered and missing, a delivery, the edition made of all."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from indexer.forms.data_sets import GatheringForm
from indexer.forms.gatherings import DeliveryForm
from indexer.models import DataImport, Gathering
from indexer.selectors.data_imports import imports_visible_to
from indexer.selectors.gatherings import (
    LeafStatus,
    gatherings_owned_by,
    gatherings_visible_to,
    progress_of,
)
from indexer.selectors.registers import counted_registers
from indexer.services.blocked_imports import ImportBlocked
from indexer.services.gatherings import (
    assemble_gathering,
    deliver_import,
    end_gathering,
    open_gathering,
    start_delivery,
)
from indexer.services.registers import default_register
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import STAFF, audience
from weighting.sentences import join_sentences
from weighting.views.answers import answer_form, sent_data
from weighting.views.reading import SentTable, bring_in
from weighting.visitors import account_of

NAMED = 5


@audience(STAFF)
@require_safe
def gathering_list(request: HttpRequest) -> HttpResponse:
    """Every gathering, with how much was delivered to it."""
    gatherings = gatherings_visible_to(account_of(request))
    return render(request, "indexer/data/gathering_list.html", {"gatherings": gatherings})


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def gathering_new(request: HttpRequest) -> HttpResponse:
    """Say what the edition will be that others deliver."""
    account = account_of(request)
    if not counted_registers().exists():
        default_register()
    form = GatheringForm(*sent_data(request)[:1], account=account)
    if request.method == "POST" and form.is_valid():
        try:
            gathering = open_gathering(terms=form.terms(), actor=account)
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            return redirect("indexer:gathering-detail", pk=gathering.pk)
    context = {"form": form, "cancel_url": reverse("indexer:gathering-list")}
    return answer_form(request, "indexer/data/gathering_new.html", context)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def gathering_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is still missing and who delivered what when; POST takes a file of some indicators."""
    account = account_of(request)
    gathering = get_object_or_404(gatherings_visible_to(account), pk=pk)
    form = DeliveryForm(*sent_data(request))
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        start = partial(_start, gathering, form, actor=account)
        draft, shown = bring_in(request, form, start, told=SentTable.refused)
        if draft:
            return redirect("indexer:import-mapping", pk=draft.pk)
    context = {**_context(gathering, account), **shown, "form": form}
    return answer_form(request, "indexer/data/gathering_detail.html", context)


@audience(STAFF)
@require_POST
def gathering_assemble(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the deliveries together as an import, to be checked and stored."""
    account = account_of(request)
    gathering = get_object_or_404(gatherings_owned_by(account), pk=pk)
    try:
        draft = assemble_gathering(gathering, actor=account)
    except Refused as refusal:
        messages.error(request, join_sentences(refusal.blockers))
        return redirect("indexer:gathering-detail", pk=pk)
    return redirect("indexer:import-check", pk=draft.pk)


@audience(STAFF)
@require_POST
def gathering_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the gathering away; editions stay."""
    account = account_of(request)
    end_gathering(get_object_or_404(gatherings_owned_by(account), pk=pk), actor=account)
    messages.success(request, _("The gathering is ended."))
    return redirect("indexer:gathering-list")


@audience(STAFF)
@require_POST
def import_deliver(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand an import over to its gathering, or lead back to what keeps it back."""
    account = account_of(request)
    draft = get_object_or_404(imports_visible_to(account).defer(None), pk=pk)
    try:
        delivery = deliver_import(draft, actor=account)
    except ImportBlocked:
        messages.error(request, _("Nothing was delivered: correct what is listed first."))
    except Refused as refusal:
        messages.error(request, join_sentences(refusal.blockers))
    else:
        messages.success(request, _("The file is delivered."))
        return redirect("indexer:gathering-detail", pk=delivery.gathering_id)
    return redirect("indexer:import-check", pk=pk)


def _start(gathering: Gathering, form: DeliveryForm, sent: SentTable, *, actor: Account) -> DataImport:
    return start_delivery(gathering, **form.said(sent.decisions), actor=actor)


def _context(gathering: Gathering, account: Account) -> dict[str, Any]:
    progress = progress_of(gathering)
    together = progress.together
    return {
        "gathering": gathering,
        "title": f"{gathering.name} ({gathering.year})",
        "rows": [_row(status) for status in progress.leaves],
        "delivered_count": len(together.leaf_codes),
        "leaf_count": len(progress.leaves),
        "unit_count": len(together.city_ids),
        "deliveries": together.deliveries,
        "is_whole": progress.is_whole,
        "is_owned": gatherings_owned_by(account).filter(pk=gathering.pk).exists(),
    }


def _row(status: LeafStatus) -> dict[str, Any]:
    shown = _(", ").join(status.missing[:NAMED])
    more = len(status.missing) > NAMED
    return {
        "leaf": status.leaf,
        "delivery": status.delivery,
        "count": status.count,
        "missing_count": len(status.missing),
        "missing": shown + "…" if more else shown,
    }
