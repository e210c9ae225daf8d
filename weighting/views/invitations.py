"""The panel of an open round: links, experts added and removed, notes."""

from collections.abc import Callable, Mapping
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.mail import has_mail_server
from weighting.enums import RoundState
from weighting.exceptions import Refused
from weighting.forms.invitations import AddressForm, ExpertForm, NoteForm
from weighting.models import Invitation, Round
from weighting.permissions import MANAGERS, audience
from weighting.qr import qr_svg
from weighting.selectors.ballots import notes_of
from weighting.selectors.handing import next_to_hand_to
from weighting.selectors.rounds import invitations_of, rounds_visible_to
from weighting.services.access import (
    replace_invitation_link,
    replace_unsealed_links,
    revoke_invitation_links,
)
from weighting.services.addresses import correct_address
from weighting.services.codes import issue_invitation_code
from weighting.services.handing import invitation_to_paste, mark_handed
from weighting.services.invitations import add_experts, add_note, remove_expert
from weighting.services.mail import link_address
from weighting.views.answers import answer_act, answer_form, answer_refusal, sent_data
from weighting.views.handing import EVERYBODY, given_in, on_the_list
from weighting.views.shown_once import render_once, shown_before
from weighting.visitors import account_of


@audience(MANAGERS)
@require_safe
def invitation_detail(request: HttpRequest, pk: int, invitation_pk: int) -> HttpResponse:
    """One expert of a round: what they got, and what the manager may do."""
    invitation = _invitation_or_404(request, pk, invitation_pk)
    context = {
        "round": invitation.round,
        "invitation": invitation,
        "expert": invitation.expert,
        "is_open": invitation.round.state == RoundState.OPEN,
        "was_handed": invitation.access_links.filter(revoked=False, handed=True).exists(),
        "yes_no": ",".join([_("yes"), _("no")]),
    }
    return render(request, "weighting/manager/invitation_detail.html", context)


@audience(MANAGERS)
@never_cache
@require_POST
@sensitive_variables("key", "code", "text", "context")
def invitation_link(request: HttpRequest, pk: int, invitation_pk: int) -> HttpResponse:
    """Make one expert a new personal link and code and show them, this once.

    Whose link was handed out before is noted in the same step: through a panel it is one press for each.
    """
    invitation = _invitation_or_404(request, pk, invitation_pk)
    account, key = account_of(request), shown_before(request)
    if key is None:
        try:
            mark_handed(invitation.round, invitations=given_in(request), actor=account)
            key = _key_of(invitation, replace_invitation_link(invitation, actor=account))
        except Refused as refusal:
            return answer_refusal(request, refusal, back=_round_address(invitation.round))
    everybody = EVERYBODY in request.POST
    context = {
        "round": invitation.round,
        "invitation": invitation,
        "expert": invitation.expert,
        "subtitle": " · ".join(filter(None, [invitation.expert.code, invitation.expert.organisation])),
        "text": invitation_to_paste(invitation, link=key["link"], actor=account),
        "next": next_to_hand_to(on_the_list(invitation.round, everybody=everybody), invitation),
        "is_everybody": everybody,
        "code_address": _code_address(),
        **_pictured(key),
    }
    return render_once(request, "weighting/manager/invitation_link.html", context, shown=key)


