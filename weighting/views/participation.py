"""Agreeing to the terms, withdrawing, and checking a receipt."""

from contextlib import suppress

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from weighting.exceptions import Refused
from weighting.forms.terms import ConsentForm
from weighting.manifest import receipt_list, superseded_list
from weighting.models import Ballot, Round
from weighting.permissions import EXPERTS, MANAGERS, audience
from weighting.selectors.ballots import is_open
from weighting.selectors.claims import held_ballot
from weighting.selectors.rounds import has_receipts, receipts_of, rounds_visible_to, superseded_receipts_of
from weighting.services.ballots import withdraw_ballot
from weighting.services.claims import resume_ballot
from weighting.views.ballot import expert_page
from weighting.views.listing import PAGE_SIZE, page_of
from weighting.views.welcome import terms_context
from weighting.visitors import account_of, claim_with_round_of

# The lists of a closed round that anybody on its panel may have whole: how each is written and found.
LISTS = {
    "counted": (receipt_list, receipts_of),
    "superseded": (superseded_list, superseded_receipts_of),
}


@expert_page
@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms; POST records the consent of an expert who has not begun, or begins anew."""
    claim = claim_with_round_of(request)
    invitation = claim.invitation
    if not is_open(invitation.round):
        return redirect("weighting:ballot")
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        # A round that closed meanwhile has its own page.
        with suppress(Refused):
            resume_ballot(claim, conflict=form.declared)
        return redirect("weighting:ballot")
    context = terms_context(invitation, form)
    return render(request, "weighting/expert/terms.html", context, status=422 if form.is_bound else 200)


@expert_page
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """Say what withdrawing deletes; POST does it."""
    claim = claim_with_round_of(request)
    invitation = claim.invitation
    if not is_open(invitation.round):
        return redirect("weighting:ballot")
    if not invitation.started:
        return redirect("weighting:ballot-terms")
    if request.method != "POST":
        context = {"round": invitation.round, "sealed": invitation.sealed}
        return render(request, "weighting/expert/withdraw.html", context)
    try:
        withdraw_ballot(claim)
    except Refused:
        return redirect("weighting:ballot")
    messages.success(
        request, _("You have withdrawn: every answer is deleted, and nothing of you is counted.")
    )
    return redirect("weighting:ballot-terms")


@audience(EXPERTS)
@require_safe
def own_round_receipts(request: HttpRequest) -> HttpResponse:
    """Let an expert check a receipt without sending it: on the list, before the close on their seal."""
    claim = claim_with_round_of(request)
    round_ = claim.invitation.round
    own = None if round_.receipt_root else held_ballot(claim)
    urls = {listed: reverse("weighting:receipt-list", args=[listed]) for listed in LISTS}
    return _receipts_page(request, round_, urls, own=own)


@audience(EXPERTS)
@require_safe
def own_round_receipt_list(request: HttpRequest, listed: str) -> HttpResponse:
    """Answer with a whole list, in which an expert looks without telling anybody what for."""
    return _whole_list(claim_with_round_of(request).invitation.round, listed)


@audience(MANAGERS)
@require_safe
def round_receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the managers of a round the receipts that its panel sees."""
    urls = {listed: reverse("weighting:round-receipt-list", args=[pk, listed]) for listed in LISTS}
    return _receipts_page(request, _managed_or_404(request, pk), urls)


@audience(MANAGERS)
@require_safe
def round_receipt_list(request: HttpRequest, pk: int, listed: str) -> HttpResponse:
    """Answer the managers of a round with a whole list that its panel sees."""
    return _whole_list(_managed_or_404(request, pk), listed)


def _receipts_page(
    request: HttpRequest, round_: Round, urls: dict[str, str], own: Ballot | None = None
) -> HttpResponse:
    superseded = superseded_receipts_of(round_)
    context = {
        "round": round_,
        "root": round_.receipt_root if has_receipts(round_) else "",
        "receipts": page_of(request, receipts_of(round_)),
        "superseded": own.superseded_receipts if own else superseded[:PAGE_SIZE],
        "further_superseded": max(0, len(superseded) - PAGE_SIZE),
        "current": own.receipt if own else "",
        "urls": urls,
    }
    return render(request, "weighting/expert/receipts.html", context)


def _whole_list(round_: Round, listed: str) -> HttpResponse:
    """Return a list as a file: the SHA-256 of the one that counts is the root of the round."""
    if listed not in LISTS or not has_receipts(round_):
        raise Http404
    write, find = LISTS[listed]
    headers = {"Content-Disposition": f'attachment; filename="receipts-{round_.pk}-{listed}.txt"'}
    return HttpResponse(write(find(round_)), content_type="text/plain; charset=utf-8", headers=headers)


def _managed_or_404(request: HttpRequest, pk: int) -> Round:
    return get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
