"""What every address shares that takes in a table: the file, how it is read, and what is told of that.

A page shows what is merely likely before it stores anything. A program says beforehand what it takes so:
everything, nothing, or the kinds of reading that it names.
"""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from django.db.models import Model
from django.forms import Form
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Answer
from weighting.api.errors import WrongFile, wrong_in
from weighting.readers import FileProblems, ProblemLog
from weighting.readers.decisions import Decision, Decisions, LookFirst
from weighting.readers.questions import is_kind, note_open
from weighting.readers.strict_json import read_strict_json

ALL, NONE = "all", "none"
READING = ("decisions", "unheeded_choices")
LARGEST = 2**31 - 1
REFUSED = OpenApiResponse(description="Refused: `blockers`, or `problems` of the file, say why.")
Made = TypeVar("Made", bound=Model)


class DecisionAnswer(serializers.Serializer):
    """One way of reading; "open" ones keep the import back until they are chosen."""

    key = serializers.CharField()
    value = serializers.CharField(allow_blank=True)
    how = serializers.ChoiceField(choices=["seen", "likely", "open", "chosen"])
    options = serializers.ListField(child=serializers.CharField())
    samples = serializers.ListField(child=serializers.CharField())


class ReadingTold(serializers.Serializer):
    """How the file was read that something was made of; the ledger is the context's ``decisions``."""

    decisions = serializers.SerializerMethodField()
    unheeded_choices = serializers.SerializerMethodField(
        help_text="Keys of choices that nothing in the file asked for, or whose value was not on offer."
    )

    @extend_schema_field(DecisionAnswer(many=True))
    def get_decisions(self, _made: Any) -> Any:
        return told(self.context["decisions"])

    def get_unheeded_choices(self, _made: Any) -> list[str]:
        unheeded: list[str] = self.context["decisions"].unheeded
        return unheeded


def choices_said(text: str) -> dict[str, str]:
    """Return choices by key, from JSON, without those that were left to be filled in."""
    try:
        said = read_strict_json(text or "{}")
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict) and set(said) == {"reading"}:
        said = said["reading"]
    if not isinstance(said, dict) or not all(_is_text(one) for pair in said.items() for one in pair):
        message = _("Write a JSON object of texts, such as {“year”: “2020”}.")
        raise serializers.ValidationError([message])
    return {key: value for key, value in said.items() if value}


def _is_text(said: Any) -> bool:
    """Tell texts that both databases keep."""
    return isinstance(said, str) and "\0" not in said


class TableRequestSerializer(serializers.Serializer):
    """A file, and how it is read."""

    file = serializers.FileField(allow_empty_file=True)
    choices = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="A JSON object of texts by the keys of decisions, or the file of choices that `read_table` "
        "wrote; a bare kind settles all decisions of its kind that are not named.",
    )
    proposals = serializers.CharField(
        required=False,
        # That it may be blank lets a blank one be refused; else it would pass for one that was not sent.
        allow_blank=True,
        help_text="Which likely readings are taken: `all`, as without it, `none`, or kinds joined by "
        "commas, such as `decimal,missing`. With another one nothing is stored, and the answer lists it.",
    )

    def validate_choices(self, text: str) -> dict[str, str]:
        """Return the choices by key."""
        return choices_said(text)

    def validate_proposals(self, text: str) -> list[str]:
        """Return the kinds that are named."""
        kinds = [kind.strip() for kind in text.split(",")]
        wrong = [kind for kind in kinds if kind not in (ALL, NONE) and not is_kind(kind)]
        if wrong or (len(kinds) > 1 and {ALL, NONE} & {*kinds}):
            message = _("“%(text)s” names no proposals: write all, none, or kinds joined by commas.")
            raise serializers.ValidationError([message % {"text": text}])
        return kinds


class TableImports(Answer):
    """A POST sends a table in: it is stored as its page stores it, or refused with every reason."""

    parser_classes = [MultiPartParser]
    http_method_names = ["post", "options"]

    def bring_in(
        self,
        request: Request,
        form: Form,
        body: type[TableRequestSerializer],
        store: Callable[[dict[str, Any], dict[str, Any]], Made],
    ) -> tuple[Made, Decisions]:
        """Return what ``store`` made of a form's fields and file, and how the file was read."""
        decisions = _ledger_of(_checked(request, form, body))
        said = dict(form.cleaned_data)
        file = said.pop("file")
        try:
            made = store(said, {"source": file.read(), "filename": file.name, "decisions": decisions})
        except LookFirst:
            raise WrongFile(_questions(file.name, decisions.unsettled), **_reading(decisions)) from None
        except FileProblems as found:
            raise WrongFile(found, **_reading(decisions)) from found
        return made, decisions


def answer_made(serializer: type[serializers.Serializer], made: object, decisions: Decisions) -> Response:
    """Answer 201 with what was made, and how its file was read."""
    return Response(serializer(made, context={"decisions": decisions}).data, status=201)


def told(decisions: Decisions) -> Any:
    """Return the decisions of a ledger as JSON."""
    return DecisionAnswer(decisions.made, many=True).data


def _checked(request: Request, form: Form, body: type[TableRequestSerializer]) -> dict[str, Any]:
    """Return what was sent as the body has it; raises with all that the body and the form say is wrong."""
    asked = body(data=request.data)
    asked.is_valid()
    wrong = wrong_in(form)
    wrong = {name: [str(text) for text in said] for name, said in asked.errors.items()} | wrong
    if wrong:
        raise ValidationError(wrong)
    said: dict[str, Any] = asked.validated_data
    return said


def _ledger_of(said: dict[str, Any]) -> Decisions:
    kinds = said.get("proposals", [ALL])
    return Decisions(said.get("choices"), asks=kinds != [ALL], taken=kinds)


def _reading(decisions: Decisions) -> dict[str, Any]:
    return {"decisions": told(decisions), "unheeded_choices": decisions.unheeded}


def _questions(name: str, unsettled: Collection[Decision]) -> FileProblems:
    """Return what is to be looked at as problems of the file, each with the key that settles it."""
    log = ProblemLog(name)
    note_open(unsettled, log, [made.subject for made in unsettled])
    return FileProblems(log.problems)
