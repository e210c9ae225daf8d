"""The panel of an open round: experts added and removed, and notes to those who score."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import LetterState, RoundState
from weighting.exceptions import Refused
from weighting.models import Account, Ballot, Expert, Invitation, Round, RoundNote, Score
from weighting.readers import PanelRow
from weighting.selectors.rounds import managers_with, rounds_visible_to
from weighting.services.audit import record_act
from weighting.services.marks import mark_participation
from weighting.services.panels import expert_of
from weighting.services.rounds import lock_round


@transaction.atomic
def add_experts(round_: Round, *, people: Sequence[PanelRow], actor: Account) -> list[Invitation]:
    """Invite more people to an open round, putting those who are new on its panel.

    A person who was removed is invited again. Refused with everything that stands against it.
    """
    round_ = lock_round(round_, RoundState.OPEN)
    problems = [problem for person in people for problem in _problems_of(round_, person)]
    if problems:
        raise Refused(*problems)
    return [_invite(round_, person, actor=actor) for person in people]


@transaction.atomic
def remove_expert(invitation: Invitation, *, actor: Account) -> Invitation:
    """Take an expert who has not sealed off an open round: links stop working, no answer is counted.

    Which ballot is theirs nobody can tell. One that was begun stays, out of reach and unsealed, until
    the close deletes it; one that is sealed could not be taken out of the count, so this is refused.
    """
    lock_round(invitation.round, RoundState.OPEN)
    held = Invitation.objects.get(pk=invitation.pk)
    if held.removed:
        raise Refused(_("This expert was removed already."))
    if held.sealed and held.unclaimed_ballot_id is None:
        raise Refused(
            _(
                "This expert has sealed, and nobody can tell which ballot is theirs: it cannot be taken out. "
                "They can withdraw it themselves until the close; otherwise void the round."
            )
        )
    _delete_unclaimed(held)
    mark_participation(
        held, removed=True, started=False, sealed=False, consented=False, conflict="", claim=None
    )
    held.access_links.update(revoked=True)
    record_act(actor, "remove_expert", held)
    return held


@transaction.atomic
def correct_address(invitation: Invitation, *, email: str, actor: Account) -> Invitation:
    """Correct a mistyped address in an open round, before the invitation is used.

    What went to the earlier address opens nothing from now on, and the expert can be mailed anew.
    """
    # Until the end no worker makes this expert another link: see `hand_over`.
    lock_round(invitation.round, RoundState.OPEN)
    held = Invitation.objects.get(pk=invitation.pk)
    problems = _address_problems(held, email, actor=actor)
    if problems:
        raise Refused(*problems)
    Expert.objects.filter(pk=held.expert_id).update(email=email)
    held.access_links.update(revoked=True)
    held.letters.exclude(state=LetterState.WAITING).update(state=LetterState.ASTRAY)
    held.mailed = False
    held.save(update_fields=["mailed"])
    record_act(actor, "correct_address", held)
    return held


@transaction.atomic
def add_note(round_: Round, *, text_zh: str, text_en: str, actor: Account) -> RoundNote:
    """Explain something to the panel of an open round; what was asked stays as it is."""
    round_ = lock_round(round_, RoundState.OPEN)
    note = RoundNote(round=round_, text_zh=text_zh, text_en=text_en, created_by=actor)
    note.full_clean()
    note.save()
    record_act(actor, "note", round_, note=note.pk)
    return note


def _delete_unclaimed(held: Invitation) -> None:
    """Delete a ballot from before there were claims, which its invitation still knows."""
    ballots = Ballot.objects.filter(pk__in=filter(None, [held.unclaimed_ballot_id]))
    Score.objects.filter(ballot__in=ballots).delete()
    ballots.delete()


def _address_problems(held: Invitation, email: str, *, actor: Account) -> list[str]:
    """Name everything that keeps an address from being corrected."""
    if held.claim is not None or held.unclaimed_ballot_id is not None or held.removed:
        return [
            _(
                "This invitation was used or taken back: its address stays. Make a link by hand; if somebody "
                "else used it, the expert says so on the page that the link opens."
            )
        ]
    panel = held.expert.panel
    rounds = panel.rounds.filter(state__in=[RoundState.DRAFT, RoundState.READY, RoundState.OPEN])
    if rounds.exclude(pk__in=rounds_visible_to(actor)).exists():
        return [_("Another manager’s round asks the same panel: have an administrator correct the address.")]
    return [*_taken_problems(held, email), *_managing_problems(held.round, rounds, email)]


def _taken_problems(held: Invitation, email: str) -> list[str]:
    same = Expert.objects.filter(panel=held.expert.panel_id, email__iexact=email).exclude(pk=held.expert_id)
    return [
        _("%(email)s belongs to %(name)s (%(code)s) on this panel: write the address of %(own)s.")
        % {"email": email, "name": other.name, "code": other.code, "own": held.expert.name}
        for other in same
    ]


def _managing_problems(own: Round, rounds: Iterable[Round], email: str) -> list[str]:
    """Name those of the rounds, which ask one panel, that are managed by whoever has the address."""
    elsewhere = _(
        "%(email)s manages “%(round)s”, which asks the same panel: nobody may manage a round and sit "
        "on its panel."
    )
    return [
        _manages_text(email) if round_ == own else elsewhere % {"email": email, "round": round_}
        for round_ in rounds
        if managers_with(round_, [email])
    ]


def _manages_text(email: str) -> str:
    message = _("%(email)s manages this round: nobody may manage a round and sit on its panel.")
    return message % {"email": email}


def _problems_of(round_: Round, person: PanelRow) -> list[str]:
    """Name everything that keeps one person from being invited."""
    problems = _managing_problems(round_, [round_], person.email)
    same_code = Expert.objects.filter(panel=round_.panel_id, code=person.code).first()
    same_email = Expert.objects.filter(panel=round_.panel_id, email__iexact=person.email).first()
    if same_code and same_code != same_email:
        problems.append(
            _("The code %(code)s belongs to %(name)s: choose another.")
            % {"code": person.code, "name": same_code.name}
        )
    if same_email and same_code != same_email:
        problems.append(
            _("%(email)s stands on the panel already, as %(name)s with the code %(code)s: use that code.")
            % {"email": person.email, "name": same_email.name, "code": same_email.code}
        )
    if same_email and round_.invitations.filter(expert=same_email, removed=False).exists():
        problems.append(_("%(name)s is invited already.") % {"name": same_email.name})
    return problems


def _invite(round_: Round, person: PanelRow, *, actor: Account) -> Invitation:
    expert = Expert.objects.filter(panel=round_.panel_id, code=person.code).first()
    if expert is None:
        expert = expert_of(round_.panel, person)
        expert.full_clean()
        expert.save()
    invitation, made = Invitation.objects.get_or_create(round=round_, expert=expert)
    if not made:
        invitation.removed = invitation.mailed = False
        invitation.save(update_fields=["removed", "mailed"])
    record_act(actor, "add_expert", invitation)
    return invitation
