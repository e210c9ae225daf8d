"""/api/v1/series/ and /api/v1/runs/{id}/series/."""

import math
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as FormError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.run_view import LEVEL, NODE, RunView
from indexer.forms.series import BY_NODE, LINEAR, LOGARITHMIC, read_bands
from indexer.models import OutsideSeries, Run
from indexer.numeric.comparison.association import SCALES, Association, Fit
from indexer.selectors.cities import PROVINCE, REGION
from indexer.selectors.levels import Level, level_named
from indexer.selectors.series import (
    Outlier,
    PlaceAgainst,
    SeriesReport,
    Shares,
    hold_against,
    series_beside,
    series_visible_to,
)
from weighting.api.base import Resource, described
from weighting.requests import read_id

NAMES = ["name", "name_zh", "name_en"]


class SeriesSerializer(serializers.ModelSerializer):
    cities = serializers.SerializerMethodField(help_text="How many have a value.")

    class Meta:
        model = OutsideSeries
        fields = [
            "id",
            "name",
            "name_zh",
            "name_en",
            "unit",
            "year",
            "total",
            "note",
            "cities",
            "sha256",
            "is_published",
        ]

    def get_cities(self, series: OutsideSeries) -> int:
        return len(series.city_ids)


class OutsideSeriesList(Resource):
    """Figures from outside, one number for each unit."""

    queryset = OutsideSeries.objects.none()
    serializer_class = SeriesSerializer

    def get_queryset(self) -> QuerySet[OutsideSeries]:
        return series_visible_to(self.account)


class AssociationSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    pearson = serializers.FloatField(allow_null=True, help_text="Null, as all of these, where undefined.")
    spearman = serializers.FloatField(allow_null=True)
    log_count = serializers.IntegerField(help_text="Units above zero on both sides.")
    log_pearson = serializers.FloatField(allow_null=True, help_text="Of the logarithms.")


class BandSerializer(serializers.Serializer):
    first = serializers.IntegerField(help_text="Rank under the index.")
    last = serializers.IntegerField()
    association = AssociationSerializer()


class FitSerializer(serializers.Serializer):
    """A straight line of the shown scores over the series."""

    scale = serializers.ChoiceField(choices=list(SCALES), help_text="What logarithms are taken of.")
    count = serializers.IntegerField()
    r = serializers.FloatField(allow_null=True, help_text="Null, as all of these, where undefined.")
    p_value = serializers.FloatField(allow_null=True, help_text="Two-sided, of Student's t.")
    low = serializers.FloatField(allow_null=True, help_text="95 % interval of r, by Fisher's z.")
    high = serializers.FloatField(allow_null=True)
    r_squared = serializers.FloatField(allow_null=True)
    slope = serializers.FloatField(allow_null=True)
    intercept = serializers.FloatField(allow_null=True)


class OutlierSerializer(serializers.Serializer):
    unit = serializers.CharField()
    unit_code = serializers.CharField()
    rank = serializers.IntegerField()
    value = serializers.FloatField()
    score = serializers.FloatField(help_text="In percent.")
    residual = serializers.FloatField(help_text="Externally studentised.")


class PlaceSharesSerializer(serializers.Serializer):
    name_zh = serializers.CharField()
    index = serializers.FloatField(help_text="Part of the index, from 0 to 1.")
    series = serializers.FloatField(help_text="Part of the series, from 0 to 1.")
    quotient = serializers.FloatField(allow_null=True, help_text="Index over series; null without any.")
    of_total = serializers.FloatField(
        allow_null=True, help_text="Part of the published total of the series; null without one."
    )


class GroupAgainstSerializer(serializers.Serializer):
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    association = AssociationSerializer(help_text="Over the units of the group alone.")
    shares = PlaceSharesSerializer(allow_null=True, help_text="Null where a figure is below zero.")


class AgainstSeriesSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    series = serializers.IntegerField()
    node = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    scale = serializers.ChoiceField(choices=[LINEAR, LOGARITHMIC], help_text="Of the line and its residuals.")
    overall = AssociationSerializer()
    fits = FitSerializer(many=True)
    bands = BandSerializer(many=True)
    outliers = OutlierSerializer(many=True, help_text="Residuals beyond 2.5, the furthest first.")
    regions = PlaceSharesSerializer(many=True, help_text="Empty where a figure is below zero.")
    provinces = PlaceSharesSerializer(many=True)
    level = serializers.CharField(allow_null=True, help_text="What was asked for; null without.")
    groups = GroupAgainstSerializer(many=True, help_text="The places of the level, in the register's order.")
    covered = serializers.FloatField(
        allow_null=True,
        help_text="What the compared units hold of the published total; null without one. It may exceed 1 by "
        "half the last digit of the total, or by a ten-thousandth.",
    )
    without_value = serializers.ListField(child=serializers.CharField())
    without_value_codes = serializers.ListField(child=serializers.CharField())


