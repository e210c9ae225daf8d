"""Reminders that the clock writes: each once, to those who have not sealed, by the database's time."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from config.mail import NO_SERVER
from tests.factories import claim_of, fill_ballot, make_round
from weighting.enums import PlanState, RoundState
from weighting.exceptions import Refused
from weighting.models import AuditEntry, Letter, PlannedReminder, Round
from weighting.selectors.letters import due_reminders
from weighting.services.ballots import seal_ballot
from weighting.services.letters import write_reminder
from weighting.services.reminders import cancel_reminder, plan_reminder, write_planned_reminder
from weighting.services.rounds import close_round, extend_deadline
from weighting.tasks import mail_letter, write_due_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]


@pytest.fixture
def round_(manager):
    """A week before its deadline; two of five have sealed."""
    return make_round(manager=manager, sealed=2)


@pytest.fixture(autouse=True)
def _sent_at_once(monkeypatch):
    monkeypatch.setattr(mail_letter, "delay", mail_letter)


def come_to(round_, *, hours):
    """Let the deadline be so many hours away."""
    Round.objects.filter(pk=round_.pk).update(deadline=timezone.now() + timedelta(hours=hours))


def states():
    return list(PlannedReminder.objects.values_list("state", flat=True))


@pytest.mark.postgres
def test_a_reminder_goes_out_at_its_hour_once_and_to_the_unsealed_alone(round_, manager):
    plan_reminder(round_, hours=48, actor=manager)
    write_due_reminders()
    assert mail.outbox == []

    come_to(round_, hours=47)
    write_due_reminders()
    write_due_reminders()

    sealed = round_.invitations.filter(sealed=True).values_list("expert__email", flat=True)
    told = [message.to[0] for message in mail.outbox]
    assert len(told) == len(set(told)) == 3
    assert not set(told) & set(sealed)
    assert states() == [PlanState.WRITTEN]
    assert Round.objects.get().reminders_sent == 1
    assert {message.reply_to[0] for message in mail.outbox} == {manager.email}
    assert AuditEntry.objects.get(act="remind").actor is None


@pytest.mark.postgres
def test_two_workers_at_once_write_it_once(round_, manager):
    """The second still holds what it read before the first was done; the control is a mark taken away."""
    plan = plan_reminder(round_, hours=48, actor=manager)
    come_to(round_, hours=2)
    assert len(write_planned_reminder(plan)) == 3
    assert write_planned_reminder(plan) == []

    PlannedReminder.objects.update(state=PlanState.PLANNED)
    assert write_planned_reminder(plan) == []
    assert states() == [PlanState.PASSED_OVER]
    assert Letter.objects.count() == 3


@pytest.mark.postgres
def test_it_goes_by_the_databases_clock(round_, manager, monkeypatch):
    plan_reminder(round_, hours=48, actor=manager)
    right = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(days=6))
    assert not due_reminders().exists()
    monkeypatch.setattr(timezone, "now", lambda: right() - timedelta(days=6))
    Round.objects.update(deadline=right() + timedelta(hours=3))
    assert due_reminders().exists()


def test_whoever_seals_before_the_letter_is_sent_gets_none(round_, manager, monkeypatch):
    plan = plan_reminder(round_, hours=48, actor=manager)
    come_to(round_, hours=2)
    letters = write_planned_reminder(plan)
    invitation = letters[0].invitation
    fill_ballot(invitation)
    seal_ballot(claim_of(invitation))
    for letter in letters:
        mail_letter(letter.pk)

    assert len(mail.outbox) == 2


def test_of_two_within_the_hour_the_second_is_passed_over(round_, manager):
    for hours in (48, 72):
        plan_reminder(round_, hours=hours, actor=manager)
    come_to(round_, hours=2)
    write_due_reminders()

    assert states() == [PlanState.WRITTEN, PlanState.PASSED_OVER]
    assert len(mail.outbox) == 3


def test_without_a_server_it_says_so_and_is_not_sent_later(round_, manager, settings):
    plan_reminder(round_, hours=48, actor=manager)
    come_to(round_, hours=2)
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, NO_SERVER
    write_due_reminders()
    assert states() == [PlanState.NO_SERVER]
    settings.EMAIL_BACKEND = backend
    write_due_reminders()
    assert mail.outbox == []


def test_nothing_is_sent_once_the_round_is_over(round_, manager):
    plan = plan_reminder(round_, hours=48, actor=manager)
    come_to(round_, hours=-1)
    write_due_reminders()
    close_round(round_, actor=manager)
    write_due_reminders()
    assert write_planned_reminder(plan) == []
    assert states() == [PlanState.PLANNED]
    assert mail.outbox == []


def test_what_is_planned_moves_with_the_deadline(round_, manager):
    plan = plan_reminder(round_, hours=48, actor=manager)
    come_to(round_, hours=49)
    later = timezone.now() + timedelta(hours=100)
    extend_deadline(round_, deadline=later, actor=manager)
    assert Round.objects.get().deadline - plan.before == later - timedelta(hours=48)
    assert not due_reminders().exists()


def test_what_cannot_be_planned_is_refused_with_the_remedy(round_, manager):
    with pytest.raises(Refused, match="choose fewer hours"):
        plan_reminder(round_, hours=24 * 8, actor=manager)
    plan_reminder(round_, hours=48, actor=manager)
    with pytest.raises(Refused, match="choose another"):
        plan_reminder(round_, hours=48, actor=manager)
    write_reminder(round_, actor=manager)
    plan_reminder(round_, hours=24, actor=manager)
    with pytest.raises(Refused, match="3 reminders"):
        plan_reminder(round_, hours=12, actor=manager)
    draft = make_round(manager=manager, state=RoundState.DRAFT)
    with pytest.raises(Refused):
        plan_reminder(draft, hours=48, actor=manager)


def test_the_page_plans_shows_and_cancels(client, round_, manager):
    address = reverse("weighting:round-reminders", args=[round_.pk])
    assert client.post(address, {"hours": 0}).status_code == 422
    assert client.post(address, {"hours": 10**9}).status_code == 422
    assert "choose fewer hours" in client.post(address, {"hours": 500}).text
    planned = client.post(address, {"hours": 48}, follow=True)
    assert "48 hours before the deadline" in planned.text
    plan = PlannedReminder.objects.get()
    cancel = reverse("weighting:round-reminder-cancel", args=[round_.pk, plan.pk])
    assert cancel in planned.text
    assert client.post(cancel, follow=True).status_code == 200
    assert not PlannedReminder.objects.exists()
    assert client.post(cancel).status_code == 404
    acts = AuditEntry.objects.filter(act__in=["plan_reminder", "cancel_reminder"])
    assert [entry.detail for entry in acts] == [{"hours": 48}] * 2


def test_what_was_written_can_no_longer_be_cancelled(client, round_, manager):
    plan = plan_reminder(round_, hours=48, actor=manager)
    come_to(round_, hours=2)
    write_due_reminders()
    with pytest.raises(Refused, match="can no longer be cancelled"):
        cancel_reminder(plan, actor=manager)
    shown = client.get(reverse("weighting:round-reminders", args=[round_.pk])).text
    assert "written: the table of experts says" in shown


def test_the_reminders_of_another_are_not_found(client, manager):
    other = make_round()
    plan = plan_reminder(other, hours=48, actor=other.managers.get())
    for name, arguments in (("round-reminders", [other.pk]), ("round-reminder-cancel", [other.pk, plan.pk])):
        assert client.post(reverse(f"weighting:{name}", args=arguments)).status_code == 404
    assert states() == [PlanState.PLANNED]
