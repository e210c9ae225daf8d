"""Spreadsheet and paper ballots: the form to download, and forms of one expert or several to take in."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from weighting.exceptions import Refused
from weighting.forms.uploads import SheetBallotForm, SheetBallotsForm
from weighting.manifest import receipt_document
from weighting.models import Invitation, Round
from weighting.permissions import MANAGERS, audience
from weighting.readers import FileProblem, FileProblems
from weighting.selectors.rounds import enterable_in, invitations_of, rounds_visible_to
from weighting.services.sheets import import_sheet, import_sheets
from weighting.views.answers import answer_form, answer_refusal, sent_data
from weighting.views.shown_once import render_once, shown_before
from weighting.visitors import account_of

# In the address of the form: a column for each expert who has not begun.
SEVERAL = "several"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@audience(MANAGERS)
@require_safe
def round_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of an open round, to fill in without a browser; with ``?several`` a column for each expert."""
    from weighting.services.sheet_form import sheet_form

    round_ = get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
    several = {"scores": [one.expert.code for one in enterable_in(round_)]} if SEVERAL in request.GET else {}
    try:
        form = sheet_form(round_, **several)
    except Refused as refusal:
        return answer_refusal(request, refusal, back=reverse("weighting:round-detail", args=[pk]))
    response = HttpResponse(form, content_type=XLSX)
    name = f"ballots-{round_.pk}" if several else f"ballot-{round_.pk}"
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


@audience(MANAGERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def round_sheets(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the filled-in forms of several experts in one file; their receipts are shown once, to hand on."""
    round_ = get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
    receipts = shown_before(request)
    if receipts is not None:
        return _show_receipts(request, round_, receipts)
    form = SheetBallotsForm(*sent_data(request))
    problems: list[FileProblem] = []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            entered = import_sheets(round_, source=file.read(), filename=file.name, actor=account_of(request))
        except FileProblems as found:
            problems = found.problems
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            shown = [
                {"expert": f"{one.expert.name} ({one.expert.code})", **receipt_document(round_, ballot)}
                for one, ballot in entered
            ]
            return _show_receipts(request, round_, shown)
    context = {
        "round": round_,
        "form": form,
        "problems": problems,
        "waiting": len(enterable_in(round_)),
        "form_url": f"{reverse('weighting:round-sheet', args=[pk])}?{SEVERAL}",
    }
    return answer_form(request, "weighting/manager/round_sheets.html", context)


@audience(MANAGERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_sheet(request: HttpRequest, pk: int, invitation_pk: int) -> HttpResponse:
    """Take one expert's filled-in form; the receipt is shown once, to hand on."""
    round_ = get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
    invitation = get_object_or_404(invitations_of(round_).select_related("expert", "round"), pk=invitation_pk)
    receipt = shown_before(request)
    if receipt is not None:
        return _show_receipt(request, invitation, receipt)
    form = SheetBallotForm(*sent_data(request))
    problems: list[FileProblem] = []
    context = {"round": round_, "expert": invitation.expert, "invitation": invitation, "form": form}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            ballot = import_sheet(
                invitation, source=file.read(), filename=file.name, actor=account_of(request)
            )
        except FileProblems as found:
            problems = found.problems
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            return _show_receipt(request, invitation, receipt_document(round_, ballot))
    context |= {"problems": problems}
    return answer_form(request, "weighting/manager/invitation_sheet.html", context)


def _show_receipts(request: HttpRequest, round_: Round, shown: list[dict[str, Any]]) -> HttpResponse:
    receipts = []
    for one in shown:
        document = {name: value for name, value in one.items() if name != "expert"}
        file = json.dumps(document, ensure_ascii=False)
        receipts.append({"expert": one["expert"], "receipt": document, "file": file})
    context = {"round": round_, "receipts": receipts}
    return render_once(request, "weighting/manager/sheet_receipts.html", context, shown=shown)


def _show_receipt(request: HttpRequest, invitation: Invitation, receipt: dict[str, Any]) -> HttpResponse:
    context = {
        "round": invitation.round,
        "expert": invitation.expert,
        "receipt": receipt,
        "receipt_file": json.dumps(receipt, ensure_ascii=False),
    }
    return render_once(request, "weighting/manager/sheet_receipt.html", context, shown=receipt)
