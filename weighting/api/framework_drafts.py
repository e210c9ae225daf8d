"""/api/v1/framework-drafts/: trees in the making, by the services of the pages that make them."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Answer, described
from weighting.api.parsers import StrictJSONParser
from weighting.api.serializers import FrameworkSerializer
from weighting.api.table_imports import LARGEST, REFUSED
from weighting.models import FrameworkDraft
from weighting.permissions import STAFF
from weighting.selectors.framework_drafts import CELLS, draft_nodes, framework_drafts_of, scan_rows
from weighting.selectors.frameworks import frameworks_owned_by, frameworks_visible_to
from weighting.services import framework_drafts as services
from weighting.visitors import account_of


class NamesSerializer(serializers.Serializer):
    """What a framework is called; one of the names is enough."""

    name_zh = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    name_en = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")

    def validate(self, said: dict[str, str]) -> dict[str, str]:
        if not any(said.values()):
            raise serializers.ValidationError({"name_zh": [_("Give a name in one language at least.")]})
        return said


class NodeSerializer(serializers.Serializer):
    """The cells of a node, as columns of a framework's file, and the key of what it lies below."""

    parent = serializers.IntegerField(  # type: ignore[assignment]
        required=False, allow_null=True, min_value=0, max_value=LARGEST, help_text="A key; null is the whole."
    )
    code = serializers.CharField(required=False, allow_blank=True)
    name_zh = serializers.CharField(required=False, allow_blank=True)
    name_en = serializers.CharField(required=False, allow_blank=True)
    direction = serializers.CharField(required=False, allow_blank=True, help_text="1 or -1.")
    unit = serializers.CharField(required=False, allow_blank=True)
    definition_zh = serializers.CharField(required=False, allow_blank=True)
    definition_en = serializers.CharField(required=False, allow_blank=True)
    source = serializers.CharField(required=False, allow_blank=True)  # type: ignore[assignment]
    licence = serializers.CharField(required=False, allow_blank=True)
    note = serializers.CharField(required=False, allow_blank=True)


class WaySerializer(serializers.Serializer):
    """Past which sibling a node is moved: the one before it, or the one after."""

    down = serializers.BooleanField()


class ProblemAnswer(serializers.Serializer):
    """What is wrong at a node; ``row`` counts from 1 along the tree, and is empty of the whole."""

    row = serializers.IntegerField(allow_null=True)
    column = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    message = serializers.CharField()


class NodeAnswer(NodeSerializer):
    """A node along the tree; its key stays the same, whatever is moved."""

    key = serializers.IntegerField()
    depth = serializers.IntegerField(help_text="0 of what the whole is divided into.")
    is_leaf = serializers.BooleanField()


class DraftSummary(serializers.ModelSerializer):
    """``came_from`` is the framework that is copied or, where ``replaces`` says so, changed."""

    class Meta:
        model = FrameworkDraft
        fields = ["id", "name", "name_zh", "name_en", "came_from", "replaces", "created_at"]


class DraftAnswer(DraftSummary):
    """A draft with its tree, and everything that keeps it from being finished."""

    nodes = serializers.SerializerMethodField()
    problems = serializers.SerializerMethodField()

    class Meta(DraftSummary.Meta):
        fields = [*DraftSummary.Meta.fields, "nodes", "problems"]

    @extend_schema_field(NodeAnswer(many=True))
    def get_nodes(self, draft: FrameworkDraft) -> Any:
        return [
            {**{column: node.row[column] for column in CELLS}, "parent": node.row["parent"]}
            | {"key": node.row["key"], "depth": node.depth - 1, "is_leaf": node.is_leaf}
            for node in draft_nodes(draft.rows, [])
        ]

    @extend_schema_field(ProblemAnswer(many=True))
    def get_problems(self, draft: FrameworkDraft) -> Any:
        return ProblemAnswer(scan_rows(draft.rows).problems, many=True).data


