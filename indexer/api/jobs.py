"""/api/v1/runs/{id}/cancel/ and /retry/, /api/v1/datasets/{id}/progress/."""

from collections.abc import Callable

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.serializers import RunSerializer
from indexer.dispatch import cancel_run, retry_run
from indexer.models import Run
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.jobs import Progress
from indexer.selectors.runs import runs_visible_to, visible_progress_of
from weighting.api.base import Answer, described
from weighting.exceptions import Refused
from weighting.permissions import STAFF
from weighting.sentences import join_sentences
from weighting.visitors import account_of

REFUSED = OpenApiResponse(description="The run is in another state; `detail` says what to do.")


class ProgressSerializer(serializers.Serializer):
    """``rate`` is a second; it and ``seconds_left`` are null before the first is done."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    seconds_left = serializers.FloatField(allow_null=True)


class ProgressView(Answer):
    """How far the computations of a data set are."""

    @described(responses=ProgressSerializer)
    def get(self, request: Request, pk: int) -> Response:
        data_set = get_object_or_404(data_sets_visible_to(self.account), pk=pk)
        progress: Progress = visible_progress_of(data_set, self.account)
        return Response(ProgressSerializer(progress).data)


class RunAct(Answer):
    """An act on a run that the visitor may see; a state that forbids it answers 409."""

    roles = STAFF

    def change(self, request: Request, pk: int, act: Callable[..., Run]) -> Response:
        """Answer with the run after an act of its ``actor``."""
        account = account_of(request)
        run = get_object_or_404(runs_visible_to(account), pk=pk)
        try:
            changed = act(run, actor=account)
        except Refused as refusal:
            return Response({"detail": join_sentences(refusal.blockers)}, status=status.HTTP_409_CONFLICT)
        return Response(RunSerializer(changed, context={"request": request}).data)


class CancelRun(RunAct):
    """Cancel a run that waits or is being computed."""

    @described(request=None, responses={200: RunSerializer, 409: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        return self.change(request, pk, cancel_run)


class RetryRun(RunAct):
    """Try a failed or cancelled run again."""

    @described(request=None, responses={200: RunSerializer, 409: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        return self.change(request, pk, retry_run)
