"""Ballots on spreadsheets and paper: taking in the form of a round (`weighting/services/sheet_form.py`)."""

import secrets
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import Medium, Rule
from weighting.exceptions import AlreadyClaimed, Refused
from weighting.models import Account, Ballot, Invitation, Round
from weighting.readers import Answers, SheetTerms, read_sheet_ballot, read_sheet_ballots
from weighting.selectors.claims import SECRET_BYTES, Claim
from weighting.selectors.rounds import enterable_in, items_of
from weighting.services.audit import record_act
from weighting.services.ballots import save_scores, seal_ballot
from weighting.services.claims import claim_ballot

CLIENT = "sheet"


def import_sheet(invitation: Invitation, *, source: bytes, filename: str, actor: Account) -> Ballot:
    """Enter and seal one expert's filled-in form; the ballot carries its receipt and nonce.

    Raises `FileProblems` with every problem of the file, and `Refused` where the expert has
    begun: what somebody said themselves is never replaced.
    """
    answers = read_sheet_ballot(source, filename, terms_of(invitation.round))
    # Nobody waits for SQLite's lock while the file is read.
    with transaction.atomic():
        ballot = _enter(invitation, answers)
        record_act(actor, "import_sheet", invitation)
        return ballot


def import_sheets(
    round_: Round, *, source: bytes, filename: str, actor: Account
) -> list[tuple[Invitation, Ballot]]:
    """Enter and seal the forms of several experts, a column each under the expert's code; all or none.

    They are entered in an order of chance and noted in that of the file, since PostgreSQL numbers what a
    transaction writes. Raises as `import_sheet` does.
    """
    waiting = {one.expert.code: one for one in enterable_in(round_)}
    answers = read_sheet_ballots(source, filename, terms_of(round_), list(waiting))
    with transaction.atomic():
        ballots = {code: _enter(waiting[code], answers[code]) for code in in_an_order_of_chance(answers)}
        for code in answers:
            record_act(actor, "import_sheet", waiting[code])
    return [(waiting[code], ballots[code]) for code in answers]


def in_an_order_of_chance(codes: Collection[str]) -> list[str]:
    """Return the codes in an order that tells nothing."""
    return secrets.SystemRandom().sample(list(codes), len(codes))


def _enter(invitation: Invitation, answers: Answers) -> Ballot:
    # Nobody keeps this secret: the ballot stands as it was entered.
    claim = Claim(invitation, secrets.token_hex(SECRET_BYTES))
    try:
        claim_ballot(claim)
    except AlreadyClaimed:
        expert = f"{invitation.expert.name} ({invitation.expert.code})"
        raise Refused(
            _("%(expert)s has begun already: a form never replaces what somebody said themselves.")
            % {"expert": expert}
        ) from None
    save_scores(claim, answers=answers, client=CLIENT)
    ballot = seal_ballot(claim)
    ballot.medium = Medium.SHEET
    ballot.save(update_fields=["medium"])
    return ballot


def terms_of(round_: Round) -> SheetTerms:
    """Return what a form of the round must fit."""
    return SheetTerms(
        questionnaire=round_.questionnaire_hash,
        codes=[item.code for item in items_of(round_)],
        may_abstain=round_.rule == Rule.NORMALISED_MEAN,
    )