class _Drafts(Answer):
    roles = STAFF
    parser_classes = [StrictJSONParser]

    def drafts(self) -> QuerySet[FrameworkDraft]:
        return framework_drafts_of(account_of(self.request))

    def draft(self, pk: int) -> FrameworkDraft:
        return get_object_or_404(self.drafts(), pk=pk)

    def answer(self, pk: int, *, status: int = 200) -> Response:
        return Response(DraftAnswer(self.draft(pk)).data, status=status)

    def said(self, body: type[serializers.Serializer]) -> dict[str, Any]:
        sent = body(data=self.request.data)
        sent.is_valid(raise_exception=True)
        return dict(sent.validated_data)


class FrameworkDrafts(_Drafts):
    """The drafts of an account; a POST begins one with no node yet."""

    @described(responses={200: DraftSummary(many=True)})
    def get(self, request: Request) -> Response:
        return Response(DraftSummary(self.drafts(), many=True).data)

    @described(request=NamesSerializer, responses={201: DraftAnswer, 422: REFUSED})
    def post(self, request: Request) -> Response:
        names = self.said(NamesSerializer)
        draft = services.begin_draft(**names, actor=account_of(request))
        return self.answer(draft.pk, status=201)


class FrameworkDraftDetail(_Drafts):
    """One draft with what is wrong with it; a PATCH gives it other names, a DELETE throws it away."""

    @described(responses={200: DraftAnswer})
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(pk)

    @described(request=NamesSerializer, responses={200: DraftAnswer})
    def patch(self, request: Request, pk: int) -> Response:
        services.rename_draft(self.draft(pk), **self.said(NamesSerializer))
        return self.answer(pk)

    @described(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        services.discard_draft(self.draft(pk))
        return Response(status=204)


class FrameworkDraftNodes(_Drafts):
    """A POST adds a node as the last one below its parent."""

    @described(request=NodeSerializer, responses={201: DraftAnswer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        draft, cells = self.draft(pk), self.said(NodeSerializer)
        parent = cells.pop("parent", None)
        services.add_row(draft, parent=parent, cells=cells)
        return self.answer(pk, status=201)


class FrameworkDraftNode(_Drafts):
    """A PATCH changes those cells of a node that are sent; a DELETE takes it out with all below it."""

    @described(request=NodeSerializer, responses={200: DraftAnswer, 422: REFUSED})
    def patch(self, request: Request, pk: int, row: int) -> Response:
        draft, cells = self.draft(pk), self.said(NodeSerializer)
        stays = {one["key"]: one["parent"] for one in draft.rows}.get(row)
        parent = cells.pop("parent", stays)
        services.change_row(draft, row, parent=parent, cells=cells)
        return self.answer(pk)

    @described(responses={200: DraftAnswer, 422: REFUSED})
    def delete(self, request: Request, pk: int, row: int) -> Response:
        draft = self.draft(pk)
        services.remove_row(draft, row)
        return self.answer(pk)


class FrameworkDraftMove(_Drafts):
    """A POST moves a node, with all below it, past one of its siblings."""

    @described(request=WaySerializer, responses={200: DraftAnswer, 422: REFUSED})
    def post(self, request: Request, pk: int, row: int) -> Response:
        draft, way = self.draft(pk), self.said(WaySerializer)
        services.move_row(draft, row, **way)
        return self.answer(pk)


class FrameworkDraftFinish(_Drafts):
    """A POST makes the draft a framework, or puts it in the place of the one that it changes."""

    @described(request=None, responses={201: FrameworkSerializer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        draft, account = self.draft(pk), account_of(request)
        framework = services.finish_draft(draft, actor=account)
        return Response(
            FrameworkSerializer(frameworks_visible_to(account).get(pk=framework.pk)).data, status=201
        )


class FrameworkCopy(_Drafts):
    """A POST begins the next edition of a framework, with the tree of this one."""

    @described(request=None, responses={201: DraftAnswer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        framework = get_object_or_404(frameworks_visible_to(account), pk=pk)
        return self.answer(services.copy_framework(framework, actor=account).pk, status=201)


class FrameworkChange(_Drafts):
    """A POST begins to change a framework of one's own that nothing rests on."""

    @described(request=None, responses={201: DraftAnswer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        framework = get_object_or_404(frameworks_owned_by(account), pk=pk)
        return self.answer(services.reopen_framework(framework, actor=account).pk, status=201)
