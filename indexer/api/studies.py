"""/api/v1/studies/: what was asked of rankings, how far it is, and what came of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import answer_page, page_of
from indexer.dispatch import ask_study, resume_study
from indexer.enums import StudyKind, StudyStatus
from indexer.job_words import failure_words
from indexer.models import City, Study
from indexer.numeric.studies.packed_counts import opened
from indexer.selectors.cities import city_named
from indexer.selectors.runs import runs_visible_to
from indexer.selectors.studies import (
    StudyResult,
    find_study,
    result_of_study,
    studies_visible_to,
)
from indexer.services.studies import cancel_study
from indexer.services.study_pairs import compare_pair
from indexer.studies.questions import BadParameters
from indexer.studies.registry import KINDS, kind_of
from weighting.api.base import PAGE, Answer, IdFilter, Resource, described
from weighting.api.errors import Conflict
from weighting.permissions import STAFF
from weighting.selectors.frameworks import indicators_of
from weighting.sentences import join_sentences
from weighting.visitors import account_of

UNIT = OpenApiParameter("unit", str, description="Name of a unit, in either language.")
CONFLICT = OpenApiResponse(description="It cannot be done as things stand; `blockers` says why.")
MEDIANS = ("median_low", "median_high")
FIGURES = ("mean", "q05", "q25", "median", "q75", "q95", "top1", "top3", "top10", "top50", "top100")


class StudySerializer(serializers.ModelSerializer):
    """``draws`` are versions of the weights, or cases; ``progress`` is the share that is counted.

    ``failure`` holds the reasons of a failed study as codes, ``error`` says the same in words.
    """

    run = serializers.IntegerField(source="run_id")
    progress = serializers.SerializerMethodField()
    failure = serializers.ListField(child=serializers.DictField())
    error = serializers.SerializerMethodField()
    summary = serializers.DictField()
    parameters = serializers.DictField()

    class Meta:
        model = Study
        fields = [
            "id",
            "run",
            "kind",
            "parameters",
            "draws",
            "seed",
            "status",
            "progress",
            "failure",
            "error",
            "created_at",
            "started_at",
            "finished_at",
            "summary",
            "data_sha256",
            "manifest_hash",
            "result_sha256",
            "code_version",
        ]

    def get_progress(self, study: Study) -> float:
        return study.chunks_done / study.chunks

    def get_error(self, study: Study) -> str:
        return join_sentences(failure_words(study.failure)) if study.status == StudyStatus.FAILED else ""


class KindField(serializers.ChoiceField):
    """A kind of study that the registry knows."""

    def __init__(self) -> None:
        super().__init__(choices=StudyKind.choices)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in KINDS:
            self.fail("invalid_choice", input=data)
        return data


class QuestionSerializer(serializers.Serializer):
    """``parameters`` holds what the kind asks for: nu, kappa, nodes, weights, bounds and so on."""

    kind = KindField()
    draws = serializers.IntegerField(required=False, min_value=1)
    seed = serializers.IntegerField(required=False, min_value=0)
    parameters = serializers.DictField(required=False)


class CityFiguresSerializer(serializers.Serializer):
    """What a study says of one unit's rank; ``top…`` are parts of the draws, 0 to 1."""

    unit = serializers.CharField(help_text="Chinese name.")
    unit_en = serializers.CharField()
    unit_code = serializers.CharField()
    nominal = serializers.IntegerField(help_text="Rank in the ranking that is studied.")
    mean = serializers.FloatField()
    q05 = serializers.FloatField()
    q25 = serializers.FloatField()
    median = serializers.FloatField()
    q75 = serializers.FloatField()
    q95 = serializers.FloatField()
    top1 = serializers.FloatField()
    top3 = serializers.FloatField()
    top10 = serializers.FloatField()
    top50 = serializers.FloatField()
    top100 = serializers.FloatField()
    median_low = serializers.FloatField(
        required=False,
        help_text="The least that the median can be, where ranks are counted in bands: of more than "
        "5,000 units. Quantiles then are the outer ends of their bands, the median the middle of its own.",
    )
    median_high = serializers.FloatField(required=False, help_text="The most that the median can be.")
    group = serializers.IntegerField(help_text="Units of one group cannot be told apart.")


class RankCountSerializer(serializers.Serializer):
    unit = serializers.CharField()
    unit_en = serializers.CharField()
    unit_code = serializers.CharField()
    rank = serializers.IntegerField()
    rank_to = serializers.IntegerField(
        required=False,
        help_text="Last rank of the band that begins with this rank; only of more than 5,000 units.",
    )
    count = serializers.IntegerField(help_text="Draws in which the unit has this rank; never 0.")


