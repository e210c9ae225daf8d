"""Where each indicator of an index is from, and which values may not be given away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from indexer.forms.published import IndicatorTermsTable
from indexer.selectors.published import terms_by_code
from indexer.services.published import describe_indicators
from indexer.views.public.publishing import asked_run_or_404, detail_url, owned_index
from weighting.permissions import MANAGERS, audience
from weighting.selectors.frameworks import along_the_tree, indicators_of
from weighting.views.answers import answer_form
from weighting.visitors import account_of


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def publishing_indicators(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for source and licence of every indicator of a run; POST keeps them for all editions."""
    index, run = owned_index(request, pk), asked_run_or_404(request)
    nodes = along_the_tree(indicators_of(run.data_set.framework_id))
    leaves = [node for node in nodes if node.is_leaf]
    is_sent = request.method == "POST"
    table = IndicatorTermsTable(leaves, terms_by_code(index), request.POST if is_sent else None)
    back = detail_url(index, run)
    if is_sent and table.is_valid():
        describe_indicators(index, terms=table.terms, actor=account_of(request))
        messages.success(request, _("Sources and licences are kept."))
        return redirect(back)
    context = {"index": index, "table": table, "back": back}
    return answer_form(request, "indexer/public/publishing_indicators.html", context)
