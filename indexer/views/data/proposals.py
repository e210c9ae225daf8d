"""Weights that a data set proposes: for comparison only."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from indexer.forms.proposals import ProposalForm
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.services.proposals import propose_weights
from indexer.words import data_set_name
from weighting.enums import VersionSource
from weighting.exceptions import Refused
from weighting.permissions import MANAGERS, audience
from weighting.views.answers import UNPROCESSABLE, sent_data
from weighting.visitors import account_of


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def data_set_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a method; POST drafts what it proposes, or says why it proposes nothing."""
    account = account_of(request)
    data_set = get_object_or_404(data_sets_visible_to(account).defer(None), pk=pk)
    form = ProposalForm(*sent_data(request)[:1])
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            version = propose_weights(
                data_set,
                method=VersionSource(said["method"]),
                label_zh=said["label_zh"],
                label_en=said["label_en"],
                actor=account,
            )
        except Refused as refusal:
            form.add_error("method", list(refusal.blockers))
        else:
            messages.success(request, _("The proposal is drafted. Compare it with other versions."))
            return redirect("weighting:version-detail", pk=version.pk)
    context = {
        "data_set": data_set,
        "name": data_set_name(data_set),
        "form": form,
        "cancel_url": reverse("indexer:data-set-detail", args=[pk]),
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "indexer/data/data_set_propose.html", context, status=status)
