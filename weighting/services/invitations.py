"""The panel of an open round: experts added and removed, and notes to those who score."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from weighting.enums import RoundState
from weighting.exceptions import Refused
from weighting.models import Account, Ballot, Expert, Invitation, Round, RoundNote, Score
from weighting.readers import PanelRow
from weighting.readers.cells import name_key
from weighting.services.addresses import managing_problems
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


def _problems_of(round_: Round, person: PanelRow) -> list[str]:
    """Name everything that keeps one person from being invited."""
    problems = managing_problems(round_, [round_], name=person.name, email=person.email)
    panel = Expert.objects.filter(panel=round_.panel_id)
    same_code = panel.filter(code=person.code).first()
    known = _known_as(person, panel, same_code)
    if same_code and same_code != known:
        problems.append(_taken_code_text(person, same_code))
    if known and same_code != known:
        problems.append(
            _("%(email)s stands on the panel already, as %(name)s with the code %(code)s: use that code.")
            % {"email": person.email, "name": known.name, "code": known.code}
        )
    if known and round_.invitations.filter(expert=known, removed=False).exists():
        problems.append(_("%(name)s is invited already.") % {"name": known.name})
    return problems or _namesake_problems(person, panel)


def _known_as(person: PanelRow, panel: QuerySet[Expert], same_code: Expert | None) -> Expert | None:
    """Return who on the panel somebody is: by the address, or without one by code and name."""
    if person.email:
        return panel.filter(email__iexact=person.email).first()
    is_same = same_code is not None and name_key(same_code.name) == name_key(person.name)
    return same_code if is_same else None


def _taken_code_text(person: PanelRow, other: Expert) -> str:
    if name_key(other.name) == name_key(person.name) and not other.email:
        message = _(
            "The code %(code)s belongs to %(name)s, of whom no e-mail address is known: if it is the same "
            "person, give the address on the page of the panel, else choose another code."
        )
    else:
        message = _("The code %(code)s belongs to %(name)s: choose another.")
    return message % {"code": person.code, "name": other.name}


def _namesake_problems(person: PanelRow, panel: QuerySet[Expert]) -> list[str]:
    """Name those of the same name from whom no address tells somebody."""
    message = _(
        "%(name)s stands on the panel with the code %(code)s, and not both have an e-mail address: if it is "
        "the same person, use that code; if not, write into the name what tells them apart."
    )
    return [
        message % {"name": other.name, "code": other.code}
        for other in panel.exclude(code=person.code).order_by("code")
        if name_key(other.name) == name_key(person.name) and not (other.email and person.email)
    ]


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
