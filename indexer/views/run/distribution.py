"""How the values of one node of a run are spread, as a page and as pictures."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer import charts
from indexer.answers import answer_page
from indexer.forms.coherence import NodeOfIndex
from indexer.models import Run
from indexer.selectors.distributions import Distribution, distributions_of
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.published import codes_given_raw
from indexer.selectors.runs import PERCENT
from indexer.views.shared.histograms import bin_rows, histogram_bins, value_stats
from indexer.views.shared.run_pages import answer_about_run, run_context
from indexer.words import data_set_name, score_unit, version_name
from weighting.drawing import Figure, Spec
from weighting.numeric.arrays import FloatArray
from weighting.permissions import ANYONE, audience
from weighting.visitors import visitor_of


@audience(ANYONE)
@require_safe
def run_distribution(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the values of a node as they came, as treated, and as scores."""
    return answer_about_run(
        request, pk, lambda request, run: answer_page(request, run, _page, *sorted(_given(request, run)))
    )


def distribution_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return one of the histograms, by ``?of=``; None for one that there is not."""
    figures = figures_of(_asked(request, run)[1], _given(request, run))
    found = figures.get(request.GET.get("of", "scores"))
    return found.spec if found else None


def _asked(request: HttpRequest, run: Run) -> tuple[NodeOfIndex, Distribution]:
    subject = node_scores_of(run)
    form = NodeOfIndex(request.GET, nodes=subject.nodes)
    return form, distributions_of(subject, [form.chosen])[0]


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    form, found = _asked(request, run)
    context = {
        **run_context(request, run, "run-coherence"),
        "title": _("How %(name)s is spread") % {"name": found.node.name},
        "form": form,
        "node": found.node,
        "register": found.subject.cities.register,
        "stats": value_stats(found.facts, 0, len(found.scores), found.subject.cities.register.units),
        "figures": figures_of(found, _given(request, run)),
    }
    return render(request, "indexer/run/distribution.html", context)


def _given(request: HttpRequest, run: Run) -> frozenset[str]:
    return codes_given_raw(visitor_of(request).account, run)


def figures_of(found: Distribution, given: frozenset[str]) -> dict[str, Figure]:
    """Return the histograms there are, by what they are of; of raw values those of indicators ``given``."""
    return dict(each_figure(found, given))


def each_figure(found: Distribution, given: frozenset[str]) -> Iterator[tuple[str, Figure]]:
    """Yield them one by one: a column of a large data set is read when its histogram is asked for."""
    is_given, score = found.node.code in given, score_unit(found.subject.run.method)
    if is_given:
        yield from _figure(found, "raw", _("As the data set holds it"), found.node.unit, found.raw)
        title = _("As it goes into the normalisation")
        yield from _figure(found, "treated", title, found.node.unit, found.treated)
    title = _("As it counts in the index") if found.node.is_leaf else _("As a score")
    yield from _figure(found, "scores", title, score, found.scores * PERCENT)


def _figure(
    found: Distribution, of: str, title: str, unit: str, values: FloatArray | None
) -> Iterator[tuple[str, Figure]]:
    """Yield the histogram of some values, unless there are none."""
    present = None if values is None else values[np.isfinite(values)]
    if present is None or not len(present):
        return
    run, units = found.subject.run, found.subject.cities.register.units
    bins = histogram_bins(present)
    subtitle = _("%(name)s: %(units)s by value") % {"name": found.node.name, "units": units}
    words: dict[str, Any] = {
        "title": f"{found.node.name}: {title}",
        "subtitle": subtitle,
        "source": f"{data_set_name(run.data_set)} · {version_name(run)}",
    }
    query = urlencode({"node": found.node.code, "of": of})
    yield (
        of,
        Figure(
            title=title,
            subtitle=subtitle,
            chart=charts.histogram_chart(bins, x_title=unit, units_word=units, **words),
            rows=bin_rows(bins),
            image_url=f"{reverse('indexer:run-picture', args=[run.pk, 'distribution', 'svg'])}?{query}",
        ),
    )
