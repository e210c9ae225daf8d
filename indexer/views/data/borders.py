"""Borders of a register: a file of GeoJSON, or the countries that come with the product."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from indexer.forms.borders import BordersForm
from indexer.models import Register, RegisterBorders
from indexer.selectors.borders import border_facts
from indexer.services.borders import bring_borders, bring_country_borders
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import STAFF, audience
from weighting.views.answers import answer_form, answer_refusal
from weighting.visitors import account_of

COUNTRIES = "countries"


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def register_borders(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the borders of the units of a register, or say what the file lacks."""
    register, account = get_object_or_404(Register, pk=pk), account_of(request)
    takes_countries = request.method == "POST" and COUNTRIES in request.POST
    is_sent = request.method == "POST" and not takes_countries
    form = BordersForm(request.POST, request.FILES) if is_sent else BordersForm()
    if takes_countries or (is_sent and form.is_valid()):
        try:
            borders = _bring(register, form, account, takes_countries=takes_countries)
        except Refused as refusal:
            if takes_countries:
                return answer_refusal(request, refusal, back=request.path)
            form.add_error(None, list(refusal.blockers))
        else:
            messages.success(request, _said_of(register, len(borders.shapes)))
            return redirect("indexer:register-detail", pk=register.pk)
    context = {
        "register": register,
        "form": form,
        "facts": border_facts(register.pk),
        "cancel_url": reverse("indexer:register-detail", args=[register.pk]),
    }
    return answer_form(request, "indexer/data/register_borders.html", context)


def _bring(
    register: Register, form: BordersForm, account: Account, *, takes_countries: bool
) -> RegisterBorders:
    if takes_countries:
        return bring_country_borders(register, actor=account)
    said = form.cleaned_data
    return bring_borders(register, source=said["source"], file=said["file"].read(), actor=account)


def _said_of(register: Register, count: int) -> str:
    words = {"count": count, "unit": register.unit, "units": register.units}
    return ngettext("%(count)s %(unit)s has borders.", "%(count)s %(units)s have borders.", count) % words
