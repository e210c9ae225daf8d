"""What strangers find: the published indices, and one of them with all that is to be known of it."""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import activate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from indexer.answers import answer_published
from indexer.models import IndexEdition, PublishedIndex
from indexer.selectors.borders import has_borders
from indexer.selectors.published import (
    has_public_runs,
    latest_editions,
    leaders_of,
    listed_editions,
    search_editions,
    terms_by_code,
)
from indexer.selectors.reports import report_of_edition
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.selectors.studies import TELLING, told_to_anybody
from indexer.views.public.addresses import Shelf, edition_or_404
from indexer.views.public.counting import count_visit, visits_of
from indexer.views.public.machine import dataset_json
from indexer.views.public.parts import acts_on, edition_context
from indexer.views.public.reuse import reuse_context, shared_picture
from indexer.views.reports.document import OWN_NAMES
from indexer.views.reports.run_words import names_of
from indexer.views.run.ranking import load_ranking
from indexer.views.shared.year_switch import YearLink, YearSwitch
from weighting.models import Account
from weighting.permissions import ANYONE, audience
from weighting.requests import remember_language
from weighting.views import access
from weighting.visitors import visitor_of

# Of more the list shows the newest; the search finds the others.
MOST_LISTED = 60
LANGUAGE = "lang"


@audience(ANYONE)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show strangers what is published; whoever is known here goes on to their own pages.

    Where single rankings are public and no index is, their comparison is the first page.
    """
    if not visitor_of(request).is_stranger or (not latest_editions().exists() and has_public_runs()):
        return access.home(request)
    # A question is answered from the rows as they are; the list alone is worth keeping.
    named = [state_of_index(edition) for edition in latest_editions()[:MOST_LISTED]]
    return in_language(request, lambda: answer_published(request, named, lambda: _home(request)))


@audience(ANYONE)
@require_safe
def index_page(request: HttpRequest, name: str, number: int | None = None) -> HttpResponse:
    """Show an index: its newest edition, or the one asked for."""
    edition, shelf = edition_or_404(name, number), Shelf(name, number)
    count_visit(request, edition)
    return in_language(
        request,
        lambda: answer_published(
            request, named_by(edition), lambda: _page(request, edition, shelf), seen=visits_of(edition)
        ),
    )


def edition_page(
    request: HttpRequest, edition: IndexEdition, account: Account | None, *, shelf: Shelf | None
) -> HttpResponse:
    """Write the page of an edition, of which the run is visible to the account; without a shelf a preview."""
    run = runs_with_nodes_visible_to(account).filter(pk=edition.run_id).first()
    if run is None:
        raise Http404
    edition.run = run
    editions = list(listed_editions().filter(index=edition.index_id).order_by("-number"))
    context = edition_context(edition, load_ranking(run), shelf) | {
        "is_preview": shelf is None,
        "editions": editions,
        "year_switch": _years(editions, edition),
        "newer": _newer(editions, edition) if shelf else None,
        "acts": list(acts_on(edition, shelf)),
        "shared_picture": shared_picture(edition) if shelf else "",
        "dataset_json": dataset_json(edition, run),
        **strangers_page(request),
    }
    if shelf:
        context |= reuse_context(edition, weights_height=context["weights"].height)
    return render(request, "indexer/public/index.html", context)


def _newer(editions: Sequence[IndexEdition], shown: IndexEdition) -> dict[str, Any] | None:
    """Return what a reader may want instead: the newest of the same year, else that of the last year."""
    slug, year = shown.index.slug, shown.run.data_set.year
    last = max((edition.run.data_set.year for edition in editions), default=year)
    same_year = next((edition for edition in editions if edition.run.data_set.year == year), shown)
    if same_year.pk != shown.pk:
        return {"url": Shelf(slug, None if year == last else same_year.number).index, "year": None}
    return {"url": Shelf(slug).index, "year": last} if year < last else None


def _years(editions: Sequence[IndexEdition], shown: IndexEdition) -> YearSwitch | None:
    """Return the newest edition of each year, which is given as the newest first; None of a single year."""
    found: dict[int, YearLink] = {}
    last = max((edition.run.data_set.year for edition in editions), default=0)
    for edition in editions:
        year, slug = edition.run.data_set.year, edition.index.slug
        if year not in found:
            own = reverse("indexer:public-edition", args=[slug, edition.number])
            url = reverse("indexer:public-index", args=[slug]) if year == last else own
            is_current = year == shown.run.data_set.year
            found[year] = {"year": year, "url": url, "is_current": is_current, "reason": ""}
    links = sorted(found.values(), key=lambda link: -link["year"])
    return {"years": links, "notes": []} if len(links) > 1 else None


def strangers_page(request: HttpRequest) -> dict[str, Any]:
    """Return what a page needs that is the same for all strangers: links to languages, and no token."""
    query = request.GET.copy()
    languages = []
    for code, name in OWN_NAMES.items():
        query[LANGUAGE] = code
        languages.append({"code": code, "name": name, "url": f"?{query.urlencode()}"})
    return {
        "layout": "base.html",
        "language_links": languages,
        "canonical": settings.PUBLIC_URL.rstrip("/") + request.path,
        **({"csrf_token": ""} if visitor_of(request).is_stranger else {}),
    }


def in_language(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer in the language that the address names, and keep it for the pages that follow."""
    asked = request.GET.get(LANGUAGE)
    if asked not in dict(settings.LANGUAGES):
        return answer()
    activate(asked)
    response = answer()
    remember_language(response, asked)
    # What sets a cookie is for one browser.
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _page(request: HttpRequest, edition: IndexEdition, shelf: Shelf) -> HttpResponse:
    return edition_page(request, edition, None, shelf=shelf)


