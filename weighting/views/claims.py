"""A ballot that was begun in another browser: going on by its key, beginning anew, saying “not me”."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from weighting.exceptions import Refused, TooManyKeys
from weighting.forms.codes import KeyForm
from weighting.forms.terms import ConsentForm
from weighting.keyring import KeyRing
from weighting.models import Invitation
from weighting.permissions import ANYONE, audience
from weighting.requests import client_address
from weighting.selectors.ballots import is_open
from weighting.selectors.claims import is_claimable
from weighting.selectors.codes import normalise_code
from weighting.sentences import join_sentences
from weighting.services.claims import dispute_claim, redeem_key
from weighting.views.pending import pending_link
from weighting.views.welcome import begin, terms_context, welcome


@audience(ANYONE)
@never_cache
@require_POST
@sensitive_post_parameters("key")
@sensitive_variables()
def enter_key(request: HttpRequest) -> HttpResponse:
    """Let the ballot key open the ballot here too."""
    invitation = _claimed_invitation(request)
    if invitation is None:
        return redirect("weighting:confirm-link")
    form, status = KeyForm(request.POST), 422
    if form.is_valid():
        typed = form.cleaned_data["key"]
        try:
            secret = redeem_key(invitation, typed, address=client_address(request))
        except Refused as refusal:
            form.add_error("key", join_sentences(refusal.blockers))
            status = 429 if isinstance(refusal, TooManyKeys) else 422
        else:
            return welcome(request, invitation, KeyRing.of(request).using(normalise_code(typed), secret))
    return claimed_page(request, invitation, form=form, status=status)


@audience(ANYONE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def begin_anew(request: HttpRequest) -> HttpResponse:
    """Show the terms once more; POST takes the unsealed ballot's place by an empty one."""
    invitation = _claimed_invitation(request)
    if invitation is None or invitation.sealed or not is_open(invitation.round):
        return redirect("weighting:confirm-link")
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return begin(request, invitation, conflict=form.declared, anew=True)
        except Refused:
            # Sealed, closed or removed meanwhile: the page of the link says which.
            return redirect("weighting:confirm-link")
    context = terms_context(invitation, form)
    return render(request, "weighting/begin_anew.html", context, status=422 if form.is_bound else 200)


@audience(ANYONE)
@never_cache
@require_POST
def not_me(request: HttpRequest) -> HttpResponse:
    """Record that the expert did not begin this ballot."""
    invitation = _claimed_invitation(request)
    if invitation is None:
        return redirect("weighting:confirm-link")
    dispute_claim(invitation)
    invitation.disputed = True
    return claimed_page(request, invitation)


def claimed_page(
    request: HttpRequest, invitation: Invitation, *, form: KeyForm | None = None, status: int = 200
) -> HttpResponse:
    """Say that the ballot was begun in another browser, and every way on from here."""
    context = {
        "invitation": invitation,
        "round": invitation.round,
        "expert": invitation.expert,
        "form": form or KeyForm(),
        "may_begin_anew": not invitation.sealed and is_open(invitation.round),
    }
    return render(request, "weighting/claimed.html", context, status=status)


def _claimed_invitation(request: HttpRequest) -> Invitation | None:
    """Return the invitation of the link that waits, if somebody has claimed it."""
    link = pending_link(request)
    invitation = link.invitation if link else None
    return invitation if invitation and not is_claimable(invitation) else None
