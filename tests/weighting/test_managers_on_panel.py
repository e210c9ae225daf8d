"""Managers of a round do not sit on its panel, by whatever way their address would come there."""

import pytest

from tests.factories import make_account, make_invitation, make_panel, make_round
from weighting.enums import Role, RoundState
from weighting.exceptions import Refused
from weighting.models import Invitation
from weighting.readers import PanelRow
from weighting.services.invitations import add_experts, correct_address
from weighting.services.rounds import open_round, ready_round

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def declare_ready(manager):
    panel = make_panel(owner=manager)
    round_ = make_round(manager=manager, panel=panel, state=RoundState.DRAFT)
    panel.experts.filter(code="E001").update(email=manager.email.upper())
    open_round(ready_round(round_, actor=manager), actor=manager)


def open_what_was_ready(manager):
    """The panel got another address since."""
    panel = make_panel(owner=manager)
    round_ = make_round(manager=manager, panel=panel, state=RoundState.READY)
    panel.experts.filter(code="E001").update(email=manager.email.upper())
    open_round(round_, actor=manager)


def add_to_an_open_round(manager):
    fields = {"organisation": "", "sector": "other", "language": "en"}
    person = PanelRow(row=1, code="E900", name="New One", email=manager.email.upper(), **fields)
    add_experts(make_round(manager=manager), people=[person], actor=manager)


def correct_in_the_own_round(manager):
    invitation = make_invitation(make_round(manager=manager))
    correct_address(invitation, email=manager.email.upper(), actor=manager)


def correct_in_anothers_round(manager):
    """Two rounds ask one panel; what is corrected in the one holds in the other."""
    round_ = make_round(manager=manager)
    other = make_round(manager=make_account(), panel=round_.panel)
    administrator = make_account(Role.ADMINISTRATOR)
    correct_address(make_invitation(other), email=manager.email.upper(), actor=administrator)


WAYS = [
    declare_ready,
    open_what_was_ready,
    add_to_an_open_round,
    correct_in_the_own_round,
    correct_in_anothers_round,
]


def is_on_own_panel(manager):
    return Invitation.objects.filter(
        round__managers=manager, round__state=RoundState.OPEN, expert__email__iexact=manager.email
    ).exists()


@pytest.mark.parametrize("way", WAYS)
def test_a_manager_comes_onto_the_own_panel_by_no_way(way):
    manager = make_account()
    with pytest.raises(Refused, match="nobody may"):
        way(manager)
    assert not is_on_own_panel(manager)


@pytest.mark.parametrize("way", WAYS)
def test_unless_addresses_were_compared_each_way_would_seat_one(way, monkeypatch):
    """The control."""
    for place in ("weighting.selectors.rounds", "weighting.services.invitations"):
        monkeypatch.setattr(f"{place}.managers_with", lambda *_: [])
    manager = make_account()
    way(manager)
    assert is_on_own_panel(manager)
