"""The e-mail addresses of experts: corrected before an invitation is used, and given where none was known."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import LetterState, RoundState
from weighting.exceptions import Refused
from weighting.models import Account, Expert, Invitation, Panel, Round
from weighting.selectors.rounds import managers_named, managers_with, rounds_visible_to
from weighting.services.audit import record_act
from weighting.services.panels import lock_panel
from weighting.services.rounds import lock_round

ASKING = [RoundState.DRAFT, RoundState.READY, RoundState.OPEN]


@transaction.atomic
def correct_address(invitation: Invitation, *, email: str, actor: Account) -> Invitation:
    """Correct a mistyped address in an open round, before the invitation is used.

    What went to the earlier address opens nothing from now on, and the expert can be mailed anew.
    """
    # Until the end no worker makes this expert another link: see `hand_over`.
    lock_round(invitation.round, RoundState.OPEN)
    held = Invitation.objects.get(pk=invitation.pk)
    problems = _correction_problems(held, email, actor=actor)
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
def give_addresses(panel: Panel, *, addresses: Mapping[int, str], actor: Account) -> int:
    """Give experts of a panel the addresses that were not known, by their ids; return how many.

    Nothing went astray, so links that were handed out stay. Refused with everything that stands against it.
    """
    panel = lock_panel(panel)
    # None of them opens meanwhile with somebody on the panel who manages it.
    asking = panel.rounds.filter(state__in=ASKING).order_by("pk")
    rounds = list(asking.select_for_update(no_key=True))
    if problems := _shared_problems(panel, actor):
        raise Refused(*problems)
    experts = Expert.objects.filter(panel=panel).in_bulk(addresses)
    given = {experts[pk]: email for pk, email in addresses.items() if pk in experts}
    problems = [*_twice_problems(given)]
    for expert, email in given.items():
        problems += [*_known_problems(expert), *_taken_problems(expert, email)]
        problems += managing_problems(None, rounds, name=expert.name, email=email)
    if problems:
        raise Refused(*problems)
    for expert, email in given.items():
        Expert.objects.filter(pk=expert.pk).update(email=email)
    record_act(actor, "give_addresses", panel, experts=len(given))
    return len(given)


def managing_problems(own: Round | None, rounds: Iterable[Round], *, name: str, email: str) -> list[str]:
    """Name those of the rounds, which ask one panel, that are managed by whoever this is.

    Of whom no address is known only the name can tell.
    """
    if not email:
        named = [_namesake_text(name) for round_ in rounds if managers_named(round_, [name])]
        return named[:1]
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


def _namesake_text(name: str) -> str:
    message = _(
        "A manager of this round is called %(name)s, too: nobody may manage a round and sit on its panel. If "
        "they are two people, give the expert’s e-mail address, or write into the name what tells them apart."
    )
    return message % {"name": name}


def _correction_problems(held: Invitation, email: str, *, actor: Account) -> list[str]:
    """Name everything that keeps an address from being corrected."""
    if held.claim is not None or held.unclaimed_ballot_id is not None or held.removed:
        return [
            _(
                "This invitation was used or taken back: its address stays. Make a link by hand; if somebody "
                "else used it, the expert says so on the page that the link opens."
            )
        ]
    panel = held.expert.panel
    if problems := _shared_problems(panel, actor):
        return problems
    rounds = panel.rounds.filter(state__in=ASKING)
    managing = managing_problems(held.round, rounds, name=held.expert.name, email=email)
    return [*_taken_problems(held.expert, email), *managing]


def _shared_problems(panel: Panel, actor: Account) -> list[str]:
    """Say so where another's round asks the panel: who sets an address receives what is mailed to it."""
    asking = panel.rounds.filter(state__in=ASKING)
    if asking.exclude(pk__in=rounds_visible_to(actor)).exists():
        return [_("Another manager’s round asks the same panel: have an administrator correct the address.")]
    return []


def _taken_problems(expert: Expert, email: str) -> list[str]:
    same = Expert.objects.filter(panel=expert.panel_id, email__iexact=email).exclude(pk=expert.pk)
    return [
        _("%(email)s belongs to %(name)s (%(code)s) on this panel: write the address of %(own)s.")
        % {"email": email, "name": other.name, "code": other.code, "own": expert.name}
        for other in same
    ]


def _known_problems(expert: Expert) -> list[str]:
    if not expert.email:
        return []
    message = _("%(name)s (%(code)s) has an e-mail address by now: correct it on the page of an open round.")
    return [message % {"name": expert.name, "code": expert.code}]


def _twice_problems(given: Mapping[Expert, str]) -> list[str]:
    """Name addresses that two experts would share."""
    owners: dict[str, list[Expert]] = {}
    for expert, email in given.items():
        owners.setdefault(email.casefold(), []).append(expert)
    message = _("%(email)s is given to %(names)s: each expert has an address of their own.")
    return [
        message % {"email": email, "names": _(", ").join(f"{one.name} ({one.code})" for one in experts)}
        for email, experts in owners.items()
        if len(experts) > 1
    ]