class RunAgainstSeries(RunView):
    """How a finished run and an outside series go together."""

    @described(
        OpenApiParameter("series", int, required=True),
        NODE,
        LEVEL,
        OpenApiParameter(
            "scale", str, enum=[LINEAR, LOGARITHMIC], description="Logarithms where possible without it."
        ),
        OpenApiParameter("bands", str, description="Last ranks of the bands, joined by commas."),
        OpenApiParameter(
            "ranks", str, enum=["total", BY_NODE], default="total", description="What bands are ranks on."
        ),
        responses=AgainstSeriesSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        subject = self.node_scores(pk)
        series = self._series(subject.run)
        scale, bands = request.query_params.get("scale", ""), self._bands()
        if scale not in ("", LINEAR, LOGARITHMIC):
            message = _("“%(scale)s” is not a scale: linear or log.") % {"scale": scale}
            raise ValidationError({"scale": [message]})
        level = self.level(subject.cities)
        logarithmic = {LINEAR: False, LOGARITHMIC: True}.get(scale)
        report = hold_against(
            subject, series, bands=bands, by_total=self._by_total(), logarithmic=logarithmic
        )
        return Response(AgainstSeriesSerializer(_answer(report, level)).data)

    def _series(self, run: Run) -> OutsideSeries:
        asked = self.request.query_params.get("series", "")
        found = series_beside(run, self.account).filter(pk=read_id(asked) or 0).first()
        if found is None:
            message = _("There is no series with the number “%(asked)s”.") % {"asked": asked}
            raise ValidationError({"series": [message]})
        return found

    def _by_total(self) -> bool:
        asked = self.request.query_params.get("ranks", "total")
        if asked not in ("total", BY_NODE):
            raise ValidationError({"ranks": [_("Write total or node.")]})
        return asked == "total"

    def _bands(self) -> list[int]:
        try:
            return read_bands(self.request.query_params.get("bands", ""))
        except FormError as error:
            raise ValidationError({"bands": error.messages}) from None


def _answer(report: SeriesReport, level: Level | None) -> dict[str, Any]:
    node, cities, without = report.subject.node, report.subject.cities, report.first_without()
    regions, provinces = (
        _shares(report.shares(level_named(cities, code))) if report.has_shares else []
        for code in (REGION, PROVINCE)
    )
    return {
        "run": report.subject.run.pk,
        "series": report.series.pk,
        "node": node.code if node else None,
        "scale": LOGARITHMIC if report.logarithmic else LINEAR,
        "overall": _association(report.overall),
        "fits": [_fit(fit) for fit in report.fits],
        "bands": [
            {"first": band.first, "last": band.last, "association": _association(band.association)}
            for band in report.bands
        ],
        "outliers": [_outlier(outlier, report.subject.scale) for outlier in report.outliers],
        "regions": regions,
        "provinces": provinces,
        "level": level.code if level else None,
        "groups": [_group(held) for held in report.by_place(level)] if level else [],
        "covered": report.covered,
        "without_value": [city.own_name for city in without],
        "without_value_codes": [city.code for city in without],
    }


def _association(found: Association) -> dict[str, Any]:
    return {
        "count": found.count,
        "pearson": _defined(found.pearson),
        "spearman": _defined(found.spearman),
        "log_count": found.log_count,
        "log_pearson": _defined(found.log_pearson),
    }


def _fit(fit: Fit) -> dict[str, Any]:
    inferred = {name: _defined(value) for name, value in asdict(fit.inference).items()}
    numbers = {name: _defined(getattr(fit, name)) for name in ("r", "r_squared", "slope", "intercept")}
    return {"scale": fit.scale, "count": fit.count, **numbers, **inferred}


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value


def _outlier(outlier: Outlier, scale: float) -> dict[str, Any]:
    return {
        "unit": outlier.city.own_name,
        "unit_code": outlier.city.code,
        "rank": outlier.rank,
        "value": outlier.value,
        "score": outlier.score * scale,
        "residual": outlier.residual,
    }


def _group(held: PlaceAgainst) -> dict[str, Any]:
    return {
        "name_zh": held.place.name_zh,
        "name_en": held.place.name_en,
        "association": _association(held.association),
        "shares": _shares([held.shares])[0] if held.shares else None,
    }


def _shares(shares: list[Shares]) -> list[dict[str, Any]]:
    return [
        {
            "name_zh": held.place.name_zh,
            "index": held.index,
            "series": held.series,
            "quotient": _defined(held.quotient),
            "of_total": held.of_total,
        }
        for held in shares
    ]
