"""/api/v1/runs/{id}/report/: the chapters and words of a written report, and the report as files."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.run_view import RunView
from indexer.enums import ReportChapter
from indexer.forms.reports import LONGEST
from indexer.models import Run
from indexer.selectors.reports import outline_of, paragraphs_of, reads_words
from indexer.services.reports import choose_chapters, write_paragraph
from weighting.api.base import described
from weighting.api.errors import Conflict
from weighting.enums import Language
from weighting.models import Account
from weighting.permissions import STAFF, audience
from weighting.visitors import account_of

# Writes the report of a run as an account may read it, with some chapters, or with those chosen for it.
Write = Callable[[Run, Account | None, Sequence[str]], HttpResponse]
CONFLICT = OpenApiResponse(description="Somebody changed it meanwhile; `blockers` says what to do.")
CHAPTERS = OpenApiParameter(
    "chapters",
    str,
    description=f"Joined by commas, in their order: {', '.join(ReportChapter.values)}. "
    "Without it those that were chosen.",
)


class WordsSerializer(serializers.Serializer):
    """What people wrote into a chapter, in one language; ``revision`` is the state that a change replaces."""

    chapter = serializers.ChoiceField(choices=ReportChapter.values)
    language = serializers.ChoiceField(choices=Language.values)
    text = serializers.CharField(allow_blank=True, max_length=LONGEST)
    revision = serializers.IntegerField(min_value=0)


class OutlineSerializer(serializers.Serializer):
    """The chapters in their order; ``revision`` is the state that a change replaces, 0 of the usual ones."""

    chapters = serializers.ListField(
        child=serializers.ChoiceField(choices=ReportChapter.values), allow_empty=False
    )
    revision = serializers.IntegerField(min_value=0)


class WrittenSerializer(WordsSerializer):
    """The same as it is answered: what is sent holds no other fields, and is described apart."""


class ReportSerializer(OutlineSerializer):
    """The same with all that was written."""

    words = WrittenSerializer(many=True)


class ReportView(RunView):
    """Which chapters the report of a run has, and, for staff, what people wrote into them."""

    @described(responses=ReportSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(_report(self.finished_run(pk), self.account))


class ReportChapters(RunView):
    """Choose the chapters of the report of a run, in their order."""

    roles = STAFF
    refused_as = Conflict
    http_method_names = ["post", "options"]

    @described(request=OutlineSerializer, responses={200: ReportSerializer, 409: CONFLICT})
    def post(self, request: Request, pk: int) -> Response:
        run, asked = self.finished_run(pk), OutlineSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        choose_chapters(run, actor=account_of(request), **asked.validated_data)
        return Response(_report(run, self.account))


class ReportWords(RunView):
    """Write into a chapter of the report of a run; an empty text takes the words out again."""

    roles = STAFF
    refused_as = Conflict
    http_method_names = ["post", "options"]

    @described(request=WordsSerializer, responses={200: ReportSerializer, 409: CONFLICT})
    def post(self, request: Request, pk: int) -> Response:
        run, asked = self.finished_run(pk), WordsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = {**asked.validated_data}
        write_paragraph(run, section=said.pop("chapter"), actor=account_of(request), **said)
        return Response(_report(run, self.account))


class ReportFile(RunView):
    """The report of a run as a file, in the language asked for."""

    # Pages write reports, of which the API knows nothing: indexer/urls.py brings them together.
    write: Write | None = None

    @classmethod
    def written_by(cls, write: Write) -> Callable[..., Any]:
        return audience(cls.roles)(cls.as_view(write=write))

    @described(CHAPTERS, responses={200: OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        run, chapters = self.finished_run(pk), _chapters(request)
        assert self.write is not None  # noqa: S101  (`written_by` is the one way here)
        return self.write(run, self.account, chapters)


def _chapters(request: Request) -> list[str]:
    named = [code.strip() for code in request.query_params.get("chapters", "").split(",") if code.strip()]
    unknown = [code for code in named if code not in ReportChapter.values]
    if unknown:
        words = {"codes": _(", ").join(unknown), "known": _(", ").join(ReportChapter.values)}
        message = _("There is no such chapter: %(codes)s. Known: %(known)s.") % words
        raise ValidationError({"chapters": [message]})
    return list(dict.fromkeys(named))


def _report(run: Run, account: Account | None) -> dict[str, Any]:
    outline = outline_of(run)
    words = [
        {"chapter": one.section, "language": one.language, "text": one.text, "revision": one.revision}
        for one in (paragraphs_of(run) if reads_words(account) else [])
    ]
    return {"chapters": outline.chapters, "revision": outline.revision, "words": words}
