"""/api/v1/runs/{id}/cities/{id}/ and /api/v1/runs/{id}/leads/."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import answer_page
from indexer.api.run_view import PLACES, RunView
from indexer.api.units import NO_REGIONS, UnitSerializer, unit_of
from indexer.forms.leads import COMPOSITE, LeadForm
from indexer.selectors.cities import names_of_places
from indexer.selectors.lead_rules import ALL, ANY, TOGETHER
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.profiles import (
    CityProfile,
    Lead,
    Leads,
    ScoreProfile,
    city_profile_of,
    other_runs_of,
    ranks_in,
)
from indexer.selectors.series import series_beside
from indexer.services.study_pairs import count_at_once
from weighting.api.base import PAGE, Pages, described
from weighting.api.errors import check_form
from weighting.models import Indicator

QUANTILES = ("q05", "q25", "median", "q75", "q95")


class ScoreProfileSerializer(serializers.Serializer):
    """Ranks and scores are null where the unit has nothing of the indicator."""

    indicator = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    rank = serializers.IntegerField(allow_null=True)
    rank_in_region = serializers.IntegerField(allow_null=True)
    rank_in_province = serializers.IntegerField(allow_null=True)
    score = serializers.FloatField(allow_null=True, help_text="Unrounded, on the scale of the method.")
    province_mean = serializers.FloatField(allow_null=True)
    region_mean = serializers.FloatField(allow_null=True)
    nation_mean = serializers.FloatField(allow_null=True)
    changed_values = serializers.IntegerField(
        help_text="How many values behind the score were filled in, left out or treated."
    )
    imputed = serializers.FloatField(help_text="Which share of the weight behind it was filled in.")


class NeighbourSerializer(UnitSerializer):
    rank = serializers.IntegerField()
    score = serializers.FloatField()
    gap = serializers.FloatField(help_text="Its score less that of the unit in view.")
    probability_below = serializers.FloatField(
        allow_null=True,
        help_text="In what part of the study's draws the unit in view is above it; null if not counted.",
    )


class RankIntervalSerializer(serializers.Serializer):
    """The ranks of the unit under other experts, as a bootstrap of the run found them."""

    study = serializers.IntegerField()
    draws = serializers.IntegerField()
    seed = serializers.IntegerField()
    nominal = serializers.IntegerField()
    q05 = serializers.FloatField()
    q25 = serializers.FloatField()
    median = serializers.FloatField()
    q75 = serializers.FloatField()
    q95 = serializers.FloatField()


class OtherRankSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    weight_version = serializers.IntegerField()
    rank = serializers.IntegerField()
    score = serializers.FloatField()


class CityProfileSerializer(UnitSerializer):
    run = serializers.IntegerField()
    province = serializers.CharField()
    region = serializers.CharField(help_text=NO_REGIONS)
    cities = serializers.IntegerField(help_text="How many are ranked.")
    scores = ScoreProfileSerializer(many=True)
    rank_interval = RankIntervalSerializer(
        allow_null=True, help_text="From the newest finished bootstrap of the run; null where there is none."
    )
    neighbours = NeighbourSerializer(many=True)
    dark_horse_in = serializers.ListField(
        child=serializers.CharField(),
        help_text="Sub-indices in which its rank is more than 20 places better than in every other.",
    )
    others = OtherRankSerializer(
        many=True,
        help_text="The other finished runs of the same data that rank it, a page of them, by version.",
    )
    others_count = serializers.IntegerField(
        help_text="How many finished runs of the same data there are beside."
    )


class CityProfileView(RunView):
    """A unit in a finished run, beside its province, its region and the nation."""

    @described(*PAGE, responses=CityProfileSerializer)
    def get(self, request: Request, pk: int, city_pk: int) -> Response:
        profile = city_profile_of(node_scores_of(self.finished_run(pk)), city_pk, self.account)
        if profile is None:
            raise NotFound
        if profile.intervals and self.account:
            count_at_once(profile.intervals.study, profile.neighbour_pairs)
        pages, others = Pages(), other_runs_of(profile.run, self.account)
        shown = list(pages.paginate_queryset(others, request) or ())
        answer = _profile(profile) | {
            "others": [
                {
                    "run": other.run.pk,
                    "weight_version": other.run.weight_version_id,
                    "rank": other.rank,
                    "score": other.score * other.run.method.scale,
                }
                for other in ranks_in(shown, profile.run, profile.city)
            ],
            "others_count": pages.count,
        }
        return Response(CityProfileSerializer(answer).data)


class LeadSerializer(UnitSerializer):
    indicator = serializers.CharField(
        help_text="Where it ranks better, joined by +; “composite” for the composite."
    )
    rank = serializers.IntegerField()
    lead = serializers.IntegerField(help_text="Places, over the closest of the others.")


class LeadPageSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = LeadSerializer(many=True)


class LeadsView(RunView):
    """Units that rank better on one score than on others: without parameters the dark horses."""

    @described(
        OpenApiParameter("node", str, description="A code, or “composite”; any sub-index without it."),
        OpenApiParameter("second", str, description="A further score; `third` takes one more."),
        OpenApiParameter("third", str),
        OpenApiParameter("join", str, enum=[ALL, ANY, TOGETHER], default=ALL, description="Which must lead."),
        OpenApiParameter(
            "over",
            str,
            description="A code, “composite”, or “series:” and the id of an outside series; "
            "all other sub-indices without it.",
        ),
        OpenApiParameter("within", int, description="Ranks below the first so many lead nobody."),
        OpenApiParameter("places", int, description="The lead is larger than this; 20 without it."),
        *PLACES,
        *PAGE,
        responses=LeadPageSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        leads = Leads(node_scores_of(self.finished_run(pk)))
        series = list(series_beside(leads.scores.run, self.account))
        form = LeadForm(request.query_params, nodes=leads.scores.nodes, series=series)
        check_form(form)

        def write(lead: Lead) -> Any:
            return _lead(leads, lead, form.led_in(lead))

        def foresee(found: Iterable[Lead]) -> None:
            leads.scores.cities.foresee([lead.position for lead in found])

        inside = set(self.positions_asked(leads.scores.cities).tolist())
        found = [lead for lead in form.find(leads) if lead.position in inside]
        return answer_page(request, found, write, foresee, serializer=LeadSerializer)


def _profile(profile: CityProfile) -> dict[str, Any]:
    return {
        **unit_of(profile.city),
        "run": profile.run.pk,
        **names_of_places(profile.city.province, has_regions=profile.scores.cities.has_regions),
        "cities": profile.count,
        "scores": [_score(score, profile.run.method.scale) for score in [profile.composite, *profile.nodes]],
        "neighbours": [
            {
                **unit_of(near.city),
                "rank": near.rank,
                "score": near.score * profile.run.method.scale,
                "gap": near.gap * profile.run.method.scale,
                "probability_below": profile.share_above(near.position),
            }
            for near in profile.neighbours
        ],
        "rank_interval": _interval(profile),
        "dark_horse_in": [node.code for node in profile.leads.dark_horses(profile.position)],
    }


def _interval(profile: CityProfile) -> dict[str, Any] | None:
    intervals, place = profile.intervals, profile.position
    if intervals is None:
        return None
    study = intervals.study
    said = {"study": study.pk, "draws": study.draws, "seed": study.seed}
    return said | {name: getattr(intervals, name)[place] for name in ("nominal", *QUANTILES)}


def _score(score: ScoreProfile, scale: float) -> dict[str, Any]:
    ranks = {
        "rank": score.rank,
        "rank_in_region": score.rank_in_region,
        "rank_in_province": score.rank_in_province,
    }
    figures = {
        "score": score.score,
        "province_mean": score.province,
        "region_mean": score.region,
        "nation_mean": score.nation,
    }
    return {
        "indicator": score.node.code if score.node else None,
        "changed_values": score.changed,
        "imputed": score.imputed,
        **{name: None if np.isnan(rank) else int(rank) for name, rank in ranks.items()},
        **{name: None if np.isnan(value) else value * scale for name, value in figures.items()},
    }


def _lead(leads: Leads, lead: Lead, led_in: Sequence[Indicator | None]) -> dict[str, Any]:
    return {
        **unit_of(leads.scores.cities[lead.position]),
        "indicator": "+".join(node.code if node else COMPOSITE for node in led_in),
        "rank": lead.rank,
        "lead": lead.places,
    }
