"""Spreadsheet and paper ballots: the form to download, and one expert's form to take in."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from weighting.exceptions import Refused
from weighting.forms.uploads import SheetBallotForm
from weighting.manifest import receipt_document
from weighting.models import Invitation
from weighting.permissions import MANAGERS, audience
from weighting.readers import FileProblem, FileProblems
from weighting.selectors.rounds import invitations_of, rounds_visible_to
from weighting.services.sheets import import_sheet
from weighting.views.answers import answer_form, answer_refusal, sent_data
from weighting.views.shown_once import render_once, shown_before
from weighting.visitors import account_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@audience(MANAGERS)
@require_safe
def round_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of an open round, to fill in without a browser."""
    from weighting.services.sheet_form import sheet_form

    round_ = get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
    try:
        form = sheet_form(round_)
    except Refused as refusal:
        return answer_refusal(request, refusal, back=reverse("weighting:round-detail", args=[pk]))
    response = HttpResponse(form, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="ballot-{round_.pk}.xlsx"'
    return response


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


def _show_receipt(request: HttpRequest, invitation: Invitation, receipt: dict[str, Any]) -> HttpResponse:
    context = {
        "round": invitation.round,
        "expert": invitation.expert,
        "receipt": receipt,
        "receipt_file": json.dumps(receipt, ensure_ascii=False),
    }
    return render_once(request, "weighting/manager/sheet_receipt.html", context, shown=receipt)
