"""What an expert is told before the first item, and how a browser comes to hold the ballot."""

from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from weighting.enums import Feedback, Rule
from weighting.forms.terms import ConsentForm
from weighting.keyring import KeyRing
from weighting.models import Invitation, Round
from weighting.moments import minutes_for
from weighting.requests import remember_language
from weighting.selectors.ballots import is_open, item_count_of, notes_of
from weighting.selectors.claims import Claim, new_key, secret_of
from weighting.services.claims import claim_ballot
from weighting.views.pending import forget_pending


def terms_context(invitation: Invitation, form: ConsentForm) -> dict[str, Any]:
    """Return what the terms tell: who is asked what, how long that takes, what becomes of it."""
    told = told_beforehand(invitation.round)
    return {"invitation": invitation, "expert": invitation.expert, "form": form, **told}


def told_beforehand(round_: Round) -> dict[str, Any]:
    """Return what the terms of a round tell everybody."""
    item_count = item_count_of(round_)
    return {
        "round": round_,
        "is_open": is_open(round_),
        "item_count": item_count,
        "minutes": minutes_for(item_count),
        "may_abstain": round_.rule == Rule.NORMALISED_MEAN,
        "keeps_links": round_.feedback == Feedback.OWN,
        "feeds_back": round_.feedback != Feedback.NONE,
        "notes": notes_of(round_),
    }


@sensitive_variables()
def begin(request: HttpRequest, invitation: Invitation, *, conflict: str, anew: bool = False) -> HttpResponse:
    """Claim the invitation for this browser, under a new ballot key."""
    key = new_key()
    secret = secret_of(invitation, key)
    ring = KeyRing.of(request)
    others = tuple(each.secret for each in ring.held)
    claim_ballot(Claim(invitation, secret, key, others), conflict=conflict, anew=anew)
    return welcome(request, invitation, ring.using(key, secret))


def welcome(request: HttpRequest, invitation: Invitation, ring: KeyRing) -> HttpResponse:
    """Lead to the ballot that the ring opens, in the expert's language."""
    # Somebody of the staff may have been signed in here.
    logout(request)
    response = redirect("weighting:ballot")
    ring.keep_in(response)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, invitation.language)
    return forget_pending(response)
