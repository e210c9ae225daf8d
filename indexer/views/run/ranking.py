"""The ranking table of a finished run, as a page and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from indexer import charts
from indexer.forms.node_choice import NodeChoice
from indexer.method_words import short_method_words
from indexer.models import Run
from indexer.numeric.method.preparation import CellArray
from indexer.selectors.cities import MANY_CITIES, Cities
from indexer.selectors.distributions import distributions_of
from indexer.selectors.levels import level_named, widest_level
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.places import PlaceRanking, rank_places
from indexer.selectors.plans import plan_of
from indexer.selectors.preparations import changes_in
from indexer.selectors.runs import PERCENT, Printed, ShownScore, printed_figures_of, result_of, shown_score
from indexer.views.run.package import package_links
from indexer.views.run.preparation import change_words, preparation_context
from indexer.views.shared.exports import (
    changed_heading,
    imputed_heading,
    place_cells,
    place_headings,
    run_facts,
)
from indexer.views.shared.imputed import imputation_links, imputed_text
from indexer.views.shared.place_rows import how_formed, place_rows
from indexer.views.shared.run_tabs import run_tabs
from indexer.views.shared.tables import (
    CityTable,
    Column,
    cells_of,
    cut_table,
    longest_bar,
    place_columns,
    plain_number,
    render_part,
)
from indexer.views.shared.ties import who_leads
from indexer.views.shared.unranked import unranked_rows
from indexer.views.shared.words import provenance_of, source_word
from indexer.views.shared.year_switch import year_switch
from indexer.words import data_set_name, retired_words, score_unit, version_name
from weighting.drawing import SERIES
from weighting.exports import Heading
from weighting.manifest import WeightedNode
from weighting.models import Account, Indicator
from weighting.numeric.arrays import FloatArray
from weighting.requests import asks_for_part
from weighting.selectors.frameworks import sub_indices_of
from weighting.selectors.versions import weighted_nodes_of
from weighting.views.files import save_links, table_answer
from weighting.views.numbers import signed
from weighting.visitors import visitor_of

TOP = 10
CHART_ROWS = 20
# So many places stand beside the chart.
PLACES = 12
DIGITS = 4


@dataclass(frozen=True, eq=False)
class Ranking:
    """A finished run with one node in view, and the names of its rows and columns."""

    subject: NodeScores
    nodes: list[WeightedNode]
    # Whether the reader may see raw values.
    with_raw: bool = False

    @property
    def run(self) -> Run:
        return self.subject.run

    @property
    def cities(self) -> Cities:
        return self.subject.cities

    @cached_property
    def children(self) -> list[WeightedNode]:
        """The nodes right below the one in view; the sub-indices below the composite."""
        node = self.subject.node
        if node is None:
            tops = {top.pk for top in sub_indices_of(self.subject.nodes)}
            return [child for child in self.nodes if child.indicator.pk in tops]
        return [child for child in self.nodes if child.indicator.parent_id == node.pk]

    @cached_property
    def columns(self) -> list[Indicator | None]:
        """What the score columns show: the node in view, None for the composite, and its children."""
        return [self.subject.node, *(child.indicator for child in self.children)]

    @cached_property
    def scores(self) -> FloatArray:
        """Scores of the columns, (units, columns)."""
        return np.column_stack([self.subject.scores_on(node) for node in self.columns])

    @cached_property
    def of_leaf(self) -> list[tuple[str, str, FloatArray]]:
        """Key, name and values, (units,), of what the score of a leaf is made from, where it may be seen."""
        node = self.subject.node
        if node is None or not node.is_leaf or not self.with_raw:
            return []
        spread = distributions_of(self.subject, [node])[0]
        found = [("raw", _("Raw value"), spread.raw), ("treated", _("As treated"), spread.treated)]
        return [(key, name, values) for key, name, values in found if values is not None]

    @cached_property
    def parts(self) -> FloatArray | None:
        """What a leaf in view adds to the composite scores, (units,); None where nothing is added so."""
        node = self.subject.node
        return self.subject.parts if node and node.is_leaf else None

    @cached_property
    def changes(self) -> CellArray | None:
        """What was done to the cells of the columns that are leaves, (units, columns)."""
        if self.subject.record is None:
            return None
        place = {code: position for position, code in enumerate(self.run.data_set.leaf_codes)}
        changes = np.zeros(self.scores.shape, dtype=np.uint8)
        for column, node in enumerate(self.columns):
            if node and node.is_leaf:
                changes[:, column] = self.subject.record.cells[:, place[node.code]]
        return changes

    @property
    def has_changes(self) -> bool:
        """Whether any value behind the score in view is not as it was given."""
        return bool(self.subject.changed_values.any())

    @cached_property
    def order(self) -> list[int]:
        """Positions of the units by rank, without a score last; ties in the order of the data set."""
        ranks = self.subject.ranks
        return np.lexsort((ranks, ranks == 0)).tolist()


def load_ranking(run: Run, code: str = "", *, with_raw: bool = False) -> Ranking:
    """Load a finished run in a constant number of queries; an unknown node leaves the composite.

    With ``with_raw`` a leaf is shown with its raw values.
    """
    nodes = weighted_nodes_of(run.weight_version)
    indicators = [node.indicator for node in nodes]
    result, cities = result_of(run, indicators)
    node = next((node for node in indicators if node.code == code), None)
    weights = np.array([node.local_weight for node in nodes])
    subject = NodeScores(result, indicators, cities, node, known_weights=weights)
    return Ranking(subject, nodes, with_raw)


def ranking_page(request: HttpRequest, run: Run, *, with_raw: bool) -> HttpResponse:
    """Show the table, filtered, sorted and paged, under the finding."""
    account, code = visitor_of(request).account, request.GET.get("node", "")
    ranking = load_ranking(run, code, with_raw=with_raw)
    table = cut_table(request, ranking.cities, _columns(ranking), first="rank")
    is_part = asks_for_part(request)
    places = None if is_part else _ranked_places(ranking)
    _load_cities(ranking, table, places, is_part=is_part)
    context: dict[str, Any] = {
        "run": run,
        "table": table,
        "rows": _rows(ranking, table),
        "subject": ranking.subject,
        "children": [child.indicator for child in ranking.children],
        "unit": score_unit(run.method, ranking.subject.node),
        "of_leaf": ranking.of_leaf,
        "has_parts": ranking.parts is not None,
        "has_imputed": ranking.subject.imputed_shares is not None,
        "data_set_name": data_set_name(run.data_set),
        "version_name": version_name(run),
        "retired": retired_words(run.weight_version),
        "is_trial": run.method_id != run.data_set.method_id,
        "reproduces_publication": run.reproduces_publication,
        "has_changes": ranking.has_changes,
        "has_marks": ranking.changes is not None and bool(ranking.changes.any()),
    }
    if not is_part:
        context["package"] = package_links(request, run)
        context |= _summary(ranking, places, account) | {
            "form": NodeChoice(request.GET, nodes=ranking.subject.nodes),
            "year_switch": year_switch(request, run, tab="run-detail"),
        }
    return render_part(request, "indexer/run/ranking.html", "indexer/run/_ranking_table.html", context)


def ranking_file(run: Run, format: str, code: str = "", *, with_raw: bool = False) -> HttpResponse:
    """Answer with the whole table: every figure has a column that says where it comes from."""
    ranking = load_ranking(run, code, with_raw=with_raw)
    columns = [Heading("rank", _("Rank")), *place_headings(ranking.cities)]
    columns += [Heading(key, name) for key, name, _values in ranking.of_leaf]
    for node in ranking.columns:
        key, name = (f"score_{node.code}", node.name) if node else ("score", _("Composite score"))
        columns.append(Heading(key, f"{name} ({score_unit(run.method, node)})"))
        columns.append(Heading(f"{key}_source", _("%(column)s: source") % {"column": name}))
        if ranking.changes is not None and node and node.is_leaf:
            columns.append(Heading(f"{key}_changes", _("%(column)s: changes") % {"column": name}))
    if ranking.subject.record is not None:
        columns.append(changed_heading(ranking.subject.name))
    if ranking.parts is not None:
        columns.append(Heading("part", _("Part of the score")))
    if ranking.subject.imputed_shares is not None:
        columns.append(imputed_heading())
    if plan_of(run.method).may_leave_out:
        columns.append(Heading("no_rank", _("Why there is no rank")))
    return table_answer(format, f"ranking-{run.pk}", columns, _file_rows(ranking), run_facts(run))


def composition_figure(run: Run) -> charts.Spec | None:
    """Return what the first scores are made of, as a figure."""
    return composition_of(load_ranking(run)).get("chart")


def _columns(ranking: Ranking) -> list[Column]:
    ranks = ranking.subject.ranks
    keys = ["score", *(child.indicator.code for child in ranking.children)]
    labels = [ranking.subject.name, *(child.indicator.name for child in ranking.children)]
    of_scores = zip(keys, labels, ranking.scores.T, strict=True)
    score, *subs = [Column(key, label, values, falling_first=True) for key, label, values in of_scores]
    city, *places = place_columns(ranking.cities)
    return [
        Column("rank", _("Rank"), np.where(ranks == 0, np.nan, ranks)),
        city,
        # Beside the name: a phone shows no further column.
        score,
        *places,
        *(Column(key, label, values, falling_first=True) for key, label, values in ranking.of_leaf),
        *subs,
        *_columns_behind(ranking),
    ]


def _columns_behind(ranking: Ranking) -> Iterator[Column]:
    """Yield the columns that say what a score does in the composite, and what it rests on."""
    subject = ranking.subject
    if ranking.parts is not None:
        yield Column("part", _("Adds"), ranking.parts, falling_first=True, unit=_("to the composite score"))
    if ranking.has_changes:
        unit = _("behind %(name)s") % {"name": subject.name}
        yield Column("changed", _("Changed values"), subject.changed_values, falling_first=True, unit=unit)
    if subject.imputed_shares is not None:
        yield Column(
            "imputed", _("Filled in"), subject.imputed_shares, falling_first=True, unit=_("of the weight")
        )


def _rows(ranking: Ranking, table: CityTable) -> list[dict[str, Any]]:
    positions = table.positions
    longest = [longest_bar(column) * ranking.subject.scale for column in ranking.scores.T]
    rows = []
    for p, figures in zip(positions, _figures(ranking, positions), strict=True):
        cells = cells_of(figures, longest=longest, digits=ranking.run.method.digits_or(DIGITS))
        if ranking.changes is not None:
            marked = zip(cells, ranking.changes[p].tolist(), strict=True)
            cells = [replace(cell, changes=changes_in(bits)) for cell, bits in marked]
        score, *subs = cells
        rank = ranking.subject.ranks[p] or "–"
        changed = int(ranking.subject.changed_values[p])
        rows.append(
            {"rank": rank, "city": ranking.cities[p], "score": score, "subs": subs, "changed": changed}
            | _behind(ranking, p)
        )
    return rows


def _behind(ranking: Ranking, position: int) -> dict[str, Any]:
    method, shares = ranking.run.method, ranking.subject.imputed_shares
    part = np.nan if ranking.parts is None else float(ranking.parts[position]) * method.scale
    share = 0.0 if shares is None else float(shares[position])
    return {
        "of_leaf": [plain_number(float(values[position])) for _key, _name, values in ranking.of_leaf],
        "part": signed(part, method.digits_or(DIGITS), plus=False),
        "imputed": imputed_text(share) if share else "–",
    }


def _figures(ranking: Ranking, positions: list[int]) -> Iterator[list[ShownScore]]:
    """Yield the scores of some units in all columns, marked."""
    run = ranking.run
    ids = [ranking.cities.ids[p] for p in positions]
    printed: Printed = {}
    if run.reproduces_publication:
        printed = printed_figures_of(run.data_set, ids if len(ids) <= MANY_CITIES else None)
    nodes = [node.pk if node else None for node in ranking.columns]
    for city, p in zip(ids, positions, strict=True):
        yield [
            shown_score(run, score, printed.get((city, node)))
            for node, score in zip(nodes, ranking.scores[p], strict=True)
        ]


def _ranked_places(ranking: Ranking) -> PlaceRanking | None:
    """Rank the widest places that tell units apart; None where none do."""
    level = widest_level(ranking.cities)
    return rank_places(ranking.subject, level_named(ranking.cities, level), usable={}) if level else None


def _load_cities(ranking: Ranking, table: CityTable, places: PlaceRanking | None, *, is_part: bool) -> None:
    """Fetch what the page names, together: its lines, the first units, and the first of each place."""
    named = set(table.positions)
    if not is_part:
        named |= set(ranking.order[:CHART_ROWS])
    if places:
        named |= {first for first in places.firsts if first is not None}
    ranking.cities.load(named)


def _weight_text(ranking: Ranking) -> str:
    """Write the weight of the node in view in the whole."""
    weights = {node.indicator.pk: node.global_weight for node in ranking.nodes}
    node = ranking.subject.node
    return f"{PERCENT * (weights[node.pk] if node else 1):.4g}"


def _is_filled_in(ranking: Ranking) -> bool:
    shares = ranking.subject.imputed_shares
    return shares is not None and bool(shares.any())


def _summary(ranking: Ranking, places: PlaceRanking | None, account: Account | None) -> dict[str, Any]:
    run, node = ranking.run, ranking.subject.node
    query = f"?{urlencode({'node': node.code})}" if node else ""
    return {
        "title": ranking_finding(ranking),
        "tabs": run_tabs(run, "run-detail"),
        "method_name": short_method_words(run.method),
        "saves": save_links(reverse("indexer:run-export", args=[run.pk]) + query),
        "here": reverse("indexer:run-detail", args=[run.pk]) + query,
        **composition_of(ranking),
        "ranked": places,
        "places": place_rows(places)[:PLACES] if places else [],
        "how": how_formed(places) if places else "",
        "provenance": provenance_of(run),
        "node": node,
        "weight": _weight_text(ranking),
        "unit_word": ranking.cities.register.unit,
        "studies": imputation_links(run, account) if _is_filled_in(ranking) else [],
        "is_filled_in": _is_filled_in(ranking),
        "preparation": preparation_context(ranking.subject.record, run, ranking.subject.nodes),
        "unranked": unranked_rows(ranking.subject),
    }


def ranking_finding(ranking: Ranking) -> str:
    """Say what the ranking comes to: who leads, or what the first hold of a whole."""
    count = len(ranking.subject.present)
    if ranking.subject.is_kept_back:
        return _("Who stands where on “%(name)s”") % {"name": ranking.subject.name}
    if not count:
        return _("No %(unit)s has a score here") % {"unit": ranking.cities.register.unit}
    if ranking.subject.is_share and count > TOP:
        share = sum(ranking.subject.scores[p] for p in ranking.order[:TOP]) * PERCENT
        return _("The first %(top)s of %(count)s %(units)s hold %(share)s %% of the total") % {
            "top": TOP,
            "units": ranking.cities.register.units,
            "count": count,
            "share": f"{share:.1f}",
        }
    first, ranks = ranking.order[0], ranking.subject.ranks
    return who_leads(
        ranking.cities[first].name,
        sharing=int((ranks == ranks[first]).sum()),
        count=count,
        units=ranking.cities.register.units,
    )


def composition_of(ranking: Ranking) -> dict[str, Any]:
    """Split the first scores by the nodes below; not where they are no such sums, or too many to tell."""
    below = ranking.scores[:, 1:]
    few = 0 < len(ranking.children) <= len(SERIES)
    is_sum = few and not np.isnan(ranking.scores).any() and below.min() >= 0
    if not is_sum or not plan_of(ranking.run.method).adds_up:
        return {}
    parts = below * [child.local_weight for child in ranking.children] * np.float64(ranking.subject.scale)
    names = [child.indicator.name for child in ranking.children]
    rows = [
        charts.ScoreMove(ranking.cities[p].name, dict(zip(names, parts[p].tolist(), strict=True)))
        for p in ranking.order[:CHART_ROWS]
    ]
    chart = charts.composition_chart(
        rows,
        unit_word=ranking.cities.register.unit,
        digits=ranking.run.method.digits_or(charts.BAR_DIGITS),
        title=_("What the scores of the first %(count)s %(units)s are made of")
        % {"count": len(rows), "units": ranking.cities.register.units},
        subtitle=_composition_unit(ranking),
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
    # The picture's address knows the composite alone.
    picture = reverse("indexer:run-picture", args=[ranking.run.pk, "composition", "svg"])
    return {
        "chart": chart,
        "chart_image": "" if ranking.subject.node else picture,
        "composition": table,
        "register": ranking.cities.register,
    }


def _composition_unit(ranking: Ranking) -> str:
    unit = {"unit": score_unit(ranking.run.method)}
    if ranking.subject.node is None:
        return _("weight times sub-index score, in %(unit)s") % unit
    return _("weight in its group times score, in %(unit)s") % unit


def _file_rows(ranking: Ranking) -> Iterator[list[object]]:
    positions, may_leave_out = ranking.order, plan_of(ranking.run.method).may_leave_out
    why = {city.pk: reason for city, reason in unranked_rows(ranking.subject)}
    lines = zip(positions, ranking.cities.along(positions), _figures(ranking, positions), strict=True)
    for p, city, figures in lines:
        scores: list[object] = [_or_nothing(values[p]) for _key, _name, values in ranking.of_leaf]
        for column, (node, figure) in enumerate(zip(ranking.columns, figures, strict=True)):
            scores += [figure.value, source_word(figure)]
            if ranking.changes is not None and node and node.is_leaf:
                scores.append(change_words(changes_in(int(ranking.changes[p, column]))))
        if ranking.subject.record is not None:
            scores.append(int(ranking.subject.changed_values[p]))
        if ranking.parts is not None:
            scores.append(_or_nothing(ranking.parts[p] * ranking.run.method.scale))
        if ranking.subject.imputed_shares is not None:
            scores.append(float(ranking.subject.imputed_shares[p]))
        if may_leave_out:
            scores.append(why.get(ranking.cities.ids[p], ""))
        rank = int(ranking.subject.ranks[p]) or None
        yield [rank, *place_cells(ranking.cities, city), *scores]


def _or_nothing(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
