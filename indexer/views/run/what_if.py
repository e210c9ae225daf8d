"""What-if: other weights on a finished run, in the browser as a slider moves, or by the server."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from indexer.forms.what_if import DraftForm, field_name, percent_text, read_typed_weights
from indexer.models import Run
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.weight_state import WHOLE, WeightStateError, state_text
from indexer.selectors.what_if import WhatIf, is_too_large, what_if_of
from indexer.selectors.withheld import codes_kept_back
from indexer.views.run.what_if_words import (
    DIGITS,
    fault_words,
    file_headings,
    file_rows,
    lines_of,
    names_beyond_lines,
    no_ranking_context,
    results_context,
    server_words,
)
from indexer.views.shared.exports import run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.tables import render_part
from indexer.views.shared.unranked import unranked_rows_of
from weighting.exceptions import Refused
from weighting.exports import Fact
from weighting.models import WeightVersion
from weighting.permissions import ANYONE, STAFF, audience
from weighting.selectors.frameworks import weighs_framework
from weighting.selectors.versions import versions_visible_to
from weighting.services.version_sources import draft_reweighted_version
from weighting.views.answers import UNPROCESSABLE, answer_refusal
from weighting.views.files import asked_format, save_links, table_answer
from weighting.visitors import account_of, visitor_of

# Units that an address may hold fast.
MOST_PINS = 50
# In the address: every line, for whoever reads without scripts.
ALL_LINES = "all"


@audience(ANYONE)
@require_http_methods(["GET", "HEAD", "POST"])
def what_if(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the ranks under the weights of ``?w=``; POST takes typed weights to such an address."""
    return answer_about_run(request, pk, _take if request.method == "POST" else _page)


