"""Weights that a data set proposes: for comparison only."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from indexer.forms.proposals import ProposalForm
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.services.proposals import propose_weights
from indexer.words import data_set_name
from weighting.enums import VersionSource, VersionStatus
from weighting.exceptions import Refused
from weighting.models import WeightVersion
from weighting.permissions import STAFF, audience
from weighting.selectors.frameworks import frameworks_weighted_by
from weighting.selectors.versions import versions_visible_to
from weighting.views.answers import answer_form, sent_data
from weighting.visitors import account_of

# Half a percentage point of the importance is worth a word.
FAR = 0.005


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def data_set_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a method; POST drafts what it proposes, or says why it proposes nothing."""
    account = account_of(request)
    weighed = data_sets_visible_to(account).filter(framework__in=frameworks_weighted_by(account))
    data_set = get_object_or_404(weighed.defer(None), pk=pk)
    aims = (
        versions_visible_to(account)
        .filter(framework=data_set.framework_id)
        .exclude(status=VersionStatus.DRAFT)
    )
    form = ProposalForm(*sent_data(request)[:1], versions=aims.order_by("number"))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            version = propose_weights(
                data_set,
                method=VersionSource(said["method"]),
                label_zh=said["label_zh"],
                label_en=said["label_en"],
                actor=account,
                aim=said["aim"],
            )
        except Refused as refusal:
            form.add_error("method", list(refusal.blockers))
        else:
            messages.success(request, _("The proposal is drafted. Compare it with other versions."))
            _tell_what_was_not_reached(request, version)
            return redirect("weighting:version-detail", pk=version.pk)
    context = {
        "data_set": data_set,
        "name": data_set_name(data_set),
        "form": form,
        "cancel_url": reverse("indexer:data-set-detail", args=[pk]),
    }
    return answer_form(request, "indexer/data/data_set_propose.html", context)


def _tell_what_was_not_reached(request: HttpRequest, version: WeightVersion) -> None:
    """Say how far importance stays from what was meant, where no weights bring it nearer."""
    furthest = version.evidence.get("furthest", 0.0)
    if furthest > FAR:
        message = _(
            "Importance stays up to %(points)s percentage points from what was meant: siblings that move"
            " together share it whatever they weigh."
        )
        messages.warning(request, message % {"points": f"{furthest * 100:.1f}"})
