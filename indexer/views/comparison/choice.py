"""Which runs a page compares: those asked for, or the first two; and the choice of others."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from indexer.enums import RunStatus
from indexer.forms.comparison import ComparisonForm
from indexer.models import DataSet, Run
from indexer.selectors.comparison import Comparison, compare_runs
from indexer.selectors.published import latest_editions
from indexer.selectors.run_search import data_sets_of, first_pair, offer_runs, runs_named
from indexer.selectors.runs import load_runs, runs_visible_to
from indexer.views.comparison.first_steps import steps_to_a_comparison
from indexer.views.shared.run_names import run_names
from indexer.words import data_set_name, version_name
from weighting.requests import read_id
from weighting.views.first_steps import first_steps
from weighting.visitors import visitor_of


class RunChoice:
    """What a request asks to compare; ``refusal`` is the answer where that cannot be done."""

    def __init__(self, request: HttpRequest) -> None:
        self._account = visitor_of(request).account
        self._find = request.GET.get("find", "")
        runs = runs_visible_to(self._account).select_related("data_set__series")
        self._runs = runs.order_by("data_set_id", "weight_version__number", "pk")
        self.form = _bind(request, self._runs)
        self.refusal: HttpResponse | None = None
        if self.form is None:
            context = _waiting(self.listed)
            if self._account and not context["is_moving"]:
                context |= first_steps(steps_to_a_comparison(self._account)) | _single(self.listed)
            if not self._account:
                context |= _instead(self.listed)
            self.refusal = render(request, "indexer/comparison/comparison_empty.html", context)
        elif not self.form.is_valid():
            self.refusal = render(
                request, "indexer/comparison/comparison_empty.html", self.picker(), status=400
            )

    @cached_property
    def listed(self) -> list[Run]:
        """Every run, for what is said where no two can be compared."""
        return list(self._runs)

    def compare(self) -> Comparison:
        """Set the chosen runs side by side."""
        assert self.form is not None  # noqa: S101  (there was no refusal)
        asked = [run.pk for run in self.form.cleaned_data["runs"]]
        return compare_runs(load_runs(self._account, asked))

    def picker(self) -> dict[str, Any]:
        """Offer the runs of the framework in view and of its like, by name, and the data sets of all."""
        assert self.form is not None  # noqa: S101  (nothing to choose from is a refusal)
        chosen = [str(value) for value in self.form.data["runs"]]
        base = str(self.form.data["base"] or (chosen[0] if chosen else ""))
        in_view = next(iter(runs_named(self._runs, chosen)), None) or self._runs.first()
        assert in_view is not None  # noqa: S101  (without a run there is no form)
        data_sets = list(data_sets_of(self._runs))
        alike = [data_set.pk for data_set in data_sets if _is_comparable(data_set, in_view.data_set)]
        runs = self._runs.filter(data_set__in=alike)
        offered = offer_runs(runs, self._find, [*chosen, base])
        options = [
            {
                "run": run,
                "name": name,
                "is_chosen": str(run.pk) in chosen,
                "is_base": str(run.pk) == base,
                "is_done": run.status == RunStatus.DONE,
            }
            for run, name in zip(offered.rows, run_names(offered.rows), strict=True)
        ]
        others = [data_set for data_set in data_sets if data_set.pk != in_view.data_set_id]
        return {
            "options": options,
            "offered": offered,
            "others": [(data_set.pk, data_set_name(data_set)) for data_set in others],
            "problems": [str(error) for errors in self.form.errors.values() for error in errors],
        }


def asked_comparison(request: HttpRequest) -> Comparison:
    """Return the comparison asked for; 404 where it cannot be made."""
    choice = RunChoice(request)
    if choice.refusal:
        raise Http404
    return choice.compare()


def _bind(request: HttpRequest, runs: QuerySet[Run]) -> ComparisonForm | None:
    """Bind the runs asked for, or the default ones; None where nothing can be compared yet."""
    asked, base = request.GET.getlist("runs"), request.GET.get("base", "")
    known = runs_named(runs, [*asked, base])
    if not set(asked) <= {str(run.pk) for run in known}:
        raise Http404
    data: dict[str, Any] = {"runs": asked, "base": base}
    if not asked and "base" not in request.GET:
        data_set = request.GET.get("data_set", "")
        known = first_pair(runs.filter(data_set=read_id(data_set) or 0) if data_set else runs)
        data["runs"] = [run.pk for run in known]
        if not known:
            return None
    return ComparisonForm(data, runs=known, names=[version_name(run) for run in known])


def _is_comparable(data_set: DataSet, in_view: DataSet) -> bool:
    """Tell whether two data sets are of one framework, or of one register with indicators in common."""
    if data_set.framework_id == in_view.framework_id:
        return True
    is_one_register = data_set.series.register_id == in_view.series.register_id
    return is_one_register and not set(data_set.leaf_codes).isdisjoint(in_view.leaf_codes)


def _waiting(listed: Sequence[Run]) -> dict[str, Any]:
    ended = [run for run in listed if run.status in (RunStatus.DONE, RunStatus.FAILED)]
    return {"run_count": len(listed), "ended_count": len(ended), "is_moving": len(ended) < len(listed)}


def _single(listed: Sequence[Run]) -> dict[str, Any]:
    """Lead the staff to the rankings that there are, though no two of them can be compared."""
    if not any(run.status == RunStatus.DONE for run in listed):
        return {}
    return {"empty_url": reverse("indexer:run-list"), "empty_label": _("Look at the rankings")}


def _instead(listed: Sequence[Run]) -> dict[str, Any]:
    """Say to strangers why nothing can be compared, and lead to what they can read instead."""
    editions = list(latest_editions()[:2])
    if not editions and not listed:
        return {}
    said = _(
        "Two rankings of the same data under other weights can be compared; those public here are single."
    )
    context = {"empty_title": _("There is nothing to compare"), "empty_text": said}
    if len(editions) == 1:
        url = reverse("indexer:public-index", args=[editions[0].index.slug])
        return {
            **context,
            "empty_url": url,
            "empty_label": _("Read “%(name)s”") % {"name": editions[0].index},
        }
    if editions:
        return {**context, "empty_url": reverse("home"), "empty_label": _("All indices")}
    url = reverse("indexer:run-detail", args=[listed[0].pk])
    return {**context, "empty_url": url, "empty_label": _("Read the ranking")}
