"""One unit in a run: its profile, its neighbours, where it leads, and its other ranks."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.core.paginator import Page
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.models import Register, Run
from indexer.selectors.cities import PROVINCE, REGION
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.preparations import changes_of_city
from indexer.selectors.profiles import (
    DARK_HORSE_PLACES,
    CityProfile,
    ScoreProfile,
    city_profile_of,
    other_runs_of,
    ranks_in,
)
from indexer.services.study_pairs import count_at_once
from indexer.studies.registry import study_name
from indexer.views.run.leads import rank_text
from indexer.views.shared.exports import changed_heading, group_facts, imputed_heading, run_facts
from indexer.views.shared.imputed import imputation_links, imputed_text
from indexer.views.shared.run_names import run_names
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import Figure
from weighting.exports import Heading
from weighting.permissions import ANYONE, audience
from weighting.views.files import asked_format, picture_answer, save_links, table_answer
from weighting.views.listing import page_of
from weighting.views.numbers import signed
from weighting.visitors import visitor_of

DIGITS = 4


@audience(ANYONE)
@require_safe
def run_city(request: HttpRequest, pk: int, city_pk: int) -> HttpResponse:
    """Show the profile of a unit in a finished run."""
    return answer_about_run(request, pk, lambda request, run: _page(request, run, city_pk))


@audience(ANYONE)
@require_safe
def run_city_export(request: HttpRequest, pk: int, city_pk: int) -> HttpResponse:
    """Answer with the unit's scores beside the means of other places, as a file."""
    run = finished_run(request, pk)
    name = f"city-{run.pk}-{city_pk}"
    profile = _find(request, run, city_pk)
    rows, headings = _file_rows(profile), _headings(profile.scores.cities.register)
    facts = [*run_facts(run), *group_facts(profile.scores.cities, profile.city)]
    return table_answer(asked_format(request), name, headings, rows, facts)


@audience(ANYONE)
@require_safe
def run_city_picture(request: HttpRequest, pk: int, city_pk: int, format: str) -> HttpResponse:
    """Answer with the figure of the profile as a file."""
    return picture_answer(request, _figure(_find(request, finished_run(request, pk), city_pk)).spec, format)


def _find(request: HttpRequest, run: Run, city_pk: int) -> CityProfile:
    profile = city_profile_of(node_scores_of(run), city_pk, visitor_of(request).account)
    if profile is None:
        raise Http404
    return profile


def _page(request: HttpRequest, run: Run, city_pk: int) -> HttpResponse:
    profile = _find(request, run, city_pk)
    if profile.intervals and visitor_of(request).can_analyse:
        count_at_once(profile.intervals.study, profile.neighbour_pairs)
    changed = changes_of_city(run, profile.scores.record, profile.position)
    address = [run.pk, city_pk]
    others = page_of(request, other_runs_of(run, visitor_of(request).account))
    cities, levels = profile.scores.cities, profile.scores.cities.shown_levels
    words = {PROVINCE: cities.register.province_word, REGION: cities.register.region_word}
    context = run_context(request, run, "run-city", city=profile.city) | {
        "profile": profile,
        "register": cities.register,
        "shown_levels": levels,
        "within": [words[level] for level in levels],
        "places": cities.places_of(profile.city),
        "city": profile.city,
        "title": profile_finding(profile),
        "stats": _statistics(profile),
        "figure": _figure(profile).drawn_at(reverse("indexer:run-city-picture", args=[*address, "svg"])),
        "scores": [
            _score_row(score, run, levels)
            | {"changes": changed.get(score.node.code, ()) if score.node else ()}
            for score in [profile.composite, *profile.nodes]
        ],
        "has_changes": bool(changed),
        "has_imputed": bool(profile.composite.imputed),
        "studies": imputation_links(run, profile.account) if profile.composite.imputed else [],
        "has_marks": any(score.node and score.node.code in changed for score in profile.nodes),
        **_neighbours(request, profile),
        "leads": _leads(profile),
        "dark_horses": profile.leads.dark_horses(profile.position),
        "dark_horse_places": DARK_HORSE_PLACES,
        "others": _others(profile, others),
        "others_page": others,
        "saves": save_links(reverse("indexer:run-city-export", args=address)),
    }
    return render(request, "indexer/run/city_profile.html", context)


