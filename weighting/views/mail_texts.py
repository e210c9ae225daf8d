"""What the mails of a round say: written, looked at, tried."""

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from config.mail import has_mail_server
from weighting.enums import Language, LetterKind, RoundState
from weighting.exceptions import Refused
from weighting.forms.invitations import LetterTextForm
from weighting.models import Round
from weighting.permissions import MANAGERS, audience
from weighting.placeholders import IN_BODY
from weighting.selectors.rounds import rounds_visible_to
from weighting.services.letter_texts import Words, default_words, languages_of, words_of, write_words
from weighting.services.mail import example_of, send_example
from weighting.views.answers import UNPROCESSABLE, answer_act, answer_refusal
from weighting.visitors import account_of

WRITABLE = (RoundState.DRAFT, RoundState.READY, RoundState.OPEN)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def round_mail_text(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A mail as an expert reads it, and its text to change; POST shows it changed, or keeps it."""
    round_, letter = _round_or_404(request, pk), _kind_or_404(kind)
    now = {language: words_of(round_, letter, language) for language in languages_of(round_)}
    form = _form_of(request, round_, letter, now)
    status = 200
    if request.method == "POST":
        if not form.is_valid():
            status = UNPROCESSABLE
        elif "preview" in request.POST:
            now = {language: said or form.default[language] for language, said in form.words().items()}
        else:
            return _keep(request, round_, letter, form)
    context = {
        "round": round_,
        "kind": letter,
        "tabs": _tabs(round_, letter),
        "form": form,
        "examples": _examples(request, round_, now),
        "is_draft": request.method == "POST",
        "is_writable": round_.state in WRITABLE,
        "has_mail": has_mail_server(),
        "places": _places(),
    }
    return render(request, "weighting/manager/mail_text.html", context, status=status)


@audience(MANAGERS)
@require_POST
def round_mail_test(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Hand a mail to the mail server for the manager alone, and say what it said."""
    round_, letter = _round_or_404(request, pk), _kind_or_404(kind)
    offered = languages_of(round_)
    wanted = request.POST.get("language")
    language = next((each for each in offered if each == wanted), offered[0])
    try:
        address = send_example(round_, letter, language, actor=account_of(request))
    except Refused as refusal:
        return answer_refusal(request, refusal, back=_address(round_, letter))
    done = _("The mail server took the test for %(email)s. Only that mailbox shows whether it arrives.")
    messages.success(request, done % {"email": address})
    return redirect(_address(round_, letter))


def _form_of(
    request: HttpRequest, round_: Round, kind: LetterKind, now: dict[Language, Words]
) -> LetterTextForm:
    initial = {}
    for language, words in now.items():
        initial[f"subject_{language}"], initial[f"body_{language}"] = words.subject, words.body
    default = {language: default_words(round_, kind, language) for language in now}
    sent = request.POST if request.method == "POST" else None
    return LetterTextForm(sent, initial=initial, default=default)


def _keep(request: HttpRequest, round_: Round, kind: LetterKind, form: LetterTextForm) -> HttpResponse:
    return answer_act(
        request,
        partial(write_words, round_, kind=kind, words=form.words(), actor=account_of(request)),
        done=_("The text is kept. Mails sent from now on use it."),
        back=_address(round_, kind),
    )


def _examples(request: HttpRequest, round_: Round, now: dict[Language, Words]) -> list[dict[str, object]]:
    account = account_of(request)
    return [
        {"language": language, "words": example_of(words, round_, language, actor=account)}
        for language, words in now.items()
    ]


def _places() -> list[tuple[str, str]]:
    """Name the places of a mail and what stands in each."""
    meanings = {
        "name": _("the expert’s name"),
        "round": _("the title of the round"),
        "framework": _("the name of the framework"),
        "items": _("how many indicators are scored"),
        "deadline": _("the deadline with its time zone"),
        "manager": _("who sends the mail"),
        "link": _("the personal link, in the text alone"),
    }
    return [(f"{{{name}}}", meanings[name]) for name in IN_BODY]


def _tabs(round_: Round, kind: LetterKind) -> list[dict[str, object]]:
    return [
        {"label": each.label, "url": _address(round_, each), "is_current": each == kind}
        for each in LetterKind
    ]


def _address(round_: Round, kind: LetterKind) -> str:
    return reverse("weighting:round-mail-text", args=[round_.pk, kind.value])


def _kind_or_404(kind: str) -> LetterKind:
    if kind not in LetterKind.values:
        raise Http404
    return LetterKind(kind)


def _round_or_404(request: HttpRequest, pk: int) -> Round:
    return get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