@audience(MANAGERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def round_links(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what new links do to those handed out; POST makes them, as a sheet to print, this once."""
    round_ = _round_or_404(request, pk)
    if request.method != "POST":
        return _ask(request, round_, _new_links_words())
    made = shown_before(request)
    if made is None:
        try:
            new = replace_unsealed_links(round_, actor=account_of(request))
        except Refused as refusal:
            return answer_refusal(request, refusal, back=_round_address(round_))
        made = [[invitation.pk, _key_of(invitation, token)] for invitation, token in new]
    invited = invitations_of(round_).select_related("expert", "round").in_bulk([pk for pk, _key in made])
    keys = [{"invitation": invited[pk], **_pictured(key)} for pk, key in made if pk in invited]
    context = {"round": round_, "keys": keys, "code_address": _code_address()}
    return render_once(request, "weighting/manager/round_links.html", context, shown=made)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_revoke(request: HttpRequest, pk: int, invitation_pk: int) -> HttpResponse:
    """Say what revoking does; POST lets the links of an expert stop working."""
    invitation = _invitation_or_404(request, pk, invitation_pk)
    if request.method == "POST":
        revoke_invitation_links(invitation, actor=account_of(request))
        messages.success(request, _("No link or code of this expert works any more."))
        return redirect("weighting:round-detail", pk=pk)
    context = {
        "title": _("Revoke the links of %(name)s") % {"name": invitation.expert.name},
        "consequences": [
            _("Every link and code of this expert stops working."),
            _("The browser in which the ballot was begun keeps it."),
            _("What was scored stays, and a sealed ballot counts."),
        ],
        "submit": _("Revoke the links"),
    }
    return _ask(request, invitation.round, context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_remove(request: HttpRequest, pk: int, invitation_pk: int) -> HttpResponse:
    """Say what removing does; POST takes the expert off the round."""
    invitation = _invitation_or_404(request, pk, invitation_pk)
    if request.method == "POST":
        remove = partial(remove_expert, invitation)
        return _act(request, invitation.round, remove, _("The expert is removed from the round."))
    context = {
        "title": _("Remove %(name)s from the round") % {"name": invitation.expert.name},
        "consequences": [
            _("What they have answered is not counted; it is deleted at the close."),
            _("Every link and code of this expert stops working."),
            _("Once they have sealed it is too late: nobody can tell which ballot is theirs."),
        ],
        "submit": _("Remove the expert"),
        "kind": "danger",
    }
    return _ask(request, invitation.round, context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_address(request: HttpRequest, pk: int, invitation_pk: int) -> HttpResponse:
    """Ask for the right address of an expert; POST corrects it. What is not known the panel's page takes."""
    invitation = _invitation_or_404(request, pk, invitation_pk)
    if not invitation.expert.email:
        return redirect("weighting:panel-addresses", pk=invitation.round.panel_id)
    sent = request.POST if request.method == "POST" else None
    form = AddressForm(sent, initial={"email": invitation.expert.email})
    if request.method == "POST" and form.is_valid():
        try:
            correct_address(invitation, email=form.cleaned_data["email"], actor=account_of(request))
        except Refused as refusal:
            form.add_error("email", list(refusal.blockers))
        else:
            messages.success(request, _address_text())
            return redirect("weighting:invitation-detail", pk=pk, invitation_pk=invitation_pk)
    context = {"round": invitation.round, "invitation": invitation, "expert": invitation.expert, "form": form}
    return answer_form(request, "weighting/manager/invitation_address.html", context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def expert_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for one more expert; POST invites them."""
    round_ = _round_or_404(request, pk)
    form = ExpertForm(*sent_data(request), panel=round_.panel)
    if request.method == "POST" and form.is_valid():
        try:
            [invitation] = add_experts(round_, people=[form.person()], actor=account_of(request))
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            messages.success(request, _invited_text(invitation.expert.email))
            return redirect("weighting:invitation-detail", pk=pk, invitation_pk=invitation.pk)
    return answer_form(request, "weighting/manager/expert_add.html", {"round": round_, "form": form})


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def round_notes(request: HttpRequest, pk: int) -> HttpResponse:
    """The dated notes of a round; POST adds one while it is open."""
    round_ = _round_or_404(request, pk)
    form = NoteForm(*sent_data(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        note = partial(add_note, round_, text_zh=said["text_zh"], text_en=said["text_en"])
        return _act(request, round_, note, _("The note stands on every ballot now."))
    context = {
        "round": round_,
        "form": form,
        "notes": notes_of(round_),
        "is_open": round_.state == RoundState.OPEN,
    }
    return answer_form(request, "weighting/manager/round_notes.html", context)


def _new_links_words() -> dict[str, object]:
    return {
        "title": _("New links for all who have not sealed"),
        "consequences": [
            _("Every link and code that these experts hold stops working, printed and mailed ones too."),
            _("What they have scored stays: it opens in their own browser, or with their ballot key."),
            _("A sheet with one personal link and code for each expert is shown once, ready to print."),
        ],
        "submit": _("Make new links"),
    }


def _key_of(invitation: Invitation, token: str) -> dict[str, str]:
    """Return what opens the ballot: the link and a new code."""
    return {"link": link_address(token), "code": issue_invitation_code(invitation)}


def _pictured(key: dict[str, str]) -> dict[str, str]:
    return {**key, "picture": qr_svg(key["link"])}


def _invited_text(email: str) -> str:
    if has_mail_server() and email:
        return _("The expert is invited. Make a link here to hand out, or invite by e-mail.")
    return _("The expert is invited. Make a link here to hand out.")


def _address_text() -> str:
    if has_mail_server():
        return _("The address is corrected. Make a link here to hand out, or invite by e-mail.")
    return _("The address is corrected. Make a link here to hand out.")


def _code_address() -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse("weighting:enter-code")


def _ask(request: HttpRequest, round_: Round, context: Mapping[str, object]) -> HttpResponse:
    return render(request, "weighting/manager/confirm_act.html", {"round": round_, **context})


def _act(request: HttpRequest, round_: Round, service: Callable[..., object], done: str) -> HttpResponse:
    act = partial(service, actor=account_of(request))
    return answer_act(request, act, done=done, back=_round_address(round_))


def _round_address(round_: Round) -> str:
    return reverse("weighting:round-detail", args=[round_.pk])


def _round_or_404(request: HttpRequest, pk: int) -> Round:
    return get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)


def _invitation_or_404(request: HttpRequest, pk: int, invitation_pk: int) -> Invitation:
    invitations = invitations_of(_round_or_404(request, pk)).select_related("expert", "round__framework")
    return get_object_or_404(invitations, pk=invitation_pk)
