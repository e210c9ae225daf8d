"""The figures on the pages of one run, as pictures that stand alone."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.views.run.city_trend import city_ranks_figure, city_scores_figure
from indexer.views.run.coherence import importance_figure
from indexer.views.run.coherence_pair import pair_figure
from indexer.views.run.concentration import lorenz_figure
from indexer.views.run.distribution import distribution_figure
from indexer.views.run.fragility import fragility_figure
from indexer.views.run.maps import map_figure
from indexer.views.run.place_trend import place_trend_figure
from indexer.views.run.places import places_figure
from indexer.views.run.ranking import composition_figure
from indexer.views.run.series import series_figure
from indexer.views.run.trends import trend_figure
from weighting.drawing import Spec
from weighting.permissions import ANYONE, audience
from weighting.views.files import picture_answer
from weighting.visitors import visitor_of

# Each page of a run puts its figures here, by the name in their address; its query chooses as the page's.
FIGURES: dict[str, Callable[[HttpRequest, Run], Spec | None]] = {
    "city-ranks": city_ranks_figure,
    "city-scores": city_scores_figure,
    "composition": lambda _request, run: composition_figure(run),
    "distribution": distribution_figure,
    "fragility": lambda _request, run: fragility_figure(run),
    "importance": importance_figure,
    "lorenz": lorenz_figure,
    "map": map_figure,
    "nodes": pair_figure,
    "place-years": place_trend_figure,
    "places": places_figure,
    "scatter": series_figure,
    "years": trend_figure,
}


@audience(ANYONE)
@require_safe
def run_picture(request: HttpRequest, pk: int, figure: str, format: str) -> HttpResponse:
    """Answer with a figure of a finished run as a file."""
    run = get_object_or_404(runs_with_nodes_visible_to(visitor_of(request).account), pk=pk)
    if figure not in FIGURES or run.status != RunStatus.DONE:
        raise Http404
    return picture_answer(request, FIGURES[figure](request, run), format)
