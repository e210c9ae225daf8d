"""Frameworks and weight versions as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from weighting.models import Framework, Indicator, NodeWeight, WeightVersion
from weighting.readers.framework import COLUMNS
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.version_chain import head_of
from weighting.selectors.versions import previous_hash_of, weighted_nodes_of


class FrameworkSerializer(serializers.ModelSerializer):
    indicator_count = serializers.IntegerField()
    leaf_count = serializers.IntegerField()

    class Meta:
        model = Framework
        fields = [
            "id",
            "name",
            "name_zh",
            "name_en",
            "sha256",
            "is_shared",
            "is_published",
            "indicator_count",
            "leaf_count",
        ]


class IndicatorSerializer(serializers.ModelSerializer):
    parent = serializers.CharField(source="parent.code", default=None, allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = Indicator
        fields = [*COLUMNS, "is_leaf"]


class FrameworkDetailSerializer(FrameworkSerializer):
    """With the tree, in file order."""

    indicators = serializers.SerializerMethodField()

    class Meta(FrameworkSerializer.Meta):
        fields = [*FrameworkSerializer.Meta.fields, "indicators"]

    @extend_schema_field(IndicatorSerializer(many=True))
    def get_indicators(self, framework: Framework) -> Any:
        return IndicatorSerializer(indicators_of(framework.pk), many=True).data


class WeightVersionSerializer(serializers.ModelSerializer):
    """``number`` and ``manifest_hash`` come with freezing."""

    label = serializers.CharField(help_text="In the language of the request.")  # type: ignore[assignment]

    class Meta:
        model = WeightVersion
        fields = [
            "id",
            "number",
            "label",
            "label_zh",
            "label_en",
            "status",
            "framework",
            "source",
            "manifest_hash",
            "is_published",
            "frozen_at",
        ]


class NodeWeightSerializer(serializers.ModelSerializer):
    code = serializers.CharField(source="indicator.code")
    parent = serializers.CharField(  # type: ignore[assignment]
        source="indicator.parent.code", default=None, allow_null=True
    )

    class Meta:
        model = NodeWeight
        fields = ["code", "parent", "local_weight", "global_weight", "asked"]


class WeightVersionDetailSerializer(WeightVersionSerializer):
    """With its place in the chain and the weight of every node, in file order."""

    previous_hash = serializers.SerializerMethodField(help_text="What the version is chained to.")
    corrects = serializers.SerializerMethodField(help_text="Hash of the version that this one corrects.")
    head_hash = serializers.SerializerMethodField(help_text="Hash of the version frozen last.")
    weights = serializers.SerializerMethodField()

    class Meta(WeightVersionSerializer.Meta):
        fields = [
            *WeightVersionSerializer.Meta.fields,
            "previous_hash",
            "corrects",
            "head_hash",
            "reason",
            "note",
            "weights",
        ]

    def get_previous_hash(self, version: WeightVersion) -> str:
        return previous_hash_of(version)

    def get_corrects(self, version: WeightVersion) -> str | None:
        return version.parent.manifest_hash if version.parent else None

    def get_head_hash(self, version: WeightVersion) -> str:
        head = head_of(version.framework_id)
        return head.hash if head else ""

    @extend_schema_field(NodeWeightSerializer(many=True))
    def get_weights(self, version: WeightVersion) -> Any:
        return NodeWeightSerializer(weighted_nodes_of(version), many=True).data
