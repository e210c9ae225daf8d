"""From a page about a run to the same page of another year."""

from collections.abc import Sequence
from typing import TypedDict

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from indexer.models import City, Run
from indexer.selectors.composites import city_ids_by_run, standings_of
from indexer.selectors.years import YearOfRun, years_of
from weighting.visitors import visitor_of


class YearLink(TypedDict):
    """A year, and where its page is; '' and the reason where it has none."""

    year: int
    url: str
    is_current: bool
    reason: str


class YearSwitch(TypedDict):
    """The years of a series, the last first, and in words which of them lack this page and why."""

    years: list[YearLink]
    notes: list[str]


def year_switch(
    request: HttpRequest,
    run: Run,
    *,
    tab: str,
    city: City | None = None,
    years: Sequence[YearOfRun] | None = None,
) -> YearSwitch | None:
    """Return the years of the run's series with this page of each; None where there is one year alone.

    ``tab`` names the page that an answer to a form stands for; ``years`` are those of the run, where
    the caller has them. Of a page about a ``city`` a year that does not rank it has none.
    """
    years = years_of(run, visitor_of(request).account) if years is None else years
    if len(years) < 2:
        return None
    ranked = _years_that_rank(city, years)
    links = [_link(request, run, year, tab, ranked=ranked) for year in years]
    return YearSwitch(years=links[::-1], notes=_notes(links))


def _notes(links: Sequence[YearLink]) -> list[str]:
    lacking: dict[str, list[str]] = {}
    for link in links:
        if link["reason"]:
            lacking.setdefault(link["reason"], []).append(str(link["year"]))
    words = [{"years": _(", ").join(years), "reason": reason} for reason, years in lacking.items()]
    return [_("%(years)s: %(reason)s") % one for one in words]


def _years_that_rank(city: City | None, years: Sequence[YearOfRun]) -> set[int] | None:
    """Return the runs that rank a unit; None where the page is about no unit."""
    if city is None:
        return None
    runs = [year.run_id for year in years if year.run_id is not None]
    return set(standings_of(city.pk, city_ids_by_run(runs)))


def _link(request: HttpRequest, run: Run, year: YearOfRun, tab: str, *, ranked: set[int] | None) -> YearLink:
    is_current = year.run_id == run.pk
    reason = ""
    if year.run_id is None:
        reason = _("no finished run under this version and method")
    elif ranked is not None and year.run_id not in ranked and not is_current:
        reason = _("not ranked")
    url = "" if reason or year.run_id is None else _address(request, year.run_id, tab)
    return YearLink(year=year.year, url=url, is_current=is_current, reason=reason)


def _address(request: HttpRequest, run_id: int, tab: str) -> str:
    match = request.resolver_match
    if match is None or request.method not in ("GET", "HEAD"):
        return reverse(f"indexer:{tab}", args=[run_id])
    asked = request.GET.copy()
    # The same page of a list holds others.
    asked.pop("page", None)
    query = f"?{asked.urlencode()}" if asked else ""
    return reverse(match.view_name, kwargs={**match.kwargs, "pk": run_id}) + query