def profile_finding(profile: CityProfile) -> str:
    """Say a unit's rank, and where it is best and weakest."""
    words = {
        "city": profile.city.name,
        "rank": profile.rank,
        "count": profile.count,
        "units": profile.scores.cities.register.units,
    }
    if not profile.rank:
        return _("%(city)s has too few values for a rank") % words
    ranked = [score for score in profile.sub_indices if not np.isnan(score.rank)]
    best = min(ranked, key=lambda score: score.rank, default=None)
    worst = max(ranked, key=lambda score: score.rank, default=None)
    if not best or not worst or best.rank == worst.rank or not best.node or not worst.node:
        return _("%(city)s ranks %(rank)s of %(count)s %(units)s") % words
    return _("%(city)s ranks %(rank)s of %(count)s %(units)s; best in “%(best)s”, weakest in “%(worst)s”") % {
        **words,
        "best": best.node.name,
        "worst": worst.node.name,
    }


def _statistics(profile: CityProfile) -> list[dict[str, str]]:
    composite, place, method = profile.composite, profile.city.province, profile.run.method
    stats = [
        {
            "label": _("Rank"),
            "value": rank_text(composite.rank),
            "note": _("of %(count)s %(units)s")
            % {"count": profile.count, "units": profile.scores.cities.register.units},
        },
        {
            "label": _("Composite score"),
            "value": signed(composite.score * method.scale, method.digits_or(DIGITS), plus=False),
            "note": score_unit(profile.run.method),
        },
    ]
    register, levels = profile.scores.cities.register, profile.scores.cities.shown_levels
    if PROVINCE in levels:
        rank = rank_text(composite.rank_in_province)
        stats.append({"label": rank_within(register.province_word), "value": rank, "note": place.name})
    if REGION in levels:
        rank = rank_text(composite.rank_in_region)
        stats.append({"label": rank_within(register.region_word), "value": rank, "note": place.region.name})
    if profile.scores.has_imputed:
        share, note = imputed_text(composite.imputed), _("of the weight of this score")
        stats.append({"label": _("Filled in"), "value": share, "note": note})
    return [*stats, *_interval_statistics(profile)]


def rank_within(word: str) -> str:
    """Head the rank of a unit among those of its place, of which this is the word."""
    return _("Rank in the %(place)s") % {"place": word}


def _interval_statistics(profile: CityProfile) -> list[dict[str, str]]:
    """Return the rank under other experts; empty where no bootstrap of the run was made."""
    intervals = profile.intervals
    if intervals is None:
        return []
    low, median, high, nominal = (
        f"{side[profile.position]:g}"
        for side in (intervals.q05, intervals.median, intervals.q95, intervals.nominal)
    )
    study = intervals.study
    return [
        {
            "label": _("Rank in nine of ten draws"),
            "value": f"{low}–{high}",
            "note": _("nominal rank %(nominal)s, median %(median)s") % {"nominal": nominal, "median": median},
        },
        {
            "label": _("Draws of the experts"),
            "value": f"{study.draws:,}",
            "note": _("study %(study)s, seed %(seed)s") % {"study": study.pk, "seed": study.seed},
        },
    ]


def _figure(profile: CityProfile) -> Figure:
    """Draw the scores as multiples of the nation's mean; as differences from it where some are negative."""
    scores = [profile.composite, *profile.nodes]
    drawn = [score for score in scores if np.isfinite(score.score)]
    as_ratio = all(min(score.score, score.province, score.region) >= 0 < score.nation for score in drawn)
    scale = profile.run.method.scale
    points = [
        charts.ProfilePoint(
            name=_score_name(score),
            rank=int(score.rank),
            city=_against(score.score, score.nation, scale, as_ratio=as_ratio),
            province=_against(score.province, score.nation, scale, as_ratio=as_ratio),
            region=_against(score.region, score.nation, scale, as_ratio=as_ratio),
            nation=1.0 if as_ratio else 0.0,
        )
        for score in drawn
    ]
    composite, word = profile.composite, profile.scores.cities.register.unit
    if as_ratio:
        title = _("%(city)s scores %(times)s times the overall mean") % {
            "city": profile.city.name,
            "times": f"{composite.score / composite.nation:.2f}",
        }
        subtitle = _("score of the %(unit)s and means of its places, the overall mean = 1") % {"unit": word}
    else:
        title = _("%(city)s lies %(gap)s from the overall mean") % {
            "city": profile.city.name,
            "gap": signed(
                (composite.score - composite.nation) * profile.run.method.scale,
                profile.run.method.digits_or(DIGITS),
            ),
        }
        subtitle = _("score of the %(unit)s and means of its places less the overall mean, %(measure)s") % {
            "unit": word,
            "measure": score_unit(profile.run.method),
        }
    if not profile.rank:
        title = profile_finding(profile)
    levels = profile.scores.cities.shown_levels
    spec = charts.profile_chart(
        points,
        city=profile.city.name,
        places=dict(zip(levels, profile.scores.cities.places_of(profile.city), strict=True)),
        units=profile.scores.cities.register.units,
        title=title,
        subtitle=subtitle,
        source=f"{data_set_name(profile.run.data_set)} · {version_name(profile.run)}",
    )
    return Figure(title, subtitle, spec, points)


