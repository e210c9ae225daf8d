"""/api/v1/datasets/, /api/v1/runs/ and their rankings."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request

from indexer.answers import answer_file
from indexer.api.serializers import DataSetSerializer, RankingSerializer, RunSerializer
from indexer.api.unranked import RankedPages, beside_page, first_unranked_of
from indexer.enums import RunStatus
from indexer.models import City, DataSet, Run
from indexer.selectors.cities import cities_of_run, have_regions
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.preparations import changed_counts_of, imputed_shares_of_run
from indexer.selectors.register_editions import as_stored
from indexer.selectors.registers import cities_of_group, groups_by_city
from indexer.selectors.runs import printed_figures_of, ranked_cities, runs_visible_to
from weighting.api.base import IdFilter, Ordering, Resource


class DataSetFilter(filters.FilterSet):
    framework = IdFilter("framework_id")
    series = IdFilter("series_id")
    year = IdFilter("year")

    class Meta:
        model = DataSet
        fields: list[str] = []


class DataSets(Resource):
    """Immutable matrices of units and leaf indicators."""

    queryset = DataSet.objects.none()
    serializer_class = DataSetSerializer
    filterset_class = DataSetFilter
    ordering_fields = ["id", "year"]

    def get_queryset(self) -> QuerySet[DataSet]:
        return data_sets_visible_to(self.account).order_by("pk")


class RunFilter(filters.FilterSet):
    dataset = IdFilter("data_set_id")
    weight_version = IdFilter("weight_version_id")

    class Meta:
        model = Run
        fields = ["status"]


class Runs(Resource):
    """Computations of a data set under a frozen weight version."""

    queryset = Run.objects.none()
    serializer_class = RunSerializer
    filterset_class = RunFilter
    ordering_fields = ["id", "finished_at"]

    def get_queryset(self) -> QuerySet[Run]:
        return runs_visible_to(self.account).order_by("pk")


class RankingFilter(filters.FilterSet):
    unit = filters.CharFilter(method="named", label="name of the unit, in either language")
    province = filters.CharFilter(method="named", label="name of the province, in either language")
    region = filters.CharFilter(method="named", label="name of the region, in either language")
    group = filters.CharFilter(method="grouped", label="code of a grouping and name of a group: income:High")

    PATHS = {"unit": "", "province": "province__", "region": "province__region__"}

    def named(self, cities: QuerySet[City], name: str, value: str) -> QuerySet[City]:
        """Keep the units whose place has exactly this name."""
        path = self.PATHS[name]
        return cities.filter(Q(**{f"{path}name_zh": value}) | Q(**{f"{path}name_en": value}))

    def grouped(self, cities: QuerySet[City], _name: str, value: str) -> QuerySet[City]:
        """Keep the units of a group: the code of its grouping, a colon, and exactly its name."""
        return cities.filter(pk__in=cities_of_group(value))


class Ranking(Resource):
    """The units of a finished run, highest score first."""

    # What the description of the API reads the address's id from: it is the run's.
    queryset = Run.objects.none()
    serializer_class = RankingSerializer
    pagination_class = RankedPages
    filterset_class = RankingFilter
    ordering_fields = ["rank", "score"]
    run: Run

    def get_queryset(self) -> QuerySet[City]:
        if getattr(self, "swagger_fake_view", False):
            return City.objects.none()
        if not hasattr(self, "run"):
            self.run = get_object_or_404(runs_visible_to(self.account), pk=self.kwargs["pk"])
        if self.run.status != RunStatus.DONE:
            raise NotFound(_("This run has no ranking: it is %(status)s.") % {"status": self.run.status})
        return City.objects.filter(register__data_series=self.run.data_set.series_id).order_by()

    def filter_queryset(self, queryset: QuerySet[Any]) -> Any:
        """Return the rows asked for, in the order asked for: scores and ranks are no columns of units."""
        asked = self.request.query_params.keys() & RankingFilter.base_filters.keys()
        kept = filters.DjangoFilterBackend().filter_queryset(self.request, queryset, self)
        fields = Ordering().get_ordering(self.request, queryset, self) or ["rank"]
        ids = set(kept.values_list("pk", flat=True)) if asked else None
        return ranked_cities(self.run, fields, ids)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Answer 304 to whoever has this page of the result already: a finished run does not change."""
        self.get_queryset()
        return answer_file(
            request._request,
            self.run,
            lambda: self._page(request, *args, **kwargs),
            request.headers.get("Accept", ""),
        )

    def _page(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return beside_page(super().list(request, *args, **kwargs), first_unranked_of(self.run))

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Look up what is printed for the units of this page alone, and what was changed behind them."""
        if args:
            cities = [row.city_id for row in args[0]]
            printed = printed_figures_of(self.run.data_set, cities)
            own = {"run": self.run, "printed": printed, "changed": changed_counts_of(self.run)}
            units = City.objects.select_related("province__region__register").in_bulk(cities)
            stored = as_stored(units, self.run.data_set)
            own["cities"] = stored
            own["imputed"] = imputed_shares_of_run(self.run)
            own["groups"] = groups_by_city(self.run, cities)
            told = have_regions(city.province for city in stored.values())
            own["has_regions"] = told or cities_of_run(self.run).has_regions
            kwargs["context"] = {**self.get_serializer_context(), **own}
        return super().get_serializer(*args, **kwargs)
