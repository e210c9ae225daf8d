"""Units without a score in the API's answers about the others."""

from typing import Any

from rest_framework import serializers
from rest_framework.response import Response

from indexer.api.pages import MOST_UNITS
from indexer.models import Run
from indexer.selectors.coverage import Unranked, unranked_of
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.plans import plan_of
from weighting.api.base import Pages


class UnrankedSerializer(serializers.Serializer):
    unit = serializers.CharField(source="city.own_name")
    unit_en = serializers.CharField(source="city.name_en")
    unit_code = serializers.CharField(source="city.code")
    node = serializers.CharField(source="node.code", default=None, help_text="Null: the index itself.")
    share = serializers.FloatField(help_text="Of the weight below the node, what the unit has.")
    least = serializers.FloatField(help_text="The coverage that is asked for.")


UNRANKED = UnrankedSerializer(many=True, help_text="Units with too few values for a score.")


class RankedPages(Pages):
    """Pages of ranked units, each with those that have no rank."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        page["properties"]["unranked"] = {"type": "array", "items": {"$ref": "#/components/schemas/Unranked"}}
        return page


def first_unranked(subject: NodeScores) -> list[Unranked]:
    """Return who has no score, and why; of very many the first."""
    return unranked_of(subject)[:MOST_UNITS]


def first_unranked_of(run: Run) -> list[Unranked]:
    """Return the same of a run of which the scores are not at hand."""
    return first_unranked(node_scores_of(run)) if plan_of(run.method).may_leave_out else []


def beside_page(page: Response, unranked: list[Unranked]) -> Response:
    """Let a page of ranked units say who has no rank."""
    page.data["unranked"] = UnrankedSerializer(unranked, many=True).data
    return page