def _against(score: float, mean: float, scale: float, *, as_ratio: bool) -> float:
    return score / mean if as_ratio else (score - mean) * scale


def _score_name(score: ScoreProfile) -> str:
    return score.node.name if score.node else _("Composite score")


def _score_row(score: ScoreProfile, run: Run, levels: Sequence[str]) -> dict[str, Any]:
    places = {
        PROVINCE: (score.rank_in_province, score.province),
        REGION: (score.rank_in_region, score.region),
    }
    return {
        "name": _score_name(score),
        "depth": score.node.depth + 1 if score.node else 1,
        "is_composite": score.node is None,
        "rank": rank_text(score.rank),
        "ranks_within": [rank_text(places[level][0]) for level in levels],
        "changed": score.changed,
        "imputed": imputed_text(score.imputed) if score.imputed else "–",
        "figures": [
            signed(value * run.method.scale, run.method.digits_or(DIGITS), plus=False)
            for value in (score.score, *(places[level][1] for level in levels), score.nation)
        ],
    }


def _neighbours(request: HttpRequest, profile: CityProfile) -> dict[str, Any]:
    """Return the neighbours, and how often the unit is above each where a study says so."""
    study = profile.intervals.study if profile.intervals else None
    digits = profile.run.method.digits_or(DIGITS)
    rows = [
        {
            "city": near.city,
            "rank": near.rank,
            "score": signed(near.score * profile.run.method.scale, digits, plus=False),
            "gap": signed(near.gap * profile.run.method.scale, digits + 2),
            "is_own": near.city.pk == profile.city.pk,
            "above": _share_text(profile, near.position),
        }
        for near in profile.neighbours
    ]
    return {
        "neighbours": rows,
        "study": study,
        "study_title": study_name(study) if study else "",
        "can_ask": visitor_of(request).can_analyse,
    }


def _share_text(profile: CityProfile, position: int) -> str:
    share = profile.share_above(position)
    return "" if share is None else f"{100 * share:.1f}"


def _leads(profile: CityProfile) -> list[dict[str, Any]]:
    """Return for each sub-index by how many places its rank is better than in every other."""
    return [
        {
            "name": _score_name(score),
            "rank": rank_text(score.rank),
            "leads": [
                None if other is score or np.isnan(other.rank - score.rank) else int(other.rank - score.rank)
                for other in [profile.composite, *profile.sub_indices]
            ],
        }
        for score in profile.sub_indices
    ]


def _others(profile: CityProfile, page: Page[Run]) -> list[dict[str, Any]]:
    others = ranks_in(list(page), profile.run, profile.city)
    names = run_names([profile.run, *(other.run for other in others)])[1:]
    return [
        {
            "name": name,
            "run": other.run,
            "rank": other.rank,
            "shift": profile.rank - other.rank if profile.rank else 0,
            "score": signed(
                other.score * other.run.method.scale, other.run.method.digits_or(DIGITS), plus=False
            ),
        }
        for name, other in zip(names, others, strict=True)
    ]


def _headings(register: Register) -> list[Heading]:
    words = {"unit": register.unit}
    province, region = {"group": register.province_word}, {"group": register.region_word}
    return [
        Heading("score", _("Code of the indicator")),
        Heading("name", _("Score")),
        Heading("rank", _("Rank")),
        Heading("rank_in_region", _("Rank in the %(group)s") % region),
        Heading("rank_in_province", _("Rank in the %(group)s") % province),
        Heading("city", _("Score of the %(unit)s") % words),
        Heading("province", _("Mean of the %(group)s") % province),
        Heading("region", _("Mean of the %(group)s") % region),
        Heading("nation", _("Mean of all %(units)s") % {"units": register.units}),
        changed_heading(_("the score of the %(unit)s") % words),
        imputed_heading(),
    ]


def _file_rows(profile: CityProfile) -> Iterator[list[object]]:
    scale = profile.run.method.scale
    for score in [profile.composite, *profile.nodes]:
        yield [
            score.node.code if score.node else "",
            _score_name(score),
            *(
                None if np.isnan(rank) else int(rank)
                for rank in (score.rank, score.rank_in_region, score.rank_in_province)
            ),
            *(value * scale for value in (score.score, score.province, score.region, score.nation)),
            score.changed,
            score.imputed,
        ]
