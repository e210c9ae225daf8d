"""/api/v1/comparisons/, .../cities/ and .../cities/{id}/."""

from math import isnan
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import answer_page
from indexer.api.run_view import RunView
from indexer.api.units import NO_REGIONS, UnitSerializer, unit_of
from indexer.forms.comparison import ComparisonForm
from indexer.selectors.cities import matching_cities, names_of_places
from indexer.selectors.city_change import CityChange, NodeChange, city_change_of
from indexer.selectors.comparison import Comparison, compare_runs
from indexer.selectors.run_search import runs_named
from indexer.selectors.runs import load_runs, runs_visible_to
from weighting.api.base import PAGE, described
from weighting.api.errors import check_form
from weighting.selectors.tree_changes import TreeChange

REASONS = [
    ("", "split"),
    ("units", "two units"),
    ("formed", "nodes formed in two ways"),
    ("others", "a place among the others"),
    ("withheld", "values that may not be given away"),
]
RUNS = [
    OpenApiParameter("runs", str, required=True, description="Ids of two to fifty runs, joined by commas."),
    OpenApiParameter("base", int, description="One of them; the first without it."),
]


class ComparedRunSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    dataset = serializers.IntegerField()
    weight_version = serializers.IntegerField()
    method = serializers.CharField(help_text="SHA-256 of the method.")
    moved = serializers.IntegerField(help_text="Units whose rank is not that of the base.")
    largest_shift = serializers.IntegerField()
    mean_absolute_shift = serializers.FloatField(help_text="R_S against the base.")
    spearman = serializers.FloatField(allow_null=True, help_text="Null where all units tie.")
    kendall_tau_b = serializers.FloatField(allow_null=True)


class TopOverlapSerializer(serializers.Serializer):
    k = serializers.IntegerField()
    overlaps = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="Part of the first k that every two runs share, from 0 to 1, in the order of the runs.",
    )


class ApartRunSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    in_data = serializers.BooleanField(help_text="Whether the run's data set has the unit.")
    rank = serializers.IntegerField(allow_null=True, help_text="Among all that the run ranks.")
    score = serializers.FloatField(allow_null=True)


class ApartSerializer(UnitSerializer):
    runs = ApartRunSerializer(many=True)


class OtherTreeSerializer(serializers.Serializer):
    """What a framework has otherwise than that of the base, by code; nodes are the same where codes are."""

    framework = serializers.IntegerField()
    came = serializers.ListField(child=serializers.CharField(), help_text="Not in the base.")
    went = serializers.ListField(child=serializers.CharField(), help_text="In the base alone.")
    moved = serializers.ListField(child=serializers.CharField(), help_text="Below another node.")
    renamed = serializers.ListField(child=serializers.CharField())
    turned = serializers.ListField(child=serializers.CharField(), help_text="Of another direction.")
    remeasured = serializers.ListField(child=serializers.CharField(), help_text="In another unit.")


class ComparisonSerializer(serializers.Serializer):
    base = serializers.IntegerField()
    cities = serializers.IntegerField(help_text="That all runs rank; ranks are among them.")
    apart = ApartSerializer(many=True, help_text="Units that some of the runs do not rank, left out.")
    trees = OtherTreeSerializer(many=True, help_text="Frameworks that are not that of the base.")
    moved = serializers.IntegerField(help_text="Units whose rank is not the same under all runs.")
    runs = ComparedRunSerializer(many=True)
    mean_shifts = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="R_S between every two runs, in their order.",
    )
    tops = TopOverlapSerializer(many=True)


class ComparedCitySerializer(UnitSerializer):
    province = serializers.CharField()
    region = serializers.CharField(help_text=NO_REGIONS)
    ranks = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="In the order of the runs, among the units that all of them rank.",
    )
    own_ranks = serializers.ListField(
        child=serializers.IntegerField(), help_text="The same among all units of each run."
    )
    shifts = serializers.ListField(child=serializers.IntegerField(), help_text="Places gained on the base.")
    scores = serializers.ListField(
        child=serializers.FloatField(), help_text="Unrounded, on the scale of the method."
    )


class ComparedCityPageSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = ComparedCitySerializer(many=True)


