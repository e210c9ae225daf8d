"""The ballot key: as a picture to keep, and that of an earlier round to type."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from weighting.exceptions import Refused
from weighting.forms.codes import KeyForm
from weighting.key_picture import draw_key
from weighting.keyring import KeyRing
from weighting.requests import client_address
from weighting.selectors.claims import earlier_invitation
from weighting.selectors.codes import normalise_code
from weighting.sentences import join_sentences
from weighting.services.claims import link_earlier, redeem_key
from weighting.views.ballot import expert_page, show_ballot
from weighting.visitors import claim_with_round_of


@expert_page
@require_safe
def key_picture(request: HttpRequest) -> HttpResponse:
    """Show the ballot key as a picture, which every phone can keep."""
    claim = claim_with_round_of(request)
    if not claim.key:
        return redirect("weighting:ballot")
    round_ = claim.invitation.round
    lines = [
        round_.title,
        _("Open until %(deadline)s") % {"deadline": round_.deadline_text},
        _("On another device: open your link, then type this key."),
    ]
    response = HttpResponse(draw_key(_("Your ballot key"), claim.key_text, lines), content_type="image/png")
    response["Content-Disposition"] = f'inline; filename="ballot-key-{round_.pk}.png"'
    return response


@expert_page
@require_POST
def earlier_key(request: HttpRequest) -> HttpResponse:
    """Take the key of the round before, and show the expert's scores of then beside the items."""
    claim, form = claim_with_round_of(request), KeyForm(request.POST)
    earlier = earlier_invitation(claim.invitation)
    if earlier is None:
        return redirect("weighting:ballot")
    if form.is_valid():
        typed = form.cleaned_data["key"]
        try:
            secret = redeem_key(earlier, typed, address=client_address(request))
        except Refused as refusal:
            form.add_error("key", join_sentences(refusal.blockers))
        else:
            link_earlier(claim, secret)
            response = redirect("weighting:ballot")
            KeyRing.of(request).holding(normalise_code(typed), secret).keep_in(response)
            return response
    return show_ballot(request, claim, earlier_form=form, status=422)
