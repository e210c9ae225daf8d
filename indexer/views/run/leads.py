"""Cities that rank better on one score than on others, as a page and as a file."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from indexer.forms.leads import LeadForm
from indexer.models import Run
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.profiles import Lead, Leads
from indexer.views.shared.exports import place_cells, place_headings, run_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from weighting.exports import Heading
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer

PAGE_SIZE = 50


@audience(ANYONE)
@require_safe
def run_leads(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the dark horses, or who leads on the score asked for over another."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def leads_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with all leads as a file."""
    run = finished_run(request, pk)
    leads = Leads(node_scores_of(run))
    form = LeadForm(request.GET, nodes=leads.scores.nodes)
    if not form.is_valid():
        raise Http404
    columns = shown_columns(leads, form)
    headings = [
        *place_headings(leads.scores.cities.register),
        Heading("better_in", _("Better in")),
        *(Heading(f"rank_{code}", _("Rank: %(name)s") % {"name": name}) for code, name, _ranks in columns),
        Heading("lead", _("Lead, places")),
    ]
    rows = _file_rows(leads, form.find(leads), columns)
    return table_answer(asked_format(request), f"leads-{run.pk}", headings, rows, run_facts(run))


def shown_columns(leads: Leads, form: LeadForm) -> list[tuple[str, str, FloatArray]]:
    """Return code, name and ranks of the scores that stand beside each other."""
    nodes: list[Indicator | None] = [None, *leads.sub_indices]
    for name in ("node", "over"):
        chosen = form.indicator(name)
        if chosen and chosen not in nodes:
            nodes.append(chosen)
    return [
        (node.code, node.name, leads.ranks_on(node))
        if node
        else ("composite", _("Composite score"), leads.composite)
        for node in nodes
    ]


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    leads = Leads(node_scores_of(run))
    form = LeadForm(request.GET, nodes=leads.scores.nodes)
    context = run_context(run, "run-leads") | {"form": form}
    if not form.is_valid():
        context |= {"title": _("Leads of one rank over others"), "columns": []}
        return render(request, "indexer/run/leads.html", context, status=400)
    found, columns = form.find(leads), shown_columns(leads, form)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context |= {
        "title": _finding(leads, found, form),
        "rule": _rule(leads, form),
        "columns": [name for _code, name, _ranks in columns],
        "register": leads.scores.cities.register,
        "lead_count": len(found),
        "page_obj": page,
        "rows": [_row(leads, lead, columns) for lead in page.object_list],
        "saves": save_links(f"{reverse('indexer:run-leads-export', args=[run.pk])}?{urlencode(form.data)}"),
    }
    return render(request, "indexer/run/leads.html", context)


def _finding(leads: Leads, found: Sequence[Lead], form: LeadForm) -> str:
    count = len({lead.position for lead in found})
    register = leads.scores.cities.register
    words = {"count": count, "unit": register.unit, "units": register.units}
    if form.cleaned_data["over"]:
        return ngettext(
            "%(count)s %(unit)s ranks better in “%(node)s” than in “%(over)s” by more than %(places)s places",
            "%(count)s %(units)s rank better in “%(node)s” than in “%(over)s” by more than %(places)s places",
            count,
        ) % {
            **words,
            "node": _name(form.indicator("node")),
            "over": _name(form.indicator("over")),
            "places": form.threshold,
        }
    if form.cleaned_data["node"]:
        return ngettext(
            "%(count)s %(unit)s is a dark horse in “%(node)s”",
            "%(count)s %(units)s are dark horses in “%(node)s”",
            count,
        ) % {**words, "node": _name(form.indicator("node"))}
    return (
        ngettext(
            "%(count)s %(unit)s is a dark horse in one sub-index",
            "%(count)s %(units)s are dark horses in one sub-index",
            count,
        )
        % words
    )


def _name(node: Indicator | None) -> str:
    return node.name if node else _("Composite score")


def _rule(leads: Leads, form: LeadForm) -> str:
    """State the rule that the cities passed."""
    if form.cleaned_data["over"]:
        return _(
            "The rule: the rank of the %(unit)s in the first score is more than %(places)s places better "
            "than in the second."
        ) % {"places": form.threshold, "unit": leads.scores.cities.register.unit}
    if len(leads.sub_indices) == 1:
        return _("There is one sub-index alone, so none leads another: choose two scores to compare.")
    return _(
        "The rule: a dark horse ranks more than %(places)s places better in one sub-index than in each of "
        "the other %(others)s."
    ) % {"places": form.threshold, "others": len(leads.sub_indices) - 1}


def _row(leads: Leads, lead: Lead, columns: Sequence[tuple[str, str, FloatArray]]) -> dict[str, Any]:
    own = lead.node.code if lead.node else "composite"
    return {
        "city": leads.scores.cities[lead.position],
        "better_in": _name(lead.node),
        "ranks": [(rank_text(ranks[lead.position]), code == own) for code, _name, ranks in columns],
        "places": lead.places,
    }


def rank_text(rank: float) -> str:
    """Write a rank; – where the city has nothing that could be ranked."""
    return "–" if np.isnan(rank) else str(int(rank))


def _file_rows(
    leads: Leads, found: Sequence[Lead], columns: Sequence[tuple[str, str, FloatArray]]
) -> Iterator[list[object]]:
    for lead in found:
        ranks = [ranks[lead.position] for _code, _name, ranks in columns]
        yield [
            *place_cells(leads.scores.cities[lead.position]),
            _name(lead.node),
            *(None if np.isnan(rank) else int(rank) for rank in ranks),
            lead.places,
        ]
