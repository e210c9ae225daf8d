"""What the page of a published index shows: ranking, certainty, method, experts, weights, changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from indexer.citations import CITATIONS, address_of_edition, citation_of
from indexer.forms.published import LICENCES
from indexer.models import IndexEdition, IndicatorTerms, PublishedIndex, Run, Study
from indexer.selectors.borders import has_borders
from indexer.selectors.published import has_coordinates, terms_by_code
from indexer.selectors.reports import report_of_edition
from indexer.selectors.studies import TELLING, StudyResult, result_of_study, told_to_anybody
from indexer.studies.registry import study_name
from indexer.views.public.addresses import Shelf
from indexer.views.public.weight_picture import draw_weights
from indexer.views.reports.run_words import leaders
from indexer.views.run.ranking import Ranking, composition_of, ranking_finding
from indexer.views.shared.method_rows import experts_words, method_notes, method_rows
from indexer.views.shared.tables import longest_bar
from indexer.views.shared.unranked import unranked_rows
from indexer.words import (
    data_set_name,
    ranks_between,
    register_lines,
    retired_words,
    score_unit,
    version_name,
)
from weighting.models import Indicator
from weighting.views.numbers import signed

# Of more units the page shows the first, and leads to the whole table.
MOST_ROWS = 150
# The others are folded up, so that what follows is within reach of a thumb.
MOST_OPEN = 50
DIGITS = 2


@dataclass(frozen=True, eq=False)
class Sureness:
    """How sure the ranks are, by unit: the interval of ranks, and the group that cannot be told apart."""

    study: Study
    between: dict[int, str]
    groups: dict[int, int]

    @property
    def name(self) -> str:
        return study_name(self.study)


def edition_context(edition: IndexEdition, ranking: Ranking, shelf: Shelf | None) -> dict[str, Any]:
    """Return all that the page of an edition shows; without a shelf it is the preview."""
    run, sureness = edition.run, sureness_of(edition.run)
    rows = ranking_rows(ranking, sureness, shelf)
    return {
        "index": edition.index,
        "edition": edition,
        "run": run,
        "title": edition.index.name,
        "finding": _finding(ranking),
        "headline": ranking_finding(ranking),
        "register": ranking.cities.register,
        "unit": score_unit(run.method),
        "rows": rows[:MOST_OPEN],
        "further_rows": rows[MOST_OPEN:],
        "unranked": unranked_rows(ranking.subject),
        "left_out": max(0, len(ranking.cities) - MOST_ROWS),
        "sureness": sureness,
        "figures": [figure for figure in (_composition(ranking), _map(ranking)) if figure],
        "method": list(method_rows(run.method, ranking.subject.nodes)),
        "method_notes": method_notes(run.method, ranking.subject.nodes),
        "experts": experts_words(run.weight_version),
        "weights": draw_weights(ranking.nodes),
        "definitions": _definitions(edition.index, ranking),
        "data_set_name": data_set_name(run.data_set),
        "register_lines": register_lines(run.data_set),
        "version_name": version_name(run),
        "retired": retired_words(run.weight_version),
        "cite": citation_of(edition),
        "cite_files": [
            (
                kind.label,
                reverse("indexer:public-citation", args=[edition.index.slug, edition.number, ending]),
            )
            for ending, kind in CITATIONS.items()
        ],
        "licence": LICENCES.get(edition.index.licence),
        "address": address_of_edition(edition),
    }


@dataclass(frozen=True)
class Act:
    """What a reader can go on to do with an index."""

    label: str
    url: str
    is_file: bool = False


def acts_on(edition: IndexEdition, shelf: Shelf | None) -> Iterator[Act]:
    """Yield what the page of an edition leads to; in the preview what is there already."""
    run = edition.run
    yield Act(_("Try your own weights"), reverse("indexer:run-what-if", args=[run.pk]))
    yield Act(_("The whole table, with all parts"), reverse("indexer:run-detail", args=[run.pk]))
    if shelf:
        yield Act(_("Side by side"), shelf.side_by_side())
    if shelf and report_of_edition(edition):
        yield Act(_("Read the report"), shelf.url("report"))
    if may_be_mapped(run):
        yield Act(_("Map"), reverse("indexer:run-map", args=[run.pk]))
    if shelf:
        yield Act(_("Take everything"), reverse("indexer:run-package", args=[run.pk]), is_file=True)


def sureness_of(run: Run) -> Sureness | None:
    """Return what the newest study that anybody may read says of each unit's rank."""
    study = told_to_anybody(run, TELLING)
    if study is None:
        return None
    result = result_of_study(study)
    needed = {"q05", "q95", "group"}
    return _sureness(result) if needed <= result.figures.keys() else None


