"""Provinces, regions or other groups of a run, ranked on any score, as a page and as a file."""

from collections.abc import Iterator, Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.forms.place_choice import PlaceChoice
from indexer.models import Run
from indexer.selectors.levels import level_named
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.place_shares import SharesBeside, shares_beside
from indexer.selectors.places import (
    PlaceRanking,
    PrintedPlace,
    city_weights_of,
    nodes_printed_for_places,
    printed_beside,
    rank_places,
    usual_weight,
)
from indexer.selectors.runs import PERCENT
from indexer.selectors.series import series_beside
from indexer.views.shared.exports import changed_heading, run_facts, series_facts
from indexer.views.shared.place_rows import how_formed, place_rows, printed_rows, share_rows
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.views.shared.ties import who_leads
from indexer.views.shared.unranked import unranked_rows_of
from indexer.words import data_set_name, score_unit, version_name
from weighting.exports import Fact, Heading
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, save_links, table_answer
from weighting.visitors import visitor_of


@audience(ANYONE)
@require_safe
def run_places(request: HttpRequest, pk: int) -> HttpResponse:
    """Rank the provinces, regions or other groups of a finished run."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def places_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the places and what their scores were formed by, as a file."""
    run = finished_run(request, pk)
    form, ranked = _ranked(request, run)
    printed, beside = printed_beside(ranked), _shares(form, ranked)
    level = Fact("level", _("Level"), f"{ranked.level.code}: {ranked.level.name}")
    facts = [*run_facts(run), level, Fact("formed_by", _("Scores of places"), how_formed(ranked))]
    facts += series_facts(beside.series) if beside else []
    name = f"places-{run.pk}"
    headings = [*_headings(ranked, bool(printed)), *(_share_headings(beside) if beside else [])]
    rows = _file_rows(ranked, printed, beside)
    return table_answer(asked_format(request), name, headings, rows, facts)


def places_figure(request: HttpRequest, run: Run) -> charts.Spec:
    """Return the places that the page shows, as a figure."""
    return places_chart(_ranked(request, run)[1])


def _ranked(request: HttpRequest, run: Run) -> tuple[PlaceChoice, PlaceRanking]:
    subject = node_scores_of(run)
    usable = city_weights_of(run)
    form = PlaceChoice(
        request.GET,
        subject=subject,
        weights=usable,
        usual=usual_weight(run, usable),
        series=list(series_beside(run, visitor_of(request).account)),
    )
    ranked = rank_places(
        subject.on(form.chosen),
        level_named(subject.cities, form.chosen_level),
        weight=form.chosen_weight,
        usable=usable,
    )
    form.show_weights(bool(usable) and not ranked.is_sum)
    return form, ranked


def _shares(form: PlaceChoice, ranked: PlaceRanking) -> SharesBeside | None:
    return shares_beside(ranked, form.series) if form.series else None


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    form, ranked = _ranked(request, run)
    beside = _shares(form, ranked)
    query = {"level": ranked.level.code, "node": form.code, "weight": form.data["weight"]}
    query |= {"series": str(beside.series.pk)} if beside else {}
    export = f"{reverse('indexer:run-places-export', args=[run.pk])}?{urlencode(query)}"
    picture = reverse("indexer:run-picture", args=[run.pk, "places", "svg"])
    context = {
        **run_context(request, run, "run-places"),
        "unranked": unranked_rows_of(run),
        "title": places_finding(ranked) if form.tells_apart else _("There are no places to compare"),
        "is_one": len(ranked.places) < 2,
        "tells_apart": form.tells_apart,
        "form": form,
        "ranked": ranked,
        "register": ranked.subject.cities.register,
        "rows": place_rows(ranked),
        "how": how_formed(ranked),
        "printed_rows": printed_rows(ranked, printed_beside(ranked)),
        "printed_nodes": _printed_nodes(ranked),
        "beside": beside,
        "share_heads": _share_headings(beside) if beside else [],
        "share_rows": share_rows(ranked, beside) if beside else [],
        "chart": places_chart(ranked),
        "chart_image": f"{picture}?{urlencode(query)}",
        "saves": save_links(export),
    }
    return render(request, "indexer/run/places.html", context)


