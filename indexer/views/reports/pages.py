"""The analyst's reports, to read and to print: of one run, and of a comparison."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from indexer.forms.comparison import FigureForm
from indexer.models import IndexMethod, Run
from indexer.numeric.method.plan import SCALE
from indexer.selectors.cities import MANY_CITIES
from indexer.selectors.comparison import Comparison
from indexer.selectors.concentration import ConcentrationReport, PlaceConcentration
from indexer.selectors.runs import PERCENT
from indexer.selectors.studies import RankIntervals, rank_intervals_of, result_of_study
from indexer.studies.rank_figures import ROWS as FIRST
from indexer.studies.rank_figures import intervals_figure, leading
from indexer.studies.registry import kind_of
from indexer.views.comparison.choice import RunChoice
from indexer.views.comparison.figures import drawn_figures
from indexer.views.comparison.overview import query_of
from indexer.views.comparison.words import (
    common_data,
    finding,
    provenance_of,
    split_note,
    statistics_of,
    summary_rows,
)
from indexer.views.reports.comparison_words import comparison_sentences
from indexer.views.reports.fragility import fragile_figure, report_fragility
from indexer.views.reports.run_words import (
    in_both_languages,
    measured_concentration,
    places_held,
    run_sentences,
)
from indexer.views.run.ranking import Ranking, composition_of, load_ranking, ranking_finding
from indexer.views.shared.facts_lack import answer_lack_of_run_facts
from indexer.views.shared.run_names import run_names
from indexer.views.shared.run_pages import answer_about_run, run_context
from indexer.views.shared.unranked import unranked_rows
from indexer.words import ranks_between, score_unit
from weighting.drawing import Figure
from weighting.permissions import ANYONE, audience
from weighting.views.numbers import signed
from weighting.visitors import visitor_of

ROWS = 30
DIGITS = 4


@audience(ANYONE)
@require_safe
def run_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Write about one finished run: leaders, distribution, certainty, method, origin."""
    return answer_about_run(request, pk, _run_page)


@audience(ANYONE)
@require_safe
def comparison_report(request: HttpRequest) -> HttpResponse:
    """Write about the runs asked for: what moves, how far and why, method, origin."""
    choice = RunChoice(request)
    if choice.refusal:
        return choice.refusal
    return render(request, "indexer/reports/comparison_report.html", _comparison_context(choice.compare()))


def _run_page(request: HttpRequest, run: Run) -> HttpResponse:
    if lacking := answer_lack_of_run_facts(request, run, "run-report"):
        return lacking
    ranking, fragility = load_ranking(run), report_fragility(run)
    ranking.cities.load(ranking.order[:ROWS])
    intervals = rank_intervals_of(run, visitor_of(request).account)
    context = {
        **run_context(request, run, "run-report"),
        **composition_of(ranking),
        "title": ranking_finding(ranking),
        "abstracts": in_both_languages(lambda: run_sentences(ranking.subject, intervals, fragility)),
        "subject": ranking.subject,
        "register": ranking.cities.register,
        "shown_levels": ranking.cities.shown_levels,
        "children": [child.indicator for child in ranking.children],
        "weights": [
            (child.indicator.name, f"{child.global_weight * PERCENT:.2f}") for child in ranking.children
        ],
        "rows": _leading_rows(ranking, intervals),
        "left_out": max(0, len(ranking.cities) - ROWS),
        "unranked": unranked_rows(ranking.subject),
        "study": intervals.study if intervals else None,
        "sureness": _sureness(intervals),
        "fragile": fragile_figure(fragility),
        **_places(measured_concentration(ranking.subject)),
        "address": _address(reverse("indexer:run-detail", args=[run.pk])),
        "again": _steps([run]),
    }
    return render(request, "indexer/reports/run_report.html", context)


