"""Years of other trees that a page over the years of a run has beside its own."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode

from indexer.forms.trends import Beside, read_beside
from indexer.models import Run
from indexer.selectors.trends import Trend
from indexer.selectors.years import runs_to_set_beside
from indexer.views.shared.trees import tree_facts, tree_notes
from indexer.words import data_set_name, version_name
from weighting.exports import Fact
from weighting.visitors import visitor_of

# More than this are found by the page of comparisons.
MOST_OFFERED = 100


def asked_beside(request: HttpRequest, run: Run, *, is_offered: bool = False) -> Beside:
    """Return the runs of ``?beside=``; all that there are where the page offers them, too."""
    asked = request.GET.getlist("beside")
    if not asked and not is_offered:
        return Beside()
    return read_beside(asked, runs_to_set_beside(run, visitor_of(request).account))


def beside_options(beside: Beside) -> list[dict[str, Any]]:
    """Return the runs that a page offers, the chosen ones first."""
    chosen = {run.pk for run in beside.chosen}
    runs = sorted(beside.offered, key=lambda run: run.pk not in chosen)[:MOST_OFFERED]
    return [
        {
            "run": run,
            "name": f"{data_set_name(run.data_set)} · {version_name(run)}",
            "is_chosen": run.pk in chosen,
        }
        for run in runs
    ]


def with_beside(trend: Trend, asked: Mapping[str, Any] | None = None) -> str:
    """Return an address's part that asks for the same years beside, and for what else is asked."""
    runs = ",".join(str(run.pk) for run in trend.beside)
    return urlencode({**(asked or {}), **({"beside": runs} if runs else {})})


def other_years(trend: Trend, run: Run) -> list[str]:
    """Say what the trees of other years have otherwise; nothing where all years follow one."""
    frameworks = [one.data_set.framework for one in trend.runs]
    return tree_notes(run.data_set.framework, frameworks, trend.tree_changes)


def beside_facts(trend: Trend, run: Run) -> list[Fact]:
    """Return the same as files carry it."""
    return tree_facts(other_years(trend, run))