def _printed_nodes(ranked: PlaceRanking) -> list[dict[str, str]]:
    """Return the other scores that a publication prints for provinces, with the address of each."""
    printed = nodes_printed_for_places(ranked.subject.run)
    here = ranked.subject.node.pk if ranked.subject.node else None
    nodes = [node for node in ranked.subject.nodes if node.pk in printed and node.pk != here]
    others = [("", _("Composite score"))] if None in printed and here is not None else []
    others += [(node.code, node.name) for node in nodes]
    return [{"query": urlencode({"node": code}), "name": name} for code, name in others]


def places_finding(ranked: PlaceRanking) -> str:
    """Say which place leads, if any does alone."""
    if len(ranked.places) < 2:
        return _("There are no places to compare")
    first, score = ranked.places[ranked.order[0]], ranked.scores[ranked.order[0], 0]
    sharing = int((ranked.scores[:, 0] == score).sum())
    words = {
        "place": first.name,
        "count": len(ranked.places),
        "places": ranked.level.word,
        "share": f"{score * PERCENT:.1f}",
    }
    if ranked.is_sum and sharing == 1:
        return _("%(place)s leads %(count)s %(places)s with %(share)s %% of the total") % words
    return who_leads(first.name, sharing=sharing, count=len(ranked.places), units=ranked.level.word)


def places_chart(ranked: PlaceRanking) -> charts.Spec:
    """Draw the scores of the places, each with how many units it has."""
    run = ranked.subject.run
    bars = [
        charts.PlaceBar(
            ranked.places[position].name,
            int(ranked.counts[position]),
            float(ranked.scores[position, 0]) * ranked.subject.scale,
        )
        for position in ranked.order
        if ranked.ranks[position]
    ]
    return charts.place_chart(
        bars,
        units_word=ranked.subject.cities.register.units,
        digits=run.method.digits_or(charts.BAR_DIGITS),
        title=_("%(name)s by place") % {"name": ranked.subject.name},
        subtitle=_(", ").join([how_formed(ranked), score_unit(run.method)]),
        source=f"{data_set_name(run.data_set)} · {version_name(run)}",
    )


def _headings(ranked: PlaceRanking, is_printed: bool) -> list[Heading]:
    unit = score_unit(ranked.subject.run.method)
    node = ranked.subject.node
    return [
        Heading("rank", _("Rank")),
        Heading("place_zh", _("Place (Chinese)")),
        Heading("place_en", _("Place (English)")),
        Heading("cities", capfirst(ranked.subject.cities.register.units)),
        Heading(f"score_{node.code}" if node else "score", f"{ranked.subject.name} ({unit})"),
        *(Heading(f"score_{child.code}", f"{child.name} ({unit})") for child in ranked.children),
        *([changed_heading(ranked.subject.name)] if ranked.subject.record is not None else []),
        *(
            [Heading("printed", _("As printed")), Heading("difference", _("Printed less computed"))]
            if is_printed
            else []
        ),
    ]


def _share_headings(beside: SharesBeside) -> list[Heading]:
    total = [Heading("total_share", _("Share of the published total (%)"))] if beside.has_total else []
    return [
        Heading("index_share", _("Share of the index (%)")),
        Heading("series_share", _("Share of the series (%)")),
        *total,
    ]


def _file_rows(
    ranked: PlaceRanking, printed: Mapping[int, PrintedPlace], shares: SharesBeside | None
) -> Iterator[list[object]]:
    for position in ranked.order:
        place = ranked.places[position]
        scores = (ranked.scores[position] * ranked.subject.scale).tolist()
        rank = int(ranked.ranks[position]) or None
        changed = [int(ranked.changed_values[position])] if ranked.subject.record is not None else []
        beside = _printed_cells(printed.get(position)) if printed else []
        held = _share_cells(shares, position) if shares else []
        counts = int(ranked.counts[position])
        yield [rank, place.name_zh, place.name_en, counts, *scores, *changed, *beside, *held]


def _share_cells(beside: SharesBeside, position: int) -> list[object]:
    held = beside.by_place.get(position)
    parts = [held.index, held.series, held.of_total] if held else [None, None, None]
    percent = [None if part is None else part * PERCENT for part in parts]
    return list(percent if beside.has_total else percent[:2])


def _printed_cells(printed: PrintedPlace | None) -> list[object]:
    return [printed.value, printed.difference] if printed else [None, None]