def _leading_rows(ranking: Ranking, intervals: RankIntervals | None) -> list[dict[str, Any]]:
    """Return the first units, with the places in which their ranks lie under other experts."""
    rows = []
    scale, digits = ranking.subject.scale, ranking.run.method.digits_or(DIGITS)
    for p in ranking.order[:ROWS]:
        between = ranks_between(intervals.q05[p], intervals.q95[p]) if intervals else ""
        rows.append(
            {
                "rank": int(ranking.subject.ranks[p]),
                "city": ranking.cities[p],
                "between": between,
                "scores": [signed(float(score) * scale, digits, plus=False) for score in ranking.scores[p]],
            }
        )
    return rows


def _sureness(intervals: RankIntervals | None) -> Figure | None:
    """Draw the intervals of the first ranks, as the study's own page does; None without a study."""
    if intervals is None:
        return None
    study, result = intervals.study, result_of_study(intervals.study)
    source, cases = kind_of(study).source_of(study), kind_of(study).cases_counted(study)
    figure = intervals_figure(result, leading(result, FIRST), source, cases)
    picture = reverse("indexer:study-picture", args=[intervals.study.pk, "intervals", "svg"])
    return figure.drawn_at(picture)


def _places(report: ConcentrationReport | None) -> dict[str, Any]:
    """Return what the first of the widest places hold, and how many more there are."""
    places, word = places_held(report) if report else ([], "")
    return {
        "places": _place_rows(places[:ROWS]),
        "places_word": word,
        "further_places": max(0, len(places) - ROWS),
    }


def _place_rows(places: Sequence[PlaceConcentration]) -> list[dict[str, Any]]:
    return [
        {
            "name": held.place.name,
            "cities": held.count,
            "share": f"{held.share * PERCENT:.2f}",
            "first": held.first.name,
        }
        for held in places
    ]


def _comparison_context(compared: Comparison) -> dict[str, Any]:
    if len(compared.cities) <= MANY_CITIES:
        # Every sentence names units, which tell their register without another query once they are there.
        compared.cities.load(range(len(compared.cities)))
    query = query_of(compared)
    options = FigureForm({}, cities=compared.cities, tops=compared.tops).options
    return {
        "title": finding(compared),
        "abstracts": in_both_languages(lambda: comparison_sentences(compared)),
        "data_set_name": common_data(compared),
        "versions": run_names(compared.runs, compared.names),
        "register": compared.cities.register,
        "runs": compared.runs,
        "is_pair": len(compared.runs) == 2,
        "unit": score_unit(compared.runs[0].method),
        "stats": statistics_of(compared),
        "summaries": summary_rows(compared),
        "figures": drawn_figures(compared, options, query),
        "split_note": split_note(compared),
        "sub_indices": compared.sub_indices,
        "provenance": provenance_of(compared),
        "query": query,
        "address": _address(f"{reverse('indexer:comparison')}?{query}"),
        "again": _steps(compared.runs),
    }


def _address(path: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + path


def _steps(runs: list[Run]) -> dict[str, Any]:
    """Say how to compute the same again, from files alone."""
    versions = dict.fromkeys(run.weight_version_id for run in runs)
    return {
        "manifests": [
            _address(reverse("weighting:api-version-manifest", args=[version])) for version in versions
        ],
        "commands": list(dict.fromkeys(_command(run.method) for run in runs if _has_command(run.method))),
    }


def _has_command(method: IndexMethod) -> bool:
    # A table of leaves and nodes stands in the framework file, which nobody has with these columns.
    return not (method.is_prepared or method.leaves or method.nodes or method.missing == "last_value")


def _command(method: IndexMethod) -> str:
    younger = {"coverage": 0.0, "floor": None, "scale": SCALE, "digits": None}
    said = {name: getattr(method, name) for name, otherwise in younger.items()}
    further = "".join(f"--{name} {value:g} " for name, value in said.items() if value != younger[name])
    return (
        "python manage.py compute_index --framework FRAMEWORK.csv --data DATA.csv --weights WEIGHTS.csv "
        f"--normalisation {method.normalisation} --negative {method.negative} --missing {method.missing} "
        f"--aggregation {method.aggregation} {further}--out FOLDER"
    )
