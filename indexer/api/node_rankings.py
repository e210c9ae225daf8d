"""/api/v1/runs/{id}/nodes/{code}/ranking/ and /api/v1/runs/{id}/preparation/."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import page_of
from indexer.api.run_view import RunView
from indexer.api.serializers import MARKS, MethodSerializer
from indexer.api.units import NO_REGIONS
from indexer.api.unranked import UNRANKED, RankedPages, beside_page, first_unranked, first_unranked_of
from indexer.models import Run
from indexer.numeric.method.preparation import CellArray
from indexer.selectors.cities import cities_of_run, names_of_places
from indexer.selectors.distributions import distributions_of
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.preparations import CHANGES, changes_by_city, changes_in, may_change_cells, record_of
from indexer.selectors.published import codes_given_raw
from indexer.selectors.registers import groups_by_city
from indexer.selectors.runs import Printed, printed_figures_of, shown_score
from weighting.api.base import PAGE, described
from weighting.numeric.arrays import FloatArray


class NodeRankingSerializer(serializers.Serializer):
    unit = serializers.CharField()
    unit_en = serializers.CharField()
    unit_code = serializers.CharField()
    province = serializers.CharField()
    region = serializers.CharField(help_text=NO_REGIONS)
    groups = serializers.DictField(
        child=serializers.CharField(), help_text="The name of its group by the code of the grouping."
    )
    score = serializers.FloatField(allow_null=True, help_text="Unrounded, on the scale of the method.")
    rank = serializers.IntegerField(allow_null=True, help_text="Null where the unit has nothing of the node.")
    mark = serializers.ChoiceField(choices=MARKS)
    changes = serializers.ListField(
        child=serializers.ChoiceField(choices=[(name, name) for name in CHANGES]),
        help_text="What was done to the value behind the score of a leaf.",
    )
    changed_values = serializers.IntegerField(
        help_text="How many values behind the score were filled in, left out or treated."
    )
    imputed = serializers.FloatField(help_text="Which share of the weight behind the score was filled in.")
    raw = serializers.FloatField(
        allow_null=True,
        help_text="Of a leaf, as the data set holds it; null for whoever may not have the raw values.",
    )
    treated = serializers.FloatField(allow_null=True, help_text="Of a leaf, as it is normalised.")
    weight = serializers.FloatField(help_text="In the composite score, rescaled where something is left out.")
    part = serializers.FloatField(
        allow_null=True, help_text="What it adds to the composite score; null where that is no such sum."
    )


class NodeRankingView(RunView):
    """The units of a finished run ranked on one node, highest score first."""

    @described(*PAGE, responses=page_of(NodeRankingSerializer, unranked=UNRANKED))
    def get(self, request: Request, pk: int, code: str) -> Response:
        try:
            subject = node_scores_of(self.finished_run(pk), code)
        except KeyError:
            raise NotFound(_("The framework has no indicator “%(code)s”.") % {"code": code}) from None
        pages = RankedPages()
        order = np.lexsort((subject.ranks, subject.ranks == 0)).tolist()
        chosen = pages.paginate_queryset(order, request, view=self)
        with_raw = code in codes_given_raw(self.account, subject.run)
        rows = _node_rows(subject, chosen or [], with_raw=with_raw)
        page = pages.get_paginated_response(NodeRankingSerializer(rows, many=True).data)
        return beside_page(page, first_unranked(subject))


class ShapeSerializer(serializers.Serializer):
    skewness = serializers.FloatField(help_text="G1 of Joanes and Gill (1998).")
    kurtosis = serializers.FloatField(help_text="G2, excess.")


class TreatmentSerializer(serializers.Serializer):
    code = serializers.CharField()
    done = serializers.ChoiceField(choices=["winsorised", "logged"])
    cells = serializers.IntegerField()
    before = ShapeSerializer()
    after = ShapeSerializer()
    is_within = serializers.BooleanField(help_text="Whether the column is within the limits now.")


class ChangedCellSerializer(serializers.Serializer):
    unit = serializers.CharField()
    unit_code = serializers.CharField()
    code = serializers.CharField(help_text="Of the indicator.")
    changes = serializers.ListField(child=serializers.CharField())


class PreparationSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    method = MethodSerializer()
    treatments = TreatmentSerializer(many=True)
    cells = ChangedCellSerializer(
        many=True, help_text="Every value that was filled in, left out or winsorised; not those only logged."
    )
    unranked = UNRANKED


class PreparationView(RunView):
    """What was done to the data of a finished run before they were normalised."""

    @described(responses=PreparationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        run = self.finished_run(pk)
        answer: dict[str, Any] = {"run": run.pk, "method": run.method, "treatments": [], "cells": []}
        answer["unranked"] = first_unranked_of(run)
        if may_change_cells(run.method):
            record = record_of(run)
            answer |= {"treatments": record.treatments, "cells": _changed_cells(run, record.cells)}
        return Response(PreparationSerializer(answer).data)


def _node_rows(subject: NodeScores, positions: list[int], *, with_raw: bool) -> list[dict[str, Any]]:
    run, node = subject.run, subject.node
    assert node is not None  # noqa: S101  (the code was found)
    printed: Printed = {}
    if run.reproduces_publication:
        printed = printed_figures_of(run.data_set, [subject.cities.ids[p] for p in positions])
    changed = changes_by_city(run, subject.record, node)
    spread = distributions_of(subject, [node])[0] if with_raw else None
    columns = {
        "raw": spread.raw if spread else None,
        "treated": spread.settled if spread else None,
        "weight": subject.weights,
        "part": None if subject.parts is None else subject.parts * subject.scale,
    }
    subject.cities.load(positions)
    groups = groups_by_city(run, [subject.cities.ids[p] for p in positions])
    rows = []
    for p in positions:
        city = subject.cities[p]
        figure = shown_score(run, subject.scores[p], printed.get((city.pk, node.pk)))
        rows.append(
            {
                "unit": city.own_name,
                "unit_en": city.name_en,
                "unit_code": city.code,
                **names_of_places(city.province, has_regions=subject.cities.has_regions),
                "groups": groups.get(city.pk, {}),
                "score": None if np.isnan(figure.value) else figure.value,
                "rank": int(subject.ranks[p]) or None,
                "mark": figure.source,
                "changes": changed.get(city.pk, ()),
                "changed_values": int(subject.changed_values[p]),
                "imputed": 0.0 if subject.imputed_shares is None else subject.imputed_shares[p],
                **{name: _number(column, p) for name, column in columns.items()},
            }
        )
    return rows


def _number(column: FloatArray | None, position: int) -> float | None:
    return None if column is None or np.isnan(column[position]) else float(column[position])


def _changed_cells(run: Run, cells: CellArray) -> list[dict[str, Any]]:
    cities, codes = cities_of_run(run), run.data_set.leaf_codes
    places = np.argwhere((cells & ~np.uint8(CHANGES["logged"])) > 0)
    return [
        {
            "unit": cities[city].own_name,
            "unit_code": cities[city].code,
            "code": codes[leaf],
            "changes": changes_in(int(cells[city, leaf])),
        }
        for city, leaf in places.tolist()
    ]
