"""A table or a picture of a published index for pages of others: framed, or shown as an image."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.answers import answer_published
from indexer.models import IndexEdition
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.views.public.addresses import Shelf, absolute, edition_or_404
from indexer.views.public.pages import LANGUAGE, named_by
from indexer.views.public.parts import Sureness, ranking_rows, sureness_of
from indexer.views.public.reuse import THEMES, TOP
from indexer.views.public.weight_picture import draw_weights
from indexer.views.run.ranking import Ranking, composition_of, load_ranking, ranking_finding
from indexer.views.shared.unranked import unranked_rows
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import PICTURES, Spec
from weighting.lettering import set_apart
from weighting.permissions import ANYONE, audience
from weighting.requests import read_id
from weighting.views.files import picture_answer

MOST = 100
PICTURED = 20


def framed_anywhere(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let pages of anybody frame what a view answers; everything else of the product refuses to be framed."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: Any = view(request, *args, **kwargs)
        response.xframe_options_exempt = True
        response._csp_replace = {"frame-ancestors": ["*"]}
        return cast(HttpResponse, response)

    return answer


@audience(ANYONE)
@framed_anywhere
@require_safe
def embed(request: HttpRequest, name: str, figure: str, number: int | None = None) -> HttpResponse:
    """Show one figure of an index, to be framed; ``?top=``, ``?theme=`` and ``?lang=`` choose its form."""
    edition = edition_or_404(name, number)
    if figure not in EMBEDS:
        raise Http404
    return _in_asked_language(
        request,
        lambda: answer_published(
            request, named_by(edition), lambda: _embed(request, edition, Shelf(name, number), figure)
        ),
    )


@audience(ANYONE)
@require_safe
def picture(
    request: HttpRequest, name: str, figure: str, format: str, number: int | None = None
) -> HttpResponse:
    """Answer with a picture of an edition, at an address that stays."""
    edition = edition_or_404(name, number)
    if figure not in EDITION_PICTURES or format not in PICTURES:
        raise Http404
    return _in_asked_language(
        request,
        lambda: answer_published(
            request,
            named_by(edition),
            lambda: picture_answer(request, EDITION_PICTURES[figure](_load(edition)), format),
        ),
    )


def ranking_chart(ranking: Ranking) -> Spec | None:
    """Draw the first units as bars, with the ranks that trials give them; None where nobody has one."""
    chosen = [place for place in ranking.order[:PICTURED] if ranking.subject.ranks[place]]
    if not chosen:
        return None
    ranking.cities.load(chosen)
    sureness = sureness_of(ranking.run)
    unit = score_unit(ranking.run.method)
    subtitle = (
        unit if sureness is None else _("%(unit)s; in brackets: ranks in nine draws of ten") % {"unit": unit}
    )
    bars = [
        charts.PlaceBar(_bar_name(ranking, place, sureness), 1, _score(ranking, place)) for place in chosen
    ]
    return charts.place_chart(
        bars,
        units_word=ranking.cities.register.units,
        digits=ranking.run.method.digits_or(charts.BAR_DIGITS),
        title=ranking_finding(ranking),
        subtitle=subtitle,
        source=f"{data_set_name(ranking.run.data_set)} · {version_name(ranking.run)}",
    )


def _bar_name(ranking: Ranking, place: int, sureness: Sureness | None) -> str:
    city = ranking.cities[place]
    between = sureness.between.get(city.pk) if sureness else None
    return f"{ranking.subject.ranks[place]}. {set_apart(city.name)}" + (f" ({between})" if between else "")


def _score(ranking: Ranking, place: int) -> float:
    return float(ranking.subject.scores[place]) * ranking.subject.scale


# By what stands in the address.
EDITION_PICTURES: Mapping[str, Callable[[Ranking], Spec | None]] = {
    "ranking": ranking_chart,
    "composition": lambda ranking: composition_of(ranking).get("chart"),
}


def _ranking(request: HttpRequest, edition: IndexEdition, shelf: Shelf) -> dict[str, Any]:
    ranking, sureness = _load(edition), sureness_of(edition.run)
    top = min(read_id(request.GET.get("top", "")) or TOP, MOST)
    return {
        "rows": ranking_rows(ranking, sureness, shelf, most=top),
        "sureness": sureness,
        "headline": ranking_finding(ranking),
        "unit": score_unit(edition.run.method),
        "register": ranking.cities.register,
        "unranked": unranked_rows(ranking.subject),
    }


def _weights(request: HttpRequest, edition: IndexEdition, shelf: Shelf) -> dict[str, Any]:
    return {"headline": _("Weights"), "weights": draw_weights(_load(edition).nodes)}


EMBEDS: Mapping[str, Callable[[HttpRequest, IndexEdition, Shelf], dict[str, Any]]] = {
    "ranking": _ranking,
    "weights": _weights,
}


def _embed(request: HttpRequest, edition: IndexEdition, shelf: Shelf, figure: str) -> HttpResponse:
    theme = request.GET.get("theme", "")
    context = EMBEDS[figure](request, edition, shelf) | {
        "figure": figure,
        "index": edition.index,
        "edition": edition,
        "run": edition.run,
        "index_url": absolute(shelf.index),
        "theme": theme if theme in THEMES else THEMES[0],
        # What is the same for everybody holds no token.
        "csrf_token": "",
    }
    return render(request, "indexer/public/embed.html", context)


def _load(edition: IndexEdition) -> Ranking:
    run = runs_with_nodes_visible_to(None).filter(pk=edition.run_id).first()
    if run is None:
        raise Http404
    edition.run = run
    return load_ranking(run)


def _in_asked_language(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer in the language that the address names, and leave the reader's browser as it is."""
    asked = request.GET.get(LANGUAGE)
    if asked not in dict(settings.LANGUAGES):
        return answer()
    with override(asked):
        return answer()
