"""The register of an import whose units no register has."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from indexer.forms.registers import NewRegisterForm
from indexer.intake.new_units import facts_of_units
from indexer.models import DataImport
from indexer.selectors.register_search import are_countries
from indexer.services.import_registers import choose_countries, make_register, unit_table_of
from indexer.views.data.data_imports import draft_of, frame_of, next_step
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import STAFF, audience
from weighting.readers import FileProblems
from weighting.sentences import join_sentences
from weighting.views.answers import answer_form
from weighting.visitors import account_of


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def import_register(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a register of the units of an import, or take the countries of the world."""
    account = account_of(request)
    draft = draft_of(account, pk)
    try:
        if request.method == "POST" and "countries" in request.POST:
            return redirect(next_step(choose_countries(draft, actor=account)))
        facts = facts_of_units(unit_table_of(draft))
    except Refused as refusal:
        messages.error(request, join_sentences(refusal.blockers))
        return redirect("indexer:import-terms", pk=pk)
    except FileProblems as found:
        messages.error(request, str(found))
        return redirect("indexer:import-mapping", pk=pk)
    initial = {"name_zh": draft.name_zh, "name_en": draft.name_en, "code": facts.likely_code}
    form = NewRegisterForm(request.POST if request.method == "POST" else None, facts=facts, initial=initial)
    if request.method == "POST" and form.is_valid() and (made := _make(draft, form, account)):
        messages.success(request, _made_words(made))
        return redirect(next_step(made))
    context = {
        **frame_of(draft, "mapping"),
        "form": form,
        "facts": facts,
        "are_countries": are_countries(draft.units),
        "cancel_url": reverse("indexer:import-mapping", args=[pk]),
    }
    return answer_form(request, "indexer/data/import_register.html", context)


def _make(draft: DataImport, form: NewRegisterForm, actor: Account) -> DataImport | None:
    """Return the draft with the register that was made, or none with what is wrong told by the form."""
    said = form.cleaned_data
    try:
        return make_register(draft, words=form.words(), actor=actor, code=said["code"], group=said["group"])
    except Refused as refusal:
        form.add_error(None, list(refusal.blockers))
    except FileProblems as found:
        form.add_error(None, str(found))
    return None


def _made_words(draft: DataImport) -> str:
    unclear = sum(not to for to, _how in draft.row_targets)
    if not unclear:
        return _("The register is made. Every row of the file has its unit.")
    message = ngettext(
        "The register is made. %(count)d row of the file needs a look.",
        "The register is made. %(count)d rows of the file need a look.",
        unclear,
    )
    return message % {"count": unclear}
