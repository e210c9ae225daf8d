"""What the mails of a round say: the manager's own text, or else the default one."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from weighting.enums import Feedback, Language, LetterKind, RoundState
from weighting.models import Account, LetterText, Round
from weighting.placeholders import IN_BODY
from weighting.services.audit import record_act
from weighting.services.rounds import lock_round

TEMPLATES = {
    LetterKind.INVITATION: "weighting/mail/invitation.txt",
    LetterKind.REMINDER: "weighting/mail/reminder.txt",
}
SUBJECTS: dict[LetterKind, Promise] = {
    LetterKind.INVITATION: gettext_lazy("Your scores are asked for: %(title)s"),
    LetterKind.REMINDER: gettext_lazy("Still open: %(title)s"),
}


@dataclass(frozen=True)
class Words:
    """Subject and body of a mail, with or without places to fill."""

    subject: str
    body: str


def languages_of(round_: Round) -> list[Language]:
    """Return the languages that the mails of a round may be in: those it is offered in, or all."""
    return [Language(each) for each in round_.languages or Language.values]


def words_of(round_: Round, kind: LetterKind, language: str) -> Words:
    """Return what the mails of a round say in a language, with places to fill."""
    own = round_.letter_texts.filter(kind=kind, language=language).first()
    return Words(own.subject, own.body) if own else default_words(round_, kind, language)


def default_words(round_: Round, kind: LetterKind, language: str) -> Words:
    """Return the text of a round that wrote none, with places to fill."""
    places = {name: f"{{{name}}}" for name in IN_BODY}
    places["title"] = places["round"]
    with translation.override(language):
        body = render_to_string(TEMPLATES[kind], {**places, "keeps_link": round_.feedback == Feedback.OWN})
        return Words(str(SUBJECTS[kind]) % places, body.strip())


@transaction.atomic
def write_words(
    round_: Round, *, kind: LetterKind, words: Mapping[Language, Words | None], actor: Account
) -> None:
    """Keep what the mails sent from now on say, by language; None is the default text."""
    round_ = lock_round(round_, RoundState.OPEN, RoundState.DRAFT, RoundState.READY)
    for language, said in words.items():
        round_.letter_texts.filter(kind=kind, language=language).delete()
        if said is not None:
            text = LetterText(
                round=round_, kind=kind, language=language, subject=said.subject, body=said.body
            )
            text.full_clean()
            text.save()
    record_act(actor, f"write_{kind}", round_, languages=[key for key, said in words.items() if said])