class CaseSerializer(serializers.Serializer):
    """One case of a study that leaves something out, or one group of weights of a Sobol study."""

    case = serializers.CharField(help_text="Code of the indicator, or name of the unit, or parent’s code.")
    unit_code = serializers.CharField(allow_null=True, help_text="Where the case is a unit.")
    r_s = serializers.FloatField(allow_null=True)
    movers = serializers.IntegerField(allow_null=True)
    first = serializers.FloatField(allow_null=True)
    first_low = serializers.FloatField(allow_null=True)
    first_high = serializers.FloatField(allow_null=True)
    total = serializers.FloatField(allow_null=True)
    total_low = serializers.FloatField(allow_null=True)
    total_high = serializers.FloatField(allow_null=True)
    converged = serializers.BooleanField(allow_null=True)


class PairSerializer(serializers.Serializer):
    above = serializers.IntegerField(help_text="Draws in which the first unit is above the second.")
    below = serializers.IntegerField()
    level = serializers.IntegerField()
    draws = serializers.IntegerField()
    probability = serializers.FloatField()


class StudyFilter(filters.FilterSet):
    run = IdFilter(field_name="run_id")

    class Meta:
        model = Study
        fields = ["kind", "status"]


class Studies(Resource):
    """Studies, the newest first."""

    queryset = Study.objects.none()
    serializer_class = StudySerializer
    filterset_class = StudyFilter
    ordering_fields = ["id", "finished_at"]

    def get_queryset(self) -> QuerySet[Study]:
        return studies_visible_to(self.account).order_by("-pk")


class StudyView(Answer):
    """Something about one study that the visitor may see."""

    refused_as = Conflict

    def study(self, pk: int) -> Study:
        study = find_study(self.account, pk)
        if study is None:
            raise Http404
        return study

    def result(self, pk: int) -> StudyResult:
        study = self.study(pk)
        if study.status != StudyStatus.DONE:
            raise NotFound(_("This study has no result: it is %(status)s.") % {"status": study.status})
        return result_of_study(study)

    def ranks(self, pk: int) -> StudyResult:
        """Return the result of a study that counted ranks."""
        result = self.result(pk)
        if not kind_of(result.study).is_ranked:
            raise self.has_none(result.study)
        return result

    def has_none(self, study: Study) -> NotFound:
        return NotFound(_("A study of the kind “%(kind)s” has no such figures.") % {"kind": study.kind})

    def chosen(self, result: StudyResult) -> list[int]:
        """Return the units by nominal rank, or the one of ``?unit=``."""
        name = self.request.query_params.get("unit")
        if name is None:
            order: list[int] = np.argsort(result.figures["nominal"], kind="stable").tolist()
            return order
        city = city_named(result.cities, name)
        if city is None:
            words = {"value": name, "unit": result.cities.register.unit}
            message = _("“%(value)s” is no %(unit)s of this data set.") % words
            raise ValidationError({"unit": [message]})
        return [result.cities.ids.index(city.pk)]


