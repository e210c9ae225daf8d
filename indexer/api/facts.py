"""/api/v1/datasets/{id}/facts/ and /api/v1/runs/{id}/facts/, with /cancel/ and /retry/."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.dispatch import ask_run_facts, cancel_facts, retry_facts
from indexer.enums import Queue, RunStatus
from indexer.job_words import failure_words
from indexer.models import DataFacts, Run, RunFacts
from indexer.selectors.data_facts import Lack, data_facts_of
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.run_facts import lack_of_run_facts, run_facts_of
from indexer.selectors.runs import runs_visible_to
from weighting.api.base import Answer, described
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import STAFF, has_role
from weighting.sentences import join_sentences
from weighting.visitors import account_of, visitor_of

AnyFacts = DataFacts | RunFacts
REFUSED = OpenApiResponse(description="The job is in another state; `detail` says what to do.")


class FactsSerializer(serializers.Serializer):
    """The job of a worker that works out what something large is like.

    ``failure`` holds the reasons of one that failed as codes, ``error`` says the same in words.
    Staff are told which ``worker`` took it.
    """

    status = serializers.ChoiceField(RunStatus.choices)
    queue = serializers.ChoiceField(Queue.choices)
    attempts = serializers.IntegerField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    worker = serializers.SerializerMethodField()
    failure = serializers.JSONField()
    error = serializers.SerializerMethodField()

    def get_error(self, facts: AnyFacts) -> str:
        return join_sentences(failure_words(facts.failure)) if facts.status == RunStatus.FAILED else ""

    def get_worker(self, facts: AnyFacts) -> str:
        return facts.worker if visitor_of(self.context["request"]).can_analyse else ""


def check_run_facts(account: Account | None, run: Run) -> None:
    """Refuse while nothing is kept of a large run; a worker is asked for it where the account may."""
    lack = lack_of_run_facts(run)
    if lack is None:
        return
    if not lack.has_ended and has_role(account, STAFF):
        ask_run_facts(run)
    raise not_kept(lack, reverse("indexer:api-run-facts-retry", args=[run.pk]))


def not_kept(lack: Lack, retry_url: str) -> NotFound:
    """Return what answers say in place of facts."""
    if lack.has_ended:
        message = _("This failed or was cancelled. POST to %(address)s has a worker try again.")
        return NotFound(message % {"address": retry_url})
    return NotFound(_("A worker is still working out what these values are like. Ask again in a minute."))


class FactsAnswer(Answer):
    """What the answers about such a job share."""

    def find(self, pk: int) -> AnyFacts | None:
        """Return the job of what has this number, which the visitor may see; None where there is none."""
        raise NotImplementedError

    def facts(self, pk: int) -> AnyFacts:
        """Return the job, or say that there is none."""
        found = self.find(pk)
        if found is None:
            raise NotFound(
                _(
                    "No worker was asked to work this out. What is small is worked out for whoever asks; "
                    "of what is large, ask for a table of the audit."
                )
            )
        return found

    def told(self, request: Request, facts: AnyFacts) -> Response:
        return Response(FactsSerializer(facts, context={"request": request}).data)

    def change(self, request: Request, pk: int, act: Callable[..., Any]) -> Response:
        """Do an act; a state that forbids it answers 409."""
        try:
            changed = act(self.facts(pk), actor=account_of(request))
        except Refused as refusal:
            return Response({"detail": join_sentences(refusal.blockers)}, status=status.HTTP_409_CONFLICT)
        return self.told(request, changed)


class OfDataSet(FactsAnswer):
    """Of data sets."""

    def find(self, pk: int) -> DataFacts | None:
        return data_facts_of(get_object_or_404(data_sets_visible_to(self.account), pk=pk))


class OfRun(FactsAnswer):
    """Of rankings."""

    def find(self, pk: int) -> RunFacts | None:
        return run_facts_of(get_object_or_404(runs_visible_to(self.account), pk=pk))


class Tell(FactsAnswer):
    """How far it is with the facts of something large."""

    @described(responses=FactsSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return self.told(request, self.facts(pk))


class Cancel(FactsAnswer):
    """Stop a job that waits or runs: nothing is worked out until it is tried again."""

    roles = STAFF

    @described(request=None, responses={200: FactsSerializer, 409: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        return self.change(request, pk, cancel_facts)


class Retry(FactsAnswer):
    """Have worked out what failed or was cancelled."""

    roles = STAFF

    @described(request=None, responses={200: FactsSerializer, 409: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        return self.change(request, pk, retry_facts)


class FactsOfDataSet(OfDataSet, Tell):
    """How far it is with what a large data set is like: its indicators, units, correlations."""


class CancelFactsOfDataSet(OfDataSet, Cancel):
    """Stop working out what a data set is like."""


class RetryFactsOfDataSet(OfDataSet, Retry):
    """Have worked out what a data set is like, where that failed or was cancelled."""


class FactsOfRun(OfRun, Tell):
    """How far it is with whether a large ranking holds together."""


class CancelFactsOfRun(OfRun, Cancel):
    """Stop working out whether a ranking holds together."""


class RetryFactsOfRun(OfRun, Retry):
    """Have worked out whether a ranking holds together, where that failed or was cancelled."""
