"""Units that rank better on one score than on others, as a page and as a file."""

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

from indexer.forms.leads import COMPOSITE, LeadForm
from indexer.models import OutsideSeries, Run
from indexer.selectors.lead_rules import ALL, ANY, TOGETHER, LeadRule, base_ranks, ranks_of_rule
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.profiles import Lead, Leads
from indexer.selectors.series import series_beside
from indexer.views.shared.exports import place_cells, place_headings, run_facts
from indexer.views.shared.narrowed import narrowed_facts, narrowed_note
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.unranked import unranked_rows_of
from weighting.exports import Heading
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray
from weighting.permissions import ANYONE, audience
from weighting.sentences import join_sentences
from weighting.views.files import asked_format, save_links, table_answer
from weighting.visitors import visitor_of

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
    leads, form = _asked(request, run)
    if not form.is_valid():
        raise Http404
    columns = shown_columns(leads, form)
    headings = [
        *place_headings(leads.scores.cities),
        Heading("better_in", _("Better in")),
        *(Heading(f"rank_{code}", _("Rank: %(name)s") % {"name": name}) for code, name, _ranks in columns),
        Heading("lead", _("Lead, places")),
    ]
    rows = _file_rows(leads, form, columns)
    facts = [*run_facts(run), *narrowed_facts(form)]
    return table_answer(asked_format(request), f"leads-{run.pk}", headings, rows, facts)


def _asked(request: HttpRequest, run: Run) -> tuple[Leads, LeadForm]:
    leads = Leads(node_scores_of(run))
    series = list(series_beside(run, visitor_of(request).account))
    scores = leads.scores
    return leads, LeadForm(request.GET, nodes=scores.nodes, series=series, cities=scores.cities)


def shown_columns(leads: Leads, form: LeadForm) -> list[tuple[str, str, FloatArray]]:
    """Return code, name and ranks of the scores that stand beside each other."""
    nodes: list[Indicator | None] = [None, *leads.sub_indices]
    rule = form.rule
    asked = [] if rule is None else [*rule.nodes, rule.base]
    nodes += [node for node in asked if not isinstance(node, OutsideSeries) and node not in nodes]
    columns = [(_code(node), _name(node), leads.ranks_on(node)) for node in nodes]
    if rule is not None and rule.join == TOGETHER:
        columns.append(("together", _joined(rule.nodes), ranks_of_rule(leads, rule)[:, 0]))
    if rule is not None and isinstance(rule.base, OutsideSeries):
        columns.append(("series", rule.base.name, base_ranks(leads, rule.base)))
    return columns


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    leads, form = _asked(request, run)
    context = run_context(request, run, "run-leads") | {"form": form, "unranked": unranked_rows_of(run)}
    if not form.is_valid():
        context |= {"title": _("Leads of one rank over others"), "columns": []}
        return render(request, "indexer/run/leads.html", context, status=400)
    found, columns = form.find(leads), shown_columns(leads, form)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    leads.scores.cities.load(lead.position for lead in page.object_list)
    context |= {
        "title": lead_finding(leads, found, form),
        "rule": lead_rule(leads, form),
        "narrowed": narrowed_note(form, leads.scores.cities.register),
        "columns": [name for _code, name, _ranks in columns],
        "register": leads.scores.cities.register,
        "shown_levels": leads.scores.cities.shown_levels,
        "lead_count": len(found),
        "page_obj": page,
        "rows": [_row(leads, form, lead, columns) for lead in page.object_list],
        "saves": save_links(f"{reverse('indexer:run-leads-export', args=[run.pk])}?{urlencode(form.data)}"),
    }
    return render(request, "indexer/run/leads.html", context)