class NodeChangeSerializer(serializers.Serializer):
    """An inner node has the sums of its children; the nodes without a parent sum to the change."""

    code = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    local_before = serializers.FloatField()
    local_after = serializers.FloatField()
    global_before = serializers.FloatField()
    global_after = serializers.FloatField()
    in_before = serializers.BooleanField(help_text="Whether the framework of the base has it.")
    in_after = serializers.BooleanField()
    score_before = serializers.FloatField(allow_null=True, help_text="Null where there is none.")
    score_after = serializers.FloatField(allow_null=True)
    through_weights = serializers.FloatField()
    through_values = serializers.FloatField(help_text="Through the data or the method.")


class PassingSerializer(UnitSerializer):
    rank_before = serializers.IntegerField()
    rank_after = serializers.IntegerField()


class CityChangeSerializer(UnitSerializer):
    before = serializers.IntegerField(help_text="The base.")
    after = serializers.IntegerField(help_text="The run that it is set against.")
    rank_before = serializers.IntegerField()
    rank_after = serializers.IntegerField()
    score_before = serializers.FloatField(help_text="In percent, as all scores and changes here.")
    score_after = serializers.FloatField()
    not_split = serializers.ChoiceField(
        choices=REASONS, help_text="Why the change has no parts; empty where it has."
    )
    nodes = NodeChangeSerializer(many=True)
    passed = PassingSerializer(many=True, help_text="Ahead of the unit before, and not after.")
    passed_by = PassingSerializer(many=True)


class ComparisonBase(RunView):
    """Compares the runs asked for; the visitor must be able to see all of them."""

    def compare(self) -> Comparison:
        """Return the comparison of ``?runs=``, or say all that is wrong with it."""
        asked = asked_runs(self.request.query_params)
        base = self.request.query_params.get("base", "")
        listed = runs_named(runs_visible_to(self.account), [*asked, base])
        known = {str(run.pk) for run in listed}
        if unknown := [pk for pk in asked if pk not in known]:
            raise NotFound(", ".join(unknown))
        data = {"runs": asked, "base": base}
        form = ComparisonForm(data, runs=listed, names=[str(run.pk) for run in listed])
        check_form(form)
        chosen = [run.pk for run in form.cleaned_data["runs"]]
        return compare_runs(load_runs(self.account, chosen))


class ComparisonView(ComparisonBase):
    """Two to fifty runs against the base, and every two against each other, over the units of all."""

    @described(*RUNS, responses=ComparisonSerializer)
    def get(self, request: Request) -> Response:
        return Response(ComparisonSerializer(_comparison(self.compare())).data)


class ComparedCities(ComparisonBase):
    """The units of a comparison by their rank under the base."""

    @described(
        *RUNS,
        *PAGE,
        OpenApiParameter("q", str, description="Part of a unit's name."),
        operation_id="v1_comparisons_cities_list",
        responses=ComparedCityPageSerializer,
    )
    def get(self, request: Request) -> Response:
        compared = self.compare()
        passing = set(matching_cities(compared.cities, text=request.query_params.get("q", "")).tolist())
        order = compared.results[0].ranks.argsort(kind="stable").tolist()

        def write(position: int) -> Any:
            return _compared_city(compared, position)

        passed = [position for position in order if position in passing]
        foresee = compared.cities.foresee
        return answer_page(request, passed, write, foresee, serializer=ComparedCitySerializer)


class CityChangeView(ComparisonBase):
    """What moved one unit from the base to another run, along the tree."""

    @described(
        *RUNS,
        OpenApiParameter("to", int, description="One of the runs; the last without it."),
        responses=CityChangeSerializer,
    )
    def get(self, request: Request, city_pk: int) -> Response:
        compared = self.compare()
        numbers = [str(run.pk) for run in compared.runs]
        asked = request.query_params.get("to", numbers[-1])
        if asked not in numbers[1:]:
            raise NotFound(asked)
        change = city_change_of(compared, city_pk, numbers.index(asked))
        if change is None:
            raise NotFound
        return Response(CityChangeSerializer(_city_change(change)).data)


def asked_runs(query: QueryDict) -> list[str]:
    """Return the ids of ``?runs=1,2`` and of ``?runs=1&runs=2``, each once."""
    given = [pk.strip() for text in query.getlist("runs") for pk in text.split(",")]
    return list(dict.fromkeys(pk for pk in given if pk))


