"""Managers of a round do not sit on its panel, by whatever way their address would come there."""

import pytest
from django.db.models import Q

from tests.factories import make_account, make_invitation, make_panel, make_round
from weighting.enums import Role, RoundState
from weighting.exceptions import Refused
from weighting.models import Invitation
from weighting.readers import PanelRow
from weighting.services.addresses import correct_address, give_addresses
from weighting.services.invitations import add_experts
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


def name_on_the_panel(manager):
    """Without an address only the name can tell, however it is written and whatever stands in it unseen."""
    return {"name": "\u200b ".join(manager.get_full_name().upper()), "email": ""}


def declare_ready_without_address(manager):
    panel = make_panel(owner=manager)
    round_ = make_round(manager=manager, panel=panel, state=RoundState.DRAFT)
    panel.experts.filter(code="E001").update(**name_on_the_panel(manager))
    open_round(ready_round(round_, actor=manager), actor=manager)


def open_what_was_ready_without_address(manager):
    panel = make_panel(owner=manager)
    round_ = make_round(manager=manager, panel=panel, state=RoundState.READY)
    panel.experts.filter(code="E001").update(**name_on_the_panel(manager))
    open_round(round_, actor=manager)


def add_without_address(manager):
    fields = {"organisation": "", "sector": "other", "language": "en", **name_on_the_panel(manager)}
    add_experts(make_round(manager=manager), people=[PanelRow(row=1, code="E900", **fields)], actor=manager)


def give_in_the_own_round(manager):
    panel = make_panel(owner=manager)
    panel.experts.filter(code="E001").update(email="")
    make_round(manager=manager, panel=panel)
    give_addresses(panel, addresses={panel.experts.get(email="").pk: manager.email.upper()}, actor=manager)


def give_in_anothers_round(manager):
    panel = make_panel(owner=manager)
    panel.experts.filter(code="E001").update(email="")
    make_round(manager=make_account(), panel=panel)
    make_round(manager=manager, panel=panel)
    administrator = make_account(Role.ADMINISTRATOR)
    given = {panel.experts.get(email="").pk: manager.email.upper()}
    give_addresses(panel, addresses=given, actor=administrator)


WAYS = [
    declare_ready,
    open_what_was_ready,
    add_to_an_open_round,
    correct_in_the_own_round,
    correct_in_anothers_round,
    declare_ready_without_address,
    open_what_was_ready_without_address,
    add_without_address,
    give_in_the_own_round,
    give_in_anothers_round,
]


def is_on_own_panel(manager):
    own = Q(expert__email__iexact=manager.email) | Q(expert__name=name_on_the_panel(manager)["name"])
    return Invitation.objects.filter(own, round__managers=manager, round__state=RoundState.OPEN).exists()


@pytest.fixture
def manager():
    return make_account(first_name="Wei Wang")


@pytest.mark.parametrize("way", WAYS)
def test_a_manager_comes_onto_the_own_panel_by_no_way(way, manager):
    with pytest.raises(Refused, match="nobody may"):
        way(manager)
    assert not is_on_own_panel(manager)


@pytest.mark.parametrize("way", WAYS)
def test_unless_addresses_were_compared_each_way_would_seat_one(way, manager, monkeypatch):
    """The control."""
    for place in ("weighting.selectors.rounds", "weighting.services.addresses"):
        for told in ("managers_with", "managers_named"):
            monkeypatch.setattr(f"{place}.{told}", lambda *_: [])
    way(manager)
    assert is_on_own_panel(manager)


def test_a_manager_without_an_address_is_none_of_the_experts_without_one():
    manager = make_account(first_name="Wei Wang", email="")
    panel = make_panel(owner=manager)
    panel.experts.update(email="")
    assert make_round(manager=manager, panel=panel).state == RoundState.OPEN