def lead_finding(leads: Leads, found: Sequence[Lead], form: LeadForm) -> str:
    """Say how many units lead, as was asked."""
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
            "node": _joined(form.nodes),
            "over": _name(form.base),
            "places": form.threshold,
        }
    if form.cleaned_data["node"]:
        return ngettext(
            "%(count)s %(unit)s is a dark horse in “%(node)s”",
            "%(count)s %(units)s are dark horses in “%(node)s”",
            count,
        ) % {**words, "node": _joined(form.nodes)}
    return (
        ngettext(
            "%(count)s %(unit)s is a dark horse in one sub-index",
            "%(count)s %(units)s are dark horses in one sub-index",
            count,
        )
        % words
    )


def _name(score: Indicator | OutsideSeries | None) -> str:
    return score.name if score else _("Composite score")


def _joined(nodes: Sequence[Indicator | None]) -> str:
    return _(", ").join(map(_name, nodes))


def _code(node: Indicator | None) -> str:
    return node.code if node else COMPOSITE


def lead_rule(leads: Leads, form: LeadForm) -> str:
    """State the rule that the units passed."""
    if form.rule is not None:
        sentence = _sentence_of(form.rule) % {
            "places": form.threshold,
            "unit": leads.scores.cities.register.unit,
            "nodes": _joined(form.nodes),
            "over": _name(form.base),
        }
        return join_sentences([sentence, _limit(form.rule)])
    if len(leads.sub_indices) == 1:
        return _("There is one sub-index alone, so none leads another: choose two scores to compare.")
    return ngettext(
        "The rule: a dark horse ranks more than %(places)s places better in one sub-index than in the other.",
        "The rule: a dark horse ranks more than %(places)s places better in one sub-index than in each of "
        "the other %(others)s.",
        len(leads.sub_indices) - 1,
    ) % {"places": form.threshold, "others": len(leads.sub_indices) - 1}


def _sentence_of(rule: LeadRule) -> str:
    if len(rule.nodes) == 1:
        return _(
            "The rule: the rank of the %(unit)s in “%(nodes)s” is more than %(places)s places better than in "
            "“%(over)s”."
        )
    sentences = {
        ALL: _(
            "The rule: in each of %(nodes)s the rank of the %(unit)s is more than %(places)s places better "
            "than in “%(over)s”; the least lead is shown."
        ),
        ANY: _(
            "The rule: in any of %(nodes)s the rank of the %(unit)s is more than %(places)s places better "
            "than in “%(over)s”; the largest lead is shown."
        ),
        TOGETHER: _(
            "The rule: ranked on the sum of %(nodes)s by their weights, the %(unit)s is more than "
            "%(places)s places better than in “%(over)s”."
        ),
    }
    return sentences[rule.join]


def _limit(rule: LeadRule) -> str:
    if rule.within is None:
        return ""
    return _("Only ranks within the first %(count)s lead.") % {"count": rule.within}


def _row(
    leads: Leads, form: LeadForm, lead: Lead, columns: Sequence[tuple[str, str, FloatArray]]
) -> dict[str, Any]:
    led_in = form.led_in(lead)
    own = [_code(node) for node in led_in]
    return {
        "city": leads.scores.cities[lead.position],
        "better_in": _joined(led_in),
        "ranks": [(rank_text(ranks[lead.position]), code in own) for code, _name, ranks in columns],
        "places": lead.places,
    }


def rank_text(rank: float) -> str:
    """Write a rank; – where the unit has nothing that could be ranked."""
    return "–" if np.isnan(rank) else str(int(rank))


def _file_rows(
    leads: Leads, form: LeadForm, columns: Sequence[tuple[str, str, FloatArray]]
) -> Iterator[list[object]]:
    cities, found = leads.scores.cities, form.find(leads)
    for lead, city in zip(found, cities.along([lead.position for lead in found]), strict=True):
        ranks = [ranks[lead.position] for _code, _name, ranks in columns]
        yield [
            *place_cells(cities, city),
            _joined(form.led_in(lead)),
            *(None if np.isnan(rank) else int(rank) for rank in ranks),
            lead.places,
        ]
