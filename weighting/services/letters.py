"""Letters to the experts of a round: written as rows, handed over by workers, each with its outcome.

Nothing here tells anything about other experts.
"""

from collections import defaultdict
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from config.mail import has_mail_server
from weighting.enums import LetterKind, LetterState, RoundState
from weighting.exceptions import NoAddresses, NoMailServer, Refused
from weighting.models import Account, AuditEntry, Invitation, Letter, Round
from weighting.selectors.letters import due_letters
from weighting.selectors.rounds import mailable_in, unsealed_in, without_address
from weighting.services.audit import record_act
from weighting.services.claims import hold_round
from weighting.services.mail import Setback, hand_over
from weighting.services.rounds import lock_round

MOST_REMINDERS = 3
BETWEEN_REMINDERS = timedelta(hours=1)
# A server that is away or busy is asked nine times in about an hour.
MOST_ATTEMPTS = 9
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)
# Longer than a server that answers slowly can hold a worker; after it another may try.
LEASE = timedelta(minutes=5)


def invitations_to_mail(round_: Round) -> QuerySet[Invitation]:
    """Return whom an invitation by mail would go to: those who got none and have not sealed."""
    _check_can_mail(round_)
    under_way = Letter.objects.filter(
        invitation=OuterRef("pk"), kind=LetterKind.INVITATION, state=LetterState.WAITING
    )
    return mailable_in(round_).filter(~Exists(under_way), mailed=False)


def invitations_to_remind(round_: Round) -> QuerySet[Invitation]:
    """Return whom the next reminder would go to; refused when the round has had them all."""
    _check_can_mail(round_)
    if round_.reminders_sent >= MOST_REMINDERS:
        raise Refused(
            _("%(most)d reminders were sent, which is all that a round may send.") % {"most": MOST_REMINDERS}
        )
    lately = AuditEntry.objects.filter(
        act="remind",
        subject_type="round",
        subject_id=str(round_.pk),
        at__gt=timezone.now() - BETWEEN_REMINDERS,
    )
    if lately.exists():
        raise Refused(_("A reminder went out less than an hour ago: wait before the next one."))
    invitations = mailable_in(round_)
    if not invitations.exists() and without_address(unsealed_in(round_)).exists():
        raise NoAddresses
    return invitations


@transaction.atomic
def write_invitations(round_: Round, *, actor: Account) -> list[Letter]:
    """Write the invitation for everybody who got none; one that was refused before is tried anew."""
    _check_can_mail(round_)
    round_ = lock_round(round_, RoundState.OPEN)
    invitations = list(invitations_to_mail(round_))
    Letter.objects.filter(invitation__in=invitations, kind=LetterKind.INVITATION).delete()
    return _write(invitations, LetterKind.INVITATION, number=0, actor=actor)


def write_reminder(round_: Round, *, actor: Account) -> list[Letter]:
    """Write the next reminder for everybody who has not sealed; the round has then had it."""
    return write_reminder_for(round_, actor=actor, signed_by=actor)


@transaction.atomic
def write_reminder_for(round_: Round, *, actor: Account | None, signed_by: Account) -> list[Letter]:
    """Write the next reminder in somebody's name; ``actor`` is None when the clock does it."""
    _check_can_mail(round_)
    round_ = lock_round(round_, RoundState.OPEN)
    invitations = list(invitations_to_remind(round_))
    round_.reminders_sent += 1
    round_.save(update_fields=["reminders_sent"])
    record_act(actor, "remind", round_, number=round_.reminders_sent)
    return _write(invitations, LetterKind.REMINDER, number=round_.reminders_sent, actor=signed_by)


def deliver_letter(letter_id: int) -> bool:
    """Hand a letter that is due to the mail server; False when it was not handed over by this call."""
    letter = _claim(letter_id)
    if letter is None:
        return False
    if not _is_wanted(letter):
        _settle(letter, LetterState.DROPPED)
    elif not has_mail_server():
        _settle(letter, LetterState.NO_SERVER)
    else:
        return _try(letter)
    return False


def give_up_exhausted() -> None:
    """Give up on letters whose last attempt ended with its worker."""
    due_letters().filter(attempts__gte=MOST_ATTEMPTS).update(state=LetterState.GIVEN_UP, due=None)


def _check_can_mail(round_: Round) -> None:
    if round_.state != RoundState.OPEN or round_.deadline <= timezone.now():
        raise Refused(_("Mail goes out only while the round is open."))
    if not has_mail_server():
        raise NoMailServer


def _write(invitations: list[Invitation], kind: LetterKind, *, number: int, actor: Account) -> list[Letter]:
    return Letter.objects.bulk_create(
        Letter(invitation=each, kind=kind, number=number, signed_by=actor, due=Now()) for each in invitations
    )


def _claim(letter_id: int) -> Letter | None:
    """Take a letter that is due for as long as the lease, so that of two workers one sends it."""
    mine = due_letters().filter(pk=letter_id, attempts__lt=MOST_ATTEMPTS)
    if not mine.update(due=Now() + LEASE, attempts=F("attempts") + 1):
        return None
    related = ("invitation__expert", "invitation__round__framework", "signed_by")
    return Letter.objects.select_related(*related).get(pk=letter_id)


def _is_wanted(letter: Letter) -> bool:
    """Tell whether its expert still has something to do."""
    invitation = letter.invitation
    is_open = invitation.round.state == RoundState.OPEN and invitation.round.deadline > timezone.now()
    return is_open and not invitation.sealed and not invitation.removed


def _try(letter: Letter) -> bool:
    try:
        hand_over(letter)
    except Setback as setback:
        _keep_setback(letter, setback)
        return False
    _record_handed(letter)
    return True


def _keep_setback(letter: Letter, setback: Setback) -> None:
    """Keep what the server said; a refusal for good is not tried again."""
    letter.reason = setback.reason
    if setback.for_good:
        _settle(letter, LetterState.REFUSED)
    elif letter.attempts >= MOST_ATTEMPTS:
        _settle(letter, LetterState.GIVEN_UP)
    else:
        letter.due = Now() + _pause_after(letter.attempts)
        letter.save(update_fields=["due", "reason"])
    if setback.is_away:
        _put_off_others(after=letter)


def _pause_after(attempts: int) -> timedelta:
    return min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)


@transaction.atomic
def _put_off_others(*, after: Letter) -> None:
    """Count an attempt for all that are due, which would meet the same silence; each keeps its own pace.

    Each would wait as long as a server may take, and what else workers do, such as closing rounds, for all.
    """
    others: dict[int, list[int]] = defaultdict(list)
    for pk, attempts in due_letters().select_for_update().order_by("pk").values_list("pk", "attempts"):
        others[attempts + 1].append(pk)
    for attempts, letters in others.items():
        due = Now() + _pause_after(attempts)
        Letter.objects.filter(pk__in=letters).update(attempts=attempts, due=due, reason=after.reason)


@transaction.atomic
def _record_handed(letter: Letter) -> None:
    hold_round(letter.invitation.round_id)
    letter.reason = ""
    _settle(letter, LetterState.HANDED)
    invitation = Invitation.objects.filter(pk=letter.invitation_id)
    invitation.update(mailed=True)
    if letter.kind == LetterKind.REMINDER:
        invitation.update(reminders_sent=letter.number)
    record_act(letter.signed_by, f"mail_{letter.kind}", letter.invitation)


def _settle(letter: Letter, state: LetterState) -> None:
    """Record what became of a letter for good."""
    letter.state, letter.due = state, None
    letter.save(update_fields=["state", "due", "reason"])