def _sureness(result: StudyResult) -> Sureness:
    figures, ids = result.figures, result.cities.ids
    pairs = zip(figures["q05"].tolist(), figures["q95"].tolist(), strict=True)
    between = [ranks_between(low, high) for low, high in pairs]
    groups = zip(ids, figures["group"].astype(int).tolist(), strict=True)
    return Sureness(result.study, dict(zip(ids, between, strict=True)), dict(groups))


def ranking_rows(
    ranking: Ranking, sureness: Sureness | None, shelf: Shelf | None, *, most: int = MOST_ROWS
) -> list[dict[str, Any]]:
    """Return the first units in the order of their ranks, each with its bar and how sure its rank is."""
    chosen = ranking.order[:most]
    ranking.cities.load(set(chosen))
    subject, digits = ranking.subject, ranking.run.method.digits_or(DIGITS)
    full = longest_bar(subject.scores)
    rows: list[dict[str, Any]] = []
    group = None
    for place in chosen:
        city, score = ranking.cities[place], float(subject.scores[place])
        row = {
            "rank": int(subject.ranks[place]) or "–",
            "city": city,
            "url": shelf.unit(city) if shelf else reverse("indexer:run-city", args=[ranking.run.pk, city.pk]),
            "score": signed(score * subject.scale, digits, plus=False),
            "percent": f"{100 * score / full:.1f}" if full > 0 and score > 0 else None,
        }
        if sureness:
            own = sureness.groups.get(city.pk)
            row |= {
                "between": sureness.between.get(city.pk, "–"),
                "begins_group": bool(rows) and own != group,
            }
            group = own
        rows.append(row)
    return rows


def _finding(ranking: Ranking) -> str:
    return leaders(ranking.subject) if len(ranking.subject.present) else ranking_finding(ranking)


def _composition(ranking: Ranking) -> dict[str, str] | None:
    """Return what the scores are made of, as a picture; None where they are no such sums."""
    chart = composition_of(ranking).get("chart")
    if chart is None:
        return None
    said = {name: chart["usermeta"][name] for name in ("title", "subtitle")}
    return {
        **said,
        "name": "composition",
        "contents": _("Composition"),
        "url": picture_address(ranking.run, "composition"),
        "height": "714",
    }


def _map(ranking: Ranking) -> dict[str, str] | None:
    """Return where the units lie, as a picture; None where neither borders nor coordinates tell."""
    if not may_be_mapped(ranking.run):
        return None
    subtitle, url = score_unit(ranking.run.method), picture_address(ranking.run, "map")
    named = {"name": "map", "title": _("Map"), "contents": _("Map")}
    return {**named, "subtitle": subtitle, "url": url, "height": "1010"}


def may_be_mapped(run: Run) -> bool:
    """Whether borders or coordinates tell where the units of a run lie."""
    return has_borders(run) or has_coordinates(run)


def picture_address(run: Run, name: str) -> str:
    """Return the address of a picture of a run."""
    return reverse("indexer:run-picture", args=[run.pk, name, "svg"])


def _definitions(
    index: PublishedIndex, ranking: Ranking
) -> list[tuple[Indicator, str, IndicatorTerms | None]]:
    """Return the indicators along the tree with their global weights, and where they are from."""
    said = terms_by_code(index)
    weights = {node.indicator.pk: node.global_weight for node in ranking.nodes}
    leaves = [node.indicator for node in ranking.nodes if node.indicator.is_leaf]
    return [
        (leaf, signed(100 * weights[leaf.pk], DIGITS, plus=False), said.get(leaf.code)) for leaf in leaves
    ]