def named_by(edition: IndexEdition) -> Sequence[str]:
    """Name all that the page of an edition depends on."""
    editions = listed_editions().filter(index=edition.index_id).order_by("number")
    study = told_to_anybody(edition.run, TELLING)
    terms, report = terms_by_code(edition.index).values(), report_of_edition(edition)
    return [
        state_of_index(edition),
        edition.run.result_sha256,
        *(f"{own.code} {own.source} {own.licence} {own.is_withheld}" for own in terms),
        *(f"{other.number} {other.reason}" for other in editions),
        str(study.pk if study else ""),
        str(bool(report)),
        str(has_borders(edition.run)),
        edition.run.weight_version.status,
        _state_of_register(edition),
    ]


def _state_of_register(edition: IndexEdition) -> str:
    """Say what became of a register, of which older results show what is filled in."""
    register = edition.run.data_set.series.register
    return f"{register.edition} {register.completions}"


def state_of_index(edition: IndexEdition) -> str:
    """Say in a line what of an index may be reworded, and which edition it shows."""
    fields = PublishedIndex._meta.concrete_fields
    said = (str(getattr(edition.index, field.attname)) for field in fields)
    return chr(1).join([str(edition.pk), *said])


def _home(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "").strip()
    editions = list(search_editions(asked)[:MOST_LISTED])
    first = leaders_of([edition.run_id for edition in editions])
    context = {
        "rows": [(edition, _finding(edition, *first.get(edition.run_id, ([], 0)))) for edition in editions],
        "asked": asked,
        "searched": urlencode({"q": asked}),
        **strangers_page(request),
    }
    return render(request, "indexer/public/home.html", context)


def _finding(edition: IndexEdition, first: Sequence[Any], count: int) -> str:
    register = edition.run.data_set.series.register
    words = {
        "city": names_of(first),
        "count": count,
        "units": register.units,
    }
    if not first:
        return _("No %(unit)s has a score here") % {"unit": register.unit}
    if len(first) > 1:
        return _("%(city)s share the first rank among %(count)s %(units)s") % words
    return _("%(city)s leads %(count)s %(units)s") % words
