"""Data sets: list, one with its indicators and runs, import, publish."""

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from indexer.method_words import method_words
from indexer.models import DataSet
from indexer.selectors.data_facts import IndicatorSummary, indicator_summaries_of, lack_of_data_facts
from indexer.selectors.data_imports import imports_visible_to
from indexer.selectors.data_sets import (
    MOST_NAMED,
    PlaceOfSet,
    data_sets_visible_to,
    editions_of,
    owns_data_set,
    places_of,
    units_among,
)
from indexer.selectors.methods import names_in_method
from indexer.selectors.runs import listed_runs_visible_to
from indexer.services.data_sets import publish_data_set
from indexer.views.data.lineage import lineage_facts, mapping_columns, mapping_rows
from indexer.views.shared.facts_lack import data_set_lack_context
from indexer.views.shared.run_groups import runs_context
from indexer.views.shared.tables import plain_number, raw_number
from indexer.words import data_set_name, moment, register_lines
from weighting.permissions import ANYONE, MANAGERS, audience
from weighting.reauthentication import grave
from weighting.selectors.frameworks import weighs_framework
from weighting.views.answers import answer_act
from weighting.views.files import asked_format, save_links, table_answer
from weighting.visitors import account_of, visitor_of

PAGE = 100


@audience(ANYONE)
@require_safe
def data_set_list(request: HttpRequest) -> HttpResponse:
    """Every data set that the visitor may see."""
    data_sets = data_sets_visible_to(visitor_of(request).account)
    rows = [
        {
            "data_set": data_set,
            "city_count": len(data_set.city_ids),
            "indicator_count": len(data_set.leaf_codes),
        }
        for data_set in data_sets
    ]
    account = visitor_of(request).account
    drafts = imports_visible_to(account).filter(owner=account).count() if account else 0
    return render(request, "indexer/data/data_set_list.html", {"rows": rows, "drafts": drafts})


@audience(ANYONE)
@require_safe
def data_set_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What a data set holds, how it is used, and how far its runs are."""
    account = visitor_of(request).account
    # The matrix is read where it is small alone, and the mapping for what is said of it.
    visible = data_sets_visible_to(account).defer(None).defer("values", "auxiliary")
    visible = visible.select_related("framework", "method", "series__register", "previous", "created_by")
    data_set = get_object_or_404(visible, pk=pk)
    runs = listed_runs_visible_to(account).filter(data_set=data_set)
    lack = lack_of_data_facts(data_set)
    summaries = [] if lack else indicator_summaries_of(data_set)
    editions = editions_of(data_set, account)
    later = (one for one in editions if one.year == data_set.year and one.edition > data_set.edition)
    context = {
        "data_set": data_set,
        "title": data_set_name(data_set),
        "may_publish": owns_data_set(account, data_set),
        "may_weigh": weighs_framework(account, data_set.framework),
        "facts": [*_facts(data_set), *lineage_facts(data_set, account)],
        "editions": editions,
        # The newest comes first.
        "later": next(later, None),
        **data_set_lack_context(data_set, lack),
        "rows": [_indicator_row(summary) for summary in summaries],
        "has_own_totals": any(summary.has_own_total for summary in summaries),
        "lacks_totals": any(summary.total is None for summary in summaries),
        "has_missing": any(summary.missing for summary in summaries),
        **_units(request, data_set),
        **runs_context(runs, only=pk),
    }
    if data_set.mapping:
        context["mapping_links"] = save_links(reverse("indexer:data-set-mapping", args=[pk]))
    return render(request, "indexer/data/data_set_detail.html", context)


@audience(ANYONE)
@require_safe
def data_set_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """What every column and row of the file became, as a file."""
    data_set = get_object_or_404(data_sets_visible_to(visitor_of(request).account).defer(None), pk=pk)
    name, format = f"data-set-{pk}-mapping", asked_format(request)
    return table_answer(format, name, mapping_columns(), mapping_rows(data_set))


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def data_set_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what publishing means; POST lets anybody read the data set."""
    account = account_of(request)
    data_set = get_object_or_404(data_sets_visible_to(account), pk=pk)
    if not owns_data_set(account, data_set):
        raise Http404
    if request.method == "POST":
        return answer_act(
            request,
            partial(publish_data_set, data_set, actor=account),
            done=_("Anybody can now read this data set."),
            back=reverse("indexer:data-set-detail", args=[pk]),
        )
    consequences = [
        _(
            "Anybody can read the data set and its rankings under published weight versions, without "
            "signing in."
        ),
        _("This cannot be taken back here: what was read stays read."),
    ]
    context = {"data_set": data_set, "title": data_set_name(data_set), "consequences": consequences}
    return render(request, "indexer/data/data_set_publish.html", context)


def _facts(data_set: DataSet) -> list[tuple[str, Any]]:
    return [
        (_("Framework"), data_set.framework.name),
        (_("Year"), str(data_set.year)),
        (_("Edition"), data_set.edition),
        *((_("Register"), words) for words in register_lines(data_set)),
        (_("Units"), len(data_set.city_ids)),
        (_("Indicators"), len(data_set.leaf_codes)),
        (_("Method"), method_words(data_set.method, names_in_method(data_set.method, data_set.framework_id))),
        (_("SHA-256 of the data"), data_set.sha256),
        (_("Added"), moment(data_set.created_at)),
        (_("Who can read it"), _("Anybody") if data_set.is_published else data_set.framework.insiders),
    ]


def _indicator_row(summary: IndicatorSummary) -> dict[str, Any]:
    unit = summary.indicator.unit
    figures = [raw_number(figure, unit) for figure in (summary.smallest, summary.median, summary.largest)]
    total = "–" if summary.total is None else plain_number(summary.total)
    return {"summary": summary, "figures": figures, "total": total}


def _units(request: HttpRequest, data_set: DataSet) -> dict[str, Any]:
    """Return the units by place and, of more than are named there, a page of them."""
    places, is_counted = places_of(data_set), len(data_set.city_ids) > MOST_NAMED
    page = Paginator(sorted(data_set.city_ids), PAGE).get_page(request.GET.get("page"))
    return {
        "register": data_set.series.register,
        "regions": _by_region(places),
        "unit_page": page if is_counted else None,
        "units": units_among(data_set, list(page.object_list)) if is_counted else [],
    }


def _by_region(places: Iterable[PlaceOfSet]) -> list[dict[str, Any]]:
    """Name the units of each province, or count them where they are too many, by region."""
    groups = []
    for region, members in groupby(places, key=lambda place: place.province.region):
        provinces = list(members)
        named = [
            (place.province, _(", ").join(city.name for city in place.cities) or str(place.city_count))
            for place in provinces
        ]
        count = sum(place.city_count for place in provinces)
        groups.append({"region": region, "provinces": named, "city_count": count})
    return groups
