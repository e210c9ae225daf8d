"""The ranking table of a finished run, as a page and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from indexer import charts
from indexer.enums import Normalisation
from indexer.models import City, Run
from indexer.selectors.cities import cities_of_run, regions_of
from indexer.selectors.runs import (
    PERCENT,
    Figure,
    RunResult,
    figure_of,
    printed_figures_of,
    results_of,
)
from indexer.views.exports import place_cells, place_headings, run_facts
from indexer.views.run_tabs import run_tabs
from indexer.views.tables import (
    Cell,
    CityTable,
    Column,
    cells_of,
    cut_table,
    longest_bar,
    place_columns,
    render_part,
)
from indexer.views.words import (
    data_set_name,
    provenance_of,
    score_unit,
    source_word,
    version_name,
)
from weighting.exports import Heading
from weighting.numeric.arrays import FloatArray
from weighting.selectors.versions import WeightedNode, weighted_nodes_of
from weighting.views.files import save_links, table_answer
from weighting.views.numbers import signed

TOP = 10
CHART_ROWS = 20
DIGITS = 4
# More printed figures than this are fetched for the whole data set at once.
MANY_CITIES = 500


@dataclass(frozen=True, eq=False)
class Ranking:
    """A finished run with the names of its rows and columns."""

    result: RunResult
    nodes: list[WeightedNode]
    cities: list[City]

    @property
    def run(self) -> Run:
        return self.result.run

    @cached_property
    def sub_indices(self) -> list[WeightedNode]:
        return [node for node in self.nodes if node.indicator.parent_id is None]

    @cached_property
    def sub_scores(self) -> FloatArray:
        """Scores of the sub-indices, (cities, sub-indices)."""
        return self.result.node_scores[:, [node.indicator.position for node in self.sub_indices]]

    @cached_property
    def order(self) -> list[int]:
        """Positions of the cities by rank; ties in the order of the data set."""
        return np.argsort(self.result.ranks, kind="stable").tolist()

    @property
    def is_share(self) -> bool:
        return self.run.method.normalisation == Normalisation.SHARE


def load_ranking(run: Run) -> Ranking:
    """Load a finished run in a constant number of queries."""
    nodes = weighted_nodes_of(run.weight_version)
    return Ranking(result=results_of([run])[0], nodes=nodes, cities=cities_of_run(run))


def ranking_page(request: HttpRequest, run: Run) -> HttpResponse:
    """Show the table, filtered, sorted and paged, under the finding."""
    ranking = load_ranking(run)
    table = cut_table(request, ranking.cities, _columns(ranking), first="rank")
    context: dict[str, Any] = {
        "run": run,
        "table": table,
        "rows": _rows(ranking, table),
        "sub_indices": [node.indicator for node in ranking.sub_indices],
        "unit": score_unit(run.method),
        "data_set_name": data_set_name(run.data_set),
        "version_name": version_name(run),
        "reproduces_publication": run.reproduces_publication,  # type: ignore[attr-defined]
    }
    if not request.htmx:  # type: ignore[attr-defined]
        context |= _summary(ranking)
    return render_part(request, "indexer/ranking.html", "indexer/_ranking_table.html", context)


def ranking_file(run: Run, format: str) -> HttpResponse:
    """Answer with the whole table: every figure has a column that says where it comes from."""
    ranking = load_ranking(run)
    unit = score_unit(run.method)
    columns = [Heading("rank", _("Rank")), *place_headings()]
    for code, name in [("score", _("Composite score")), *_score_names(ranking)]:
        columns.append(Heading(code, f"{name} ({unit})"))
        columns.append(Heading(f"{code}_source", _("%(column)s: source") % {"column": name}))
    return table_answer(format, f"ranking-{run.pk}", columns, _file_rows(ranking), run_facts(run))


def _score_names(ranking: Ranking) -> list[tuple[str, str]]:
    """Return the columns of the sub-indices: for programs, and for people."""
    nodes = [node.indicator for node in ranking.sub_indices]
    return [(f"score_{indicator.code}", indicator.name) for indicator in nodes]


def composition_figure(run: Run) -> charts.Spec | None:
    """Return what the first scores are made of, as a figure."""
    return _composition(load_ranking(run)).get("chart")


def _columns(ranking: Ranking) -> list[Column]:
    result = ranking.result
    subs = zip(ranking.sub_indices, ranking.sub_scores.T, strict=True)
    return [
        Column("rank", _("Rank"), result.ranks),
        *place_columns(ranking.cities),
        Column("score", _("Composite score"), result.scores, falling_first=True),
        *(
            Column(node.indicator.code, node.indicator.name, scores, falling_first=True)
            for node, scores in subs
        ),
    ]


def _rows(ranking: Ranking, table: CityTable) -> list[dict[str, Any]]:
    positions = table.positions
    longest = [longest_bar(column) * PERCENT for column in _all_scores(ranking).T]
    rows = []
    for p, figures in zip(positions, _figures(ranking, positions), strict=True):
        score, *subs = cells_of(figures, longest=longest, digits=DIGITS)
        rows.append(
            {"rank": ranking.result.ranks[p], "city": ranking.cities[p], "score": score, "subs": subs}
        )
    return rows


def _all_scores(ranking: Ranking) -> FloatArray:
    return np.column_stack([ranking.result.scores, ranking.sub_scores])


def _figures(ranking: Ranking, positions: list[int]) -> list[list[Figure]]:
    """Return the score and the sub-index scores of some cities, marked."""
    run, scores = ranking.run, _all_scores(ranking)
    ids = [ranking.cities[p].pk for p in positions]
    printed = printed_figures_of(run.data_set, ids if len(ids) <= MANY_CITIES else None)
    nodes = [None, *(node.indicator.pk for node in ranking.sub_indices)]
    return [
        [
            figure_of(run, score, printed.get((city, node)))
            for node, score in zip(nodes, scores[p], strict=True)
        ]
        for city, p in zip(ids, positions, strict=True)
    ]


def _summary(ranking: Ranking) -> dict[str, Any]:
    run = ranking.run
    export = reverse("indexer:run-export", args=[run.pk])
    return {
        "title": _finding(ranking),
        "tabs": run_tabs(run, "run-detail"),
        "saves": save_links(export),
        **_composition(ranking),
        "regions": _regions(ranking),
        "is_share": ranking.is_share,
        "provenance": provenance_of(run),
    }


def _finding(ranking: Ranking) -> str:
    count = len(ranking.cities)
    if ranking.is_share and count > TOP:
        share = sum(ranking.result.scores[p] for p in ranking.order[:TOP]) * PERCENT
        return _("The first %(top)s of %(count)s cities hold %(share)s %% of the national total") % {
            "top": TOP,
            "count": count,
            "share": f"{share:.1f}",
        }
    return _("%(city)s leads %(count)s cities") % {
        "city": ranking.cities[ranking.order[0]].name,
        "count": count,
    }


def _composition(ranking: Ranking) -> dict[str, Any]:
    """Split the first scores by sub-index, as a chart and a table; not where they are no such sums."""
    if ranking.sub_scores.min() < 0 or ranking.run.method.aggregation != "arithmetic":
        return {}
    parts = ranking.sub_scores * [node.global_weight for node in ranking.sub_indices] * PERCENT
    names = [node.indicator.name for node in ranking.sub_indices]
    rows = [
        charts.ScoreMove(ranking.cities[p].name, dict(zip(names, parts[p].tolist(), strict=True)))
        for p in ranking.order[:CHART_ROWS]
    ]
    chart = charts.composition_chart(
        rows,
        title=_("What the scores of the first %(count)s cities are made of") % {"count": len(rows)},
        subtitle=_("weight times sub-index score, in %(unit)s") % {"unit": score_unit(ranking.run.method)},
        source=f"{data_set_name(ranking.run.data_set)} · {version_name(ranking.run)}",
    )
    table = [
        {
            "name": row.name,
            "parts": [signed(part, DIGITS, plus=False) for part in row.parts.values()],
            "total": signed(row.total, DIGITS, plus=False),
        }
        for row in rows
    ]
    picture = reverse("indexer:run-picture", args=[ranking.run.pk, "composition", "svg"])
    return {"chart": chart, "chart_image": picture, "composition": table}


def _regions(ranking: Ranking) -> list[dict[str, Any]]:
    """Return for each region its cities, their part of the whole, their mean and its first city."""
    of_city = np.array([city.province.region_id for city in ranking.cities])
    scores = ranking.result.scores * PERCENT
    rows = []
    for region in regions_of(ranking.cities):
        inside = np.flatnonzero(of_city == region.pk)
        first = inside[ranking.result.ranks[inside].argmin()]
        rows.append(
            {
                "region": region,
                "count": len(inside),
                "sum": float(scores[inside].sum()),
                "mean": float(scores[inside].mean()),
                "mean_text": signed(float(scores[inside].mean()), 3, plus=False),
                "first": ranking.cities[first],
                "first_rank": ranking.result.ranks[first],
            }
        )
    largest = max(row["sum"] for row in rows)
    for row in rows:
        row["bar"] = Cell(f"{row['sum']:.2f}", percent=100 * row["sum"] / largest if largest > 0 else None)
    return sorted(rows, key=lambda row: -row["sum" if ranking.is_share else "mean"])


def _file_rows(ranking: Ranking) -> Iterator[list[object]]:
    positions = ranking.order
    for p, figures in zip(positions, _figures(ranking, positions), strict=True):
        scores: list[object] = []
        for figure in figures:
            scores += [figure.value, source_word(figure)]
        yield [int(ranking.result.ranks[p]), *place_cells(ranking.cities[p]), *scores]