def _comparison(compared: Comparison) -> dict[str, Any]:
    summaries = [None, *compared.summaries]
    return {
        "base": compared.runs[0].pk,
        "cities": len(compared.cities),
        "apart": _apart(compared),
        "trees": [_other_tree(key, change) for key, change in compared.tree_changes.items()],
        "moved": compared.moved,
        "runs": [
            {
                "run": run.pk,
                "dataset": run.data_set_id,
                "weight_version": run.weight_version_id,
                "method": run.method.sha256,
                "moved": summary.moved if summary else 0,
                "largest_shift": summary.largest if summary else 0,
                "mean_absolute_shift": summary.mean_absolute if summary else 0.0,
                "spearman": summary.spearman if summary else 1.0,
                "kendall_tau_b": summary.tau_b if summary else 1.0,
            }
            for run, summary in zip(compared.runs, summaries, strict=True)
        ],
        "mean_shifts": compared.mean_shifts.tolist(),
        "tops": [{"k": k, "overlaps": compared.top_overlaps(k).tolist()} for k in compared.tops],
    }


def _other_tree(framework_id: int, change: TreeChange) -> dict[str, Any]:
    pairs = {kind: getattr(change, kind) for kind in ("moved", "renamed", "turned", "remeasured")}
    return {
        "framework": framework_id,
        "came": [node.code for node in change.came],
        "went": [node.code for node in change.went],
        **{kind: [node.code for _before, node in members] for kind, members in pairs.items()},
    }


def _apart(compared: Comparison) -> list[dict[str, Any]]:
    apart = compared.apart
    if apart is None:
        return []
    scores = apart.scores * [run.method.scale for run in compared.runs]
    return [
        {
            **unit_of(city),
            "runs": [
                {
                    "run": run.pk,
                    "in_data": bool(apart.in_data[p, n]),
                    "rank": int(apart.ranks[p, n]) or None,
                    "score": float(scores[p, n]) if apart.ranks[p, n] else None,
                }
                for n, run in enumerate(compared.runs)
            ],
        }
        for p, city in enumerate(apart.cities)
    ]


def _compared_city(compared: Comparison, position: int) -> dict[str, Any]:
    city = compared.cities[position]
    return {
        **unit_of(city),
        **names_of_places(city.province, has_regions=compared.cities.has_regions),
        "ranks": compared.ranks[position].tolist(),
        "own_ranks": compared.own_ranks[position].tolist(),
        "shifts": compared.shifts[position].tolist(),
        "scores": [float(result.scores[position]) * result.run.method.scale for result in compared.results],
    }


def _city_change(change: CityChange) -> dict[str, Any]:
    before, after = change.runs
    return {
        **unit_of(change.city),
        "before": before.pk,
        "after": after.pk,
        "rank_before": change.ranks[0],
        "rank_after": change.ranks[1],
        "score_before": change.scores[0] * change.compared.scale,
        "score_after": change.scores[1] * change.compared.scale,
        "not_split": change.why_not_split,
        "nodes": [_node(branch, change.compared.scale) for branch in change.branches],
        "passed": [_passing(change, position) for position in change.passed],
        "passed_by": [_passing(change, position) for position in change.passed_by],
    }


def _node(branch: NodeChange, scale: float) -> dict[str, Any]:
    return {
        "code": branch.node.code,
        "parent": branch.node.parent.code if branch.node.parent else None,
        "local_before": branch.local[0],
        "local_after": branch.local[1],
        "global_before": branch.global_[0],
        "global_after": branch.global_[1],
        "in_before": branch.is_there[0],
        "in_after": branch.is_there[1],
        "score_before": _number(branch.values[0] * scale),
        "score_after": _number(branch.values[1] * scale),
        "through_weights": branch.through_weights * scale,
        "through_values": branch.through_values * scale,
    }


def _number(value: float) -> float | None:
    return None if isnan(value) else value


def _passing(change: CityChange, position: int) -> dict[str, Any]:
    before, after = change.compared.ranks[position, [0, change.place]].tolist()
    return {**unit_of(change.compared.cities[position]), "rank_before": before, "rank_after": after}
