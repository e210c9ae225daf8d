"""The method of a ranking becomes that of its data, so that the ranking can be published."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from indexer.forms.adoption import AdoptionForm
from indexer.method_words import method_words
from indexer.selectors.methods import names_in_method
from indexer.selectors.runs import runs_visible_to
from indexer.services.adoption import adopt_method
from indexer.words import data_set_name
from weighting.exceptions import Refused
from weighting.permissions import STAFF, audience
from weighting.views.answers import answer_form, sent_data
from weighting.visitors import account_of


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def run_adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what becomes of the data; POST stores their next editions, or says what keeps them back."""
    account = account_of(request)
    run = get_object_or_404(runs_visible_to(account), pk=pk)
    form = AdoptionForm(*sent_data(request)[:1])
    if request.method == "POST" and form.is_valid():
        try:
            made = adopt_method(run, **form.cleaned_data, actor=account)
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            words = ngettext(
                "%(count)d edition is stored: its rankings by this method can be published.",
                "%(count)d editions are stored: their rankings by this method can be published.",
                len(made),
            )
            messages.success(request, words % {"count": len(made)})
            newest = next((one for one in made if one.year == run.data_set.year), made[-1])
            return redirect("indexer:data-set-detail", pk=newest.pk)
    methods = {"method": run.method, "own_method": run.data_set.method}
    context = {
        **{
            at: method_words(method, names_in_method(method, run.data_set.framework_id))
            for at, method in methods.items()
        },
        "name": data_set_name(run.data_set),
        "form": form,
        "cancel_url": reverse("indexer:run-detail", args=[pk]),
    }
    return answer_form(request, "indexer/run/adopt_method.html", context)
