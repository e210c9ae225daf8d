"""Data sets, runs and rankings as JSON."""

from typing import Any

from rest_framework import serializers

from indexer.api.units import NO_GROUP, NO_REGIONS
from indexer.enums import RunStatus
from indexer.job_words import failure_words
from indexer.models import DataSet, IndexMethod, Run
from indexer.selectors.cities import names_of_places
from indexer.selectors.runs import Printed, RankedCity, shown_score
from weighting.sentences import join_sentences
from weighting.visitors import visitor_of

MARKS = [("published", "published"), ("reconstructed", "reconstructed"), ("", "")]


class MethodSerializer(serializers.ModelSerializer):
    class Meta:
        model = IndexMethod
        fields = [
            "normalisation",
            "negative",
            "missing",
            "aggregation",
            "outliers",
            "skewness_limit",
            "kurtosis_limit",
            "winsorised_most",
            "denominators",
            "coverage",
            "floor",
            "leaves",
            "nodes",
            "scale",
            "digits",
            "sha256",
        ]


class DataSetSerializer(serializers.ModelSerializer):
    """An edition: its number within series and year, the edition it follows, the files it is from."""

    method = MethodSerializer()
    cities = serializers.SerializerMethodField()
    leaves = serializers.SerializerMethodField()
    register = serializers.IntegerField(source="series.register_id")
    register_edition = serializers.IntegerField(
        help_text="Of the register, when the data were stored: its units are named and placed as then."
    )

    class Meta:
        model = DataSet
        fields = [
            "id",
            "name",
            "name_zh",
            "name_en",
            "year",
            "series",
            "edition",
            "previous",
            "register",
            "register_edition",
            "note",
            "framework",
            "method",
            "file_name",
            "file_sha256",
            "totals_name",
            "totals_sha256",
            "created_at",
            "cities",
            "leaves",
            "sha256",
            "is_published",
        ]

    def get_cities(self, data_set: DataSet) -> int:
        return len(data_set.city_ids)

    def get_leaves(self, data_set: DataSet) -> int:
        return len(data_set.leaf_codes)


class RunSerializer(serializers.ModelSerializer):
    """The hashes name what the result was computed from, and its bytes.

    ``failure`` holds the reasons of a failed run as codes, ``error`` says the same in words.
    Staff are told which ``worker`` computed it.
    """

    error = serializers.SerializerMethodField()
    worker = serializers.SerializerMethodField()
    dataset = serializers.IntegerField(source="data_set_id")
    weight_version = serializers.IntegerField(source="weight_version_id")
    method = MethodSerializer()

    class Meta:
        model = Run
        fields = [
            "id",
            "dataset",
            "weight_version",
            "method",
            "status",
            "queue",
            "attempts",
            "queued_at",
            "started_at",
            "finished_at",
            "worker",
            "failure",
            "error",
            "data_sha256",
            "manifest_hash",
            "result_sha256",
            "code_version",
        ]

    def get_error(self, run: Run) -> str:
        return join_sentences(failure_words(run.failure)) if run.status == RunStatus.FAILED else ""

    def get_worker(self, run: Run) -> str:
        return run.worker if visitor_of(self.context["request"]).can_analyse else ""


class RankingSerializer(serializers.Serializer):
    """``score`` is unrounded; ``mark`` says whether a publication prints the same."""

    unit = serializers.CharField(source="city.own_name")
    unit_en = serializers.CharField(source="city.name_en")
    unit_code = serializers.CharField(
        source="city.code", help_text="Of the register; empty where it has none."
    )
    province = serializers.SerializerMethodField(help_text=NO_GROUP)
    region = serializers.SerializerMethodField(help_text=NO_REGIONS)
    groups = serializers.SerializerMethodField(help_text="The name of its group by the code of the grouping.")
    score = serializers.FloatField()
    rank = serializers.IntegerField(min_value=0, max_value=2147483647)
    mark = serializers.ChoiceField(choices=MARKS)
    changed_values = serializers.IntegerField(
        help_text="How many values behind the score were filled in, left out or treated."
    )
    imputed = serializers.FloatField(help_text="Which share of the weight behind the score was filled in.")

    def get_province(self, row: dict[str, Any]) -> str:
        return self._places(row)["province"]

    def get_region(self, row: dict[str, Any]) -> str:
        return self._places(row)["region"]

    def _places(self, row: dict[str, Any]) -> dict[str, str]:
        return names_of_places(row["city"].province, has_regions=self.context["has_regions"])

    def get_groups(self, row: dict[str, Any]) -> dict[str, str]:
        return dict(self.context["groups"].get(row["city"].pk, {}))

    def to_representation(self, instance: RankedCity) -> dict[str, Any]:
        run: Run = self.context["run"]
        printed: Printed = self.context["printed"]
        figure = shown_score(run, instance.score, printed.get((instance.city_id, None)))
        row = {
            "city": self.context["cities"][instance.city_id],
            "score": figure.value,
            "rank": instance.rank,
            "mark": figure.source,
            "changed_values": self.context["changed"].get(instance.city_id, 0),
            "imputed": self.context["imputed"].get(instance.city_id, 0.0),
        }
        return super().to_representation(row)