class RunStudies(Answer):
    """Ask a study of a finished run; the same question gives the same study."""

    roles = STAFF
    refused_as = Conflict
    http_method_names = ["post", "options"]

    @described(
        request=QuestionSerializer,
        responses={
            200: StudySerializer,
            400: OpenApiResponse(description="Every wrong parameter by name."),
            409: CONFLICT,
        },
    )
    def post(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        run = get_object_or_404(runs_visible_to(account), pk=pk)
        asked = QuestionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        sent = {**said.get("parameters", {}), **{n: said[n] for n in ("draws", "seed") if n in said}}
        try:
            study = ask_study(run, kind=said["kind"], sent=sent, actor=account)
        except BadParameters as refusal:
            raise ValidationError(dict(refusal.fields)) from refusal
        return Response(StudySerializer(study).data)


class StudyCancel(StudyView):
    """Stop a study that waits or runs."""

    roles = STAFF
    http_method_names = ["post", "options"]

    @described(request=None, responses={200: StudySerializer, 409: CONFLICT})
    def post(self, request: Request, pk: int) -> Response:
        study = cancel_study(self.study(pk), actor=account_of(request))
        return Response(StudySerializer(study).data)


class StudyRetry(StudyView):
    """Go on with a study that failed or was cancelled."""

    roles = STAFF
    http_method_names = ["post", "options"]

    @described(request=None, responses={200: StudySerializer, 409: CONFLICT})
    def post(self, request: Request, pk: int) -> Response:
        study = resume_study(self.study(pk), actor=account_of(request))
        return Response(StudySerializer(study).data)


class StudyCities(StudyView):
    """What a study says of each unit's rank, by nominal rank."""

    @described(*PAGE, UNIT, responses=page_of(CityFiguresSerializer))
    def get(self, request: Request, pk: int) -> Response:
        result = self.ranks(pk)
        chosen = self.chosen(result)
        return answer_page(request, chosen, lambda p: _city_row(result, p), result.cities.foresee)


class StudyHistogram(StudyView):
    """How often each unit has each rank, ranks that never occur left out."""

    @described(*PAGE, UNIT, responses=page_of(RankCountSerializer))
    def get(self, request: Request, pk: int) -> Response:
        result = self.ranks(pk)
        return answer_page(
            request,
            _RanksSeen(result, self.chosen(result)),
            lambda row: {
                **_names(result.cities[row.city]),
                "rank": int(result.bands.firsts[row.band]),
                **_band_end(result, row.band),
                "count": row.draws,
            },
            lambda rows: result.cities.foresee(row.city for row in rows),
        )


class _RankSeen(NamedTuple):
    city: int
    band: int
    draws: int


class _RanksSeen(Sequence[_RankSeen]):
    """The ranks that units had, unit by unit; only those of a page are looked up."""

    def __init__(self, result: StudyResult, cities: list[int]) -> None:
        self._result, self._cities = result, cities
        if len(cities) == 1:
            seen = np.count_nonzero(result.counted(cities), axis=1)
        else:
            of_all = [np.count_nonzero(block, axis=1) for _rows, block in opened(result.histogram)]
            seen = np.concatenate(of_all)[cities]
        self._ends = np.cumsum(seen)

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, asked: Any) -> Any:
        """Return those of a slice."""
        start, stop, _step = asked.indices(len(self))
        first, last = np.searchsorted(self._ends, (start, stop), side="right")
        cities = self._cities[first : last + 1]
        found = [
            _RankSeen(city, int(band), int(row[band]))
            for city, row in zip(cities, self._result.counted(cities), strict=True)
            for band in np.flatnonzero(row)
        ]
        before = int(self._ends[first - 1]) if first else 0
        return found[start - before : stop - before]


class StudyCases(StudyView):
    """The cases of a study that leaves indicators or units out, and the groups of a Sobol study."""

    @described(*PAGE, responses=page_of(CaseSerializer))
    def get(self, request: Request, pk: int) -> Response:
        result = self.result(pk)
        nodes = indicators_of(result.study.run.data_set.framework_id)
        cases = kind_of(result.study).cases(result, nodes)
        if cases is None:
            raise self.has_none(result.study)
        return answer_page(request, cases, lambda row: {**dict.fromkeys(CASE_FIELDS), **row})


class StudyPair(StudyView):
    """How often one unit is above another, counted over all draws."""

    roles = STAFF

    @described(
        OpenApiParameter("above", str, required=True, description="Name of a unit."),
        OpenApiParameter("below", str, required=True, description="Name of another unit."),
        responses={200: PairSerializer, 409: CONFLICT},
    )
    def get(self, request: Request, pk: int) -> Response:
        asked = {name: request.query_params.get(name, "") for name in ("above", "below")}
        if missing := [name for name, value in asked.items() if not value]:
            raise ValidationError({name: [_("Name a unit.")] for name in missing})
        count = compare_pair(self.study(pk), first=asked["above"], second=asked["below"])
        return Response(
            {
                "above": count.above,
                "below": count.below,
                "level": count.level,
                "draws": count.draws,
                "probability": count.share,
            }
        )


CASE_FIELDS = tuple(CaseSerializer().fields)


def _names(city: City) -> dict[str, str]:
    return {"unit": city.own_name, "unit_en": city.name_en, "unit_code": city.code}


def _band_end(result: StudyResult, band: int) -> dict[str, int]:
    """Return the last rank of a band, where ranks are counted in bands."""
    return {} if result.bands.is_exact else {"rank_to": int(result.bands.lasts[band])}


def _city_row(result: StudyResult, place: int) -> dict[str, Any]:
    figures = result.figures
    return {
        **_names(result.cities[place]),
        "nominal": int(figures["nominal"][place]),
        **{name: float(figures[name][place]) for name in (*FIGURES, *MEDIANS) if name in figures},
        "group": int(figures["group"][place]),
    }
