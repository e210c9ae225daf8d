"""/api/v1/runs/{id}/trend/places/."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.run_view import LEVEL, NODE, RunView
from indexer.api.trends import AMONG, BESIDE, runs_beside
from indexer.forms.trends import COMMON, OWN, RANKS, SCORES
from indexer.selectors.cities import PROVINCE
from indexer.selectors.place_trends import MEAN, MEDIAN, PlaceTrend
from indexer.selectors.trends import trend_of
from weighting.api.base import described

MIDDLE = OpenApiParameter(
    "middle", str, enum=[MEAN, MEDIAN], default=MEAN, description="What a place has of its units."
)
SHOW = OpenApiParameter(
    "show", str, enum=[SCORES, RANKS], default=SCORES, description="Of their scores, or of their ranks."
)


class PlaceYearSerializer(serializers.Serializer):
    year = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True, help_text="Unrounded, on the scale of the method.")
    units = serializers.IntegerField(help_text="How many units of the place count in the year.")


class PlaceOverYearsSerializer(serializers.Serializer):
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    years = PlaceYearSerializer(many=True)
    change = serializers.FloatField(allow_null=True)
    growth = serializers.FloatField(allow_null=True, help_text="Compound annual growth, 0.02 for 2 %.")


class PlaceTrendSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    node = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    level = serializers.CharField(help_text="province, region, or the code of a grouping of the register.")
    middle = serializers.CharField()
    show = serializers.CharField()
    among = serializers.CharField()
    places = PlaceOverYearsSerializer(many=True, help_text="The best of the last year first.")


class PlaceTrendView(RunView):
    """Provinces, regions or other groups over the years: means or medians of their units."""

    @described(NODE, LEVEL, MIDDLE, SHOW, AMONG, BESIDE, responses=PlaceTrendSerializer)
    def get(self, request: Request, pk: int) -> Response:
        middle = self._one_of("middle", [MEAN, MEDIAN])
        show = self._one_of("show", [SCORES, RANKS])
        among = self._one_of("among", [OWN, COMMON])
        run, code = self.finished_run(pk), request.query_params.get("node", "")
        try:
            trend = trend_of(run, self.account, code, beside=runs_beside(self, run))
        except KeyError:
            message = _("The framework has no indicator “%(code)s”.") % {"code": code}
            raise ValidationError({"node": [message]}) from None
        level, problems = self.level_asked(trend.cities, PROVINCE)
        if problems or level is None:
            raise ValidationError(problems)
        places = PlaceTrend(trend, level, middle, show == RANKS, among == COMMON)
        answer = {"run": run.pk, "node": code or None, "level": level.code, "middle": middle, "show": show}
        rows = [_place(places, at) for at in places.order]
        return Response(PlaceTrendSerializer(answer | {"among": among, "places": rows}).data)

    def _one_of(self, name: str, known: list[str]) -> str:
        """Return what was asked for, the first without it; refuse what is none of these."""
        asked = self.request.query_params.get(name, known[0])
        if asked not in known:
            raise ValidationError({name: [f"{asked!r}: {', '.join(known)}"]})
        return asked


def _place(places: PlaceTrend, at: int) -> dict[str, Any]:
    place = places.level.places[at]
    columns = (places.trend.years, places.values[at].tolist(), places.counts[at].tolist())
    return {
        "name_zh": place.name_zh,
        "name_en": place.name_en,
        "years": [
            {"year": year, "value": _number(value), "units": count}
            for year, value, count in zip(*columns, strict=True)
        ],
        "change": _number(float(places.change[at])),
        "growth": _number(float(places.growth[at])),
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
