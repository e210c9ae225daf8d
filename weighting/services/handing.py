"""Links that managers hand out themselves: what they paste, and that they did."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import LetterKind, RoundState
from weighting.models import AccessLink, Account, Invitation, Round
from weighting.services.audit import record_act
from weighting.services.mail import texts_of
from weighting.services.rounds import lock_round


@transaction.atomic
def mark_handed(round_: Round, *, invitations: Collection[int], actor: Account) -> None:
    """Note that some experts of an open round, by the ids of their invitations, were given their newest link.

    The mark is the link's: with the link it ends.
    """
    round_ = lock_round(round_, RoundState.OPEN)
    links = AccessLink.objects.filter(revoked=False, handed=False)
    for invitation in round_.invitations.filter(pk__in=invitations, removed=False):
        if links.filter(invitation=invitation).update(handed=True):
            record_act(actor, "hand_link", invitation)


def invitation_to_paste(invitation: Invitation, *, link: str, actor: Account) -> str:
    """Return the text of the round's invitation with an expert's link."""
    [text] = texts_of(LetterKind.INVITATION, [invitation], link=lambda: link, actor=actor)
    return text


def reminders_to_paste(invitations: Iterable[Invitation], *, actor: Account) -> list[str]:
    """Return the text of the round's reminder for each; the link that an expert holds is stored nowhere."""
    return texts_of(LetterKind.REMINDER, invitations, link=_held_link_text, actor=actor)


def _held_link_text() -> str:
    return _("the one that you were given before")