@audience(ANYONE)
@require_safe
def what_if_data(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with what the weights are applied to: (leaves, units) doubles, nan where missing."""
    run = finished_run(request, pk)
    if codes_kept_back([run]) or is_too_large(run):
        raise Http404
    # The values follow from the data and the method alone, whatever the weights.
    etag = f'"{run.data_sha256}-{run.method_id}-{run.code_version}"'
    answer = get_conditional_response(request, etag=etag)
    if answer is None:
        answer = HttpResponse(what_if_of(run).terms, content_type="application/octet-stream")
        answer.headers["ETag"] = etag
    # Whoever asks again is held against the permissions again, and gets no second copy.
    patch_cache_control(answer, private=True, no_cache=True)
    return answer


@audience(ANYONE)
@require_safe
def what_if_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with every rank under the weights of ``?w=`` as a file."""
    run, text = finished_run(request, pk), request.GET.get("w", "")
    try:
        tried = what_if_of(run, text)
        rows = file_rows(tried)
    except (WeightStateError, CompositeError):
        raise Http404 from None
    facts = [*run_facts(run), Fact("weights_tried", _("Weights tried"), text)]
    return table_answer(asked_format(request), f"what-if-{run.pk}", file_headings(tried), rows, facts)


@audience(STAFF)
@require_POST
def what_if_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the tried weights as a draft version."""
    run, account = finished_run(request, pk), account_of(request)
    if not weighs_framework(account, run.data_set.framework):
        raise Http404
    text = request.POST.get("w", "")
    form = DraftForm(request.POST)
    try:
        tried = what_if_of(run, text)
    except WeightStateError:
        return redirect(_address(run, ""))
    if not form.is_valid():
        return _render(request, tried, form=form, status=UNPROCESSABLE)
    versions: QuerySet[WeightVersion] = versions_visible_to(account)
    try:
        draft = draft_reweighted_version(
            get_object_or_404(versions, pk=run.weight_version_id),
            local_weights=dict(zip(tried.tree.codes, tried.local.tolist(), strict=True)),
            actor=account,
            **form.cleaned_data,
        )
    except Refused as refusal:
        return answer_refusal(request, refusal, back=_address(run, text))
    messages.success(request, _("The draft is made. Check the weights, then freeze them."))
    return redirect("weighting:version-detail", pk=draft.pk)


def _take(request: HttpRequest, run: Run) -> HttpResponse:
    """Read the typed weights and go to the address that holds them."""
    try:
        tried = what_if_of(run, request.POST.get("w", ""))
    except WeightStateError:
        return redirect(_address(run, ""))
    typed = read_typed_weights(request.POST, tried)
    if typed.problems:
        return _render(
            request, tried, problems=list(typed.problems), typed=request.POST, status=UNPROCESSABLE
        )
    return redirect(_address(run, state_text(typed.state), _pins(request.POST.get("pin", ""))))


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    text = request.GET.get("w", "")
    try:
        return _render(request, what_if_of(run, text))
    except WeightStateError as error:
        tried = what_if_of(run)
        return _render(request, tried, problems=[fault_words(error)], status=400)


def _render(
    request: HttpRequest,
    tried: WhatIf,
    *,
    problems: list[str] | None = None,
    typed: Any = None,
    form: DraftForm | None = None,
    status: int = 200,
) -> HttpResponse:
    run, text = tried.run, state_text(tried.state)
    pins = _pins((typed or request.GET).get("pin", ""))
    whole = ALL_LINES in request.GET
    export = reverse("indexer:run-what-if-export", args=[run.pk])
    context = {
        **run_context(request, run, "run-what-if"),
        "title": _("What if the weights were others?"),
        "tried": tried,
        "text": text,
        "problems": problems or [],
        "groups": weight_groups(tried, typed or {}),
        "draft_form": form or DraftForm(),
        "may_draft": weighs_framework(visitor_of(request).account, run.data_set.framework),
        "plain_url": reverse("indexer:run-what-if", args=[run.pk]),
        "own_address": _address(run, text, pins),
        "all_address": _address(run, text, pins, **{ALL_LINES: "1"}),
        "link": request.build_absolute_uri(_address(run, text, pins)),
        "pins": ".".join(map(str, pins)),
        "unranked": unranked_rows_of(run),
        "saves": save_links(f"{export}?{urlencode({'w': text})}"),
    }
    try:
        context |= results_context(tried, pins, whole=whole)
    except CompositeError as error:
        context |= no_ranking_context(tried, error)
    # Once the units are there, which tell their register without another query.
    context["register"] = tried.cities.register
    if tried.fits_browser:
        values = reverse("indexer:run-what-if-data", args=[run.pk])
        context["page_data"] = page_data(tried, values, text, pins, whole=whole)
    else:
        context["server_words"] = server_words(tried)
    response = render_part(request, "indexer/run/what_if.html", "indexer/run/_what_if_results.html", context)
    response.status_code = status
    return response


def weight_groups(tried: WhatIf, typed: Any) -> list[dict[str, Any]]:
    """The sibling groups with their fields, each under its parent; only the first is open."""
    tree, weights = tried.tree, tried.local
    groups = []
    for number, group in enumerate(tree.groups):
        parent = tried.nodes[group[0]].parent
        rows = []
        for place in group.tolist():
            node, text = tried.nodes[place], percent_text(weights[place])
            rows.append(
                {
                    "node": node,
                    "name": field_name(node),
                    "value": typed.get(field_name(node), text),
                    "units": round(weights[place] * WHOLE),
                    "nominal": percent_text(tried.own[place]),
                }
            )
        groups.append(
            {
                "number": number,
                "parent": parent,
                "rows": rows,
                "is_open": number == 0 or number in tried.state,
                "is_changed": number in tried.state,
                "is_single": len(group) == 1,
            }
        )
    return groups


def page_data(
    tried: WhatIf, values_url: str, text: str = "", pins: Sequence[int] = (), *, whole: bool = False
) -> dict[str, Any]:
    """What the browser needs beside the values: the tree, how it is formed, the nominal weights and ranks."""
    formed, cities = tried.formed, tried.cities
    return {
        "parents": tried.tree.parents.tolist(),
        "local": tried.own.tolist(),
        "whole": WHOLE,
        "scale": tried.run.method.scale,
        "digits": tried.run.method.digits_or(DIGITS),
        "cities": list(cities.ids),
        "names": names_beyond_lines(tried, whole=whole),
        "lines": lines_of(tried),
        "nominal": tried.nominal_ranks.tolist(),
        "formed": {"codes": formed.aggregations, "whole": formed.whole, "floor": formed.floor},
        "missing": tried.has_missing,
        "state": text,
        "pins": list(pins),
        "dataUrl": values_url,
        "words": {
            "up": _("up"),
            "down": _("down"),
            "unchanged": _("unchanged"),
            "none": _("none"),
            "hold": _("Hold in view"),
        },
    }


def _pins(text: str) -> list[int]:
    """Read the units held fast; what is not a number is left out."""
    found = [int(word) for word in text.split(".") if word.isdecimal() and len(word) < 10]
    return list(dict.fromkeys(found))[:MOST_PINS]


def _address(run: Run, text: str, pins: list[int] | None = None, **further: str) -> str:
    """Return the page's address with a state and the units held fast."""
    query = {"w": text, "pin": ".".join(map(str, pins or [])), **further}
    kept = {key: value for key, value in query.items() if value}
    return reverse("indexer:run-what-if", args=[run.pk]) + (f"?{urlencode(kept)}" if kept else "")
