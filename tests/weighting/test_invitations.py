import re

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from tests.factories import (
    claim_of,
    fill_ballot,
    make_framework,
    make_panel,
    make_round,
)
from weighting.dispatch import queue_invitations, queue_reminders
from weighting.enums import LetterState, RoundState
from weighting.exceptions import Refused
from weighting.models import AccessLink, AuditEntry, Ballot, Expert, Invitation, Round
from weighting.readers import PanelRow
from weighting.selectors.access import find_link
from weighting.selectors.claims import find_claimed
from weighting.selectors.rounds import participation_of
from weighting.services.access import issue_invitation_link
from weighting.services.ballots import save_score, seal_ballot
from weighting.services.codes import normalise_code
from weighting.services.invitations import add_experts, add_note, remove_expert
from weighting.services.letters import write_invitations, write_reminder
from weighting.services.rounds import close_round
from weighting.tasks import mail_letter, sweep_letters

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]
LINK = re.compile(r"/in/([\w-]+)/")


@pytest.fixture
def round_(manager):
    return make_round(manager=manager, sealed=2)


def person(code="E900", email="new@panel.example", **fields):
    given = {"name": "New One", "organisation": "", "sector": "other", "language": "en", **fields}
    return PanelRow(row=1, code=code, email=email, **given)


def url(name, invitation):
    return reverse(f"weighting:invitation-{name}", args=[invitation.round_id, invitation.pk])


def page(name, round_):
    return reverse(f"weighting:round-{name}", args=[round_.pk])


# --- adding and removing


@pytest.mark.postgres
def test_an_expert_is_added_to_an_open_round_and_its_panel(round_, manager):
    (invitation,) = add_experts(round_, people=[person()], actor=manager)

    assert invitation.expert.panel == round_.panel
    assert participation_of(round_).invited == 6
    entry = AuditEntry.objects.get(act="add_expert")
    assert (entry.subject_id, entry.actor, entry.detail) == (str(invitation.pk), manager, {})


def test_everything_against_new_experts_is_said_at_once(round_, manager):
    taken = round_.panel.experts.get(code="E001")
    people = [
        person(code="E001"),
        person(email=taken.email.upper()),
        person(email=manager.email),
        person(code="E001", email=taken.email),
    ]
    with pytest.raises(Refused) as refusal:
        add_experts(round_, people=people, actor=manager)

    words = "\n".join(refusal.value.blockers)
    for said in ("E001 belongs to", "stands on the panel already", "manages this round", "invited already"):
        assert said in words
    assert Expert.objects.count() == 5


@pytest.mark.postgres
def test_a_removed_expert_leaves_nothing_that_counts(round_, manager):
    invitation = round_.invitations.get(expert__code="E003")
    token, claim = issue_invitation_link(invitation), claim_of(invitation)
    save_score(claim, code="infra", value=1, seen_revision=0, client="x")

    remove_expert(invitation, actor=manager)

    assert find_link(token) is None
    assert find_claimed(claim.secret) is None
    with pytest.raises(Refused):
        seal_ballot(claim)
    participation = participation_of(round_)
    assert (participation.invited, participation.started, participation.sealed) == (4, 2, 2)
    closed = close_round(round_, actor=manager)
    assert (closed.invited_count, closed.sealed_count) == (4, 2)
    assert Ballot.objects.filter(round=round_).count() == 2
    assert AuditEntry.objects.get(act="remove_expert").detail == {}


def test_an_expert_who_has_sealed_can_no_longer_be_removed(round_, manager):
    """Nobody can tell which ballot to take out: to remove the person and count the ballot would be a lie."""
    invitation = round_.invitations.get(expert__code="E001")

    with pytest.raises(Refused, match="nobody can tell which ballot"):
        remove_expert(invitation, actor=manager)

    assert not Invitation.objects.get(pk=invitation.pk).removed


def test_a_removed_expert_may_be_invited_again_and_begins_anew(round_, manager):
    invitation = round_.invitations.get(expert__code="E003")
    claim_of(invitation)
    remove_expert(invitation, actor=manager)
    with pytest.raises(Refused, match="removed already"):
        remove_expert(invitation, actor=manager)

    again = person(code="E003", email=invitation.expert.email)
    (returned,) = add_experts(round_, people=[again], actor=manager)

    assert returned == invitation
    assert (returned.removed, returned.started, returned.sealed) == (False, False, False)


@pytest.mark.parametrize("state", [RoundState.READY, RoundState.CLOSED])
def test_a_panel_changes_only_while_the_round_is_open(manager, state):
    round_ = make_round(manager=manager, state=state)
    for act in (
        lambda: add_experts(round_, people=[person()], actor=manager),
        lambda: add_note(round_, text_zh="注", text_en="Note", actor=manager),
    ):
        with pytest.raises(Refused):
            act()
    assert Expert.objects.count() == 5


def test_the_pages_add_remove_revoke_and_note(client, round_):
    fields = {"code": "E900", "name": "New", "email": "n@p.example", "sector": "other", "language": "en"}
    address = page("expert-add", round_)
    assert client.post(address, {**fields, "code": "E001"}).status_code == 422
    added = client.post(address, fields)
    invitation = round_.invitations.get(expert__code="E900")
    assert added.url == url("detail", invitation)
    token = issue_invitation_link(invitation)

    assert "stops working" in client.get(url("revoke", invitation)).text
    assert find_link(token)
    client.post(url("revoke", invitation))
    assert find_link(token) is None

    assert "deleted" in client.get(url("remove", invitation)).text
    client.post(url("remove", invitation))
    assert "removed" in client.get(page("detail", round_)).text
    assert "invite them again" in client.get(url("detail", invitation)).text
    assert client.post(url("link", invitation)).status_code == 409

    assert client.post(page("notes", round_), {"text_zh": " "}).status_code == 422
    client.post(page("notes", round_), {"text_zh": "注一", "text_en": "Item 3 means lines, not users."})
    notes = client.get(page("notes", round_)).text
    assert "Item 3 means lines" in notes


def test_the_page_of_an_expert_tells_nothing_of_the_scores(client, manager):
    """Two rounds with the same completion and other scores show the same page to the byte."""
    framework, panel = make_framework(owner=manager), make_panel(owner=manager)

    def page_of(score):
        round_ = make_round(
            manager=manager, framework=framework, panel=panel, sealed=3, scores=lambda *_: score
        )
        text = client.get(url("detail", round_.invitations.first())).text
        text = re.sub(r'csrfmiddlewaretoken" value="\w+|X-CSRFToken[^}]*', "", text)
        return re.sub(r"/rounds/\d+/(invitations/\d+/)?", "", text)

    assert page_of(1) == page_of(5)


# --- the printable sheet


def test_the_sheet_holds_links_codes_and_pictures_that_open_the_right_ballots(client, round_):
    answer = client.post(page("links", round_))

    codes = re.findall(r'short-code">([\w-]+)<', answer.text)
    tokens = LINK.findall(answer.text.replace("/in/code/", ""))
    assert len(codes) == len(tokens) == answer.text.count("<svg") - answer.text.count("sprite") == 3
    for code, token in zip(codes, tokens, strict=True):
        assert find_link(normalise_code(code.lower())).invitation == find_link(token).invitation
    stored = "".join(AccessLink.objects.values_list("token_hash", flat=True))
    assert not any(normalise_code(code) in stored for code in codes)
    assert "no-store" in answer["Cache-Control"]
    assert " style=" not in answer.text


def test_new_links_for_all_are_made_after_a_word_once_some_are_out(client, round_):
    assert "Make links for all who have not sealed" in client.get(page("detail", round_)).text
    issue_invitation_link(round_.invitations.filter(sealed=False).first())
    assert "2 experts have no personal link yet" in client.get(page("detail", round_)).text
    client.post(page("links", round_))
    count = AccessLink.objects.filter(revoked=False).count()
    later = client.get(page("detail", round_))
    assert f'action="{page("links", round_)}"' not in later.text
    assert page("links", round_) in later.text
    assert "printed and mailed ones too" in client.get(page("links", round_)).text
    assert AccessLink.objects.filter(revoked=False).count() == count


def test_while_letters_wait_the_round_offers_no_sheet_that_would_revoke_them(client, round_, manager):
    """A letter has no link before it is sent; the control is the round before any letter."""
    assert client.get(page("detail", round_)).context["act"].url == page("links", round_)
    letters = write_invitations(round_, actor=manager)
    waiting = client.get(page("detail", round_))
    assert "3 experts get a link by a mail that waits to be sent." in waiting.text
    assert f'action="{page("links", round_)}"' not in waiting.text

    mail_letter(letters[0].pk)
    assert "2 experts get a link by a mail" in client.get(page("detail", round_)).text
    for letter in letters[1:]:
        mail_letter(letter.pk)
    assert client.get(page("detail", round_)).context["act"].url == page("remind", round_)


def test_the_sheet_speaks_the_language_of_each_expert(client, round_):
    Expert.objects.update(language="zh-hans")
    assert client.post(page("links", round_)).text.count("请勿转交他人") == 3


# --- mail


@pytest.fixture
def sent_at_once(monkeypatch):
    """Tasks run in place, and what they were given is kept."""
    payloads = []

    def run(_task, arguments, **_options):
        payloads.extend(arguments)
        mail_letter(*arguments)

    monkeypatch.setattr("celery.Task.apply_async", run)
    return payloads


def write_to(invitation, manager):
    """Write the invitation, and return what comes of delivering that of one expert."""
    letters = write_invitations(invitation.round, actor=manager)
    return mail_letter(next(each.pk for each in letters if each.invitation_id == invitation.pk))


def test_invitations_go_to_each_who_got_none_in_their_language(round_, manager, sent_at_once):
    round_.panel.experts.filter(code="E004").update(language="en", name="Ann")
    round_.panel.experts.filter(code="E005").update(language="zh-hans", name="安")

    assert queue_invitations(round_, actor=manager) == 3
    assert queue_invitations(round_, actor=manager) == 0

    mails = {message.to[0]: message for message in mail.outbox}
    assert len(mails) == 3
    english = next(m for m in mail.outbox if "Dear Ann," in m.body)
    assert english.subject == "Your scores are asked for: First round"
    assert "Asia/Shanghai, UTC+08:00" in english.body
    assert english.reply_to == [manager.email]
    token = LINK.search(english.body)[1]
    assert find_link(token).invitation.expert.code == "E004"
    chinese = next(m for m in mail.outbox if "第一轮" in m.subject)
    assert "第一轮" in chinese.body
    assert AuditEntry.objects.filter(act="mail_invitation").count() == 3
    assert len(sent_at_once) == 3
    assert all(isinstance(value, int) for value in sent_at_once)


def test_a_round_in_one_language_writes_in_it(manager, sent_at_once):
    round_ = make_round(manager=manager)
    Round.objects.update(languages=["en"])
    round_.refresh_from_db()
    queue_invitations(round_, actor=manager)

    assert {message.subject for message in mail.outbox} == {"Your scores are asked for: First round"}


def test_reminders_go_to_those_who_have_not_sealed_three_times_and_no_more(round_, manager, sent_at_once):
    waiting = round_.invitations.get(expert__code="E003")
    fill_ballot(waiting)
    for number in (1, 2, 3):
        assert queue_reminders(round_, actor=manager) == 3
        round_.refresh_from_db()
        assert round_.reminders_sent == number
        with pytest.raises(Refused, match="less than an hour" if number < 3 else "3 reminders"):
            queue_reminders(round_, actor=manager)
        _let_an_hour_pass()

    assert len(mail.outbox) == 9
    sealed = round_.invitations.filter(sealed=True).values_list("expert__email", flat=True)
    assert not {message.to[0] for message in mail.outbox} & set(sealed)


def _let_an_hour_pass():
    """The log is append-only: the test takes its guard away."""
    from weighting.immutability import drop_triggers, install_triggers

    drop_triggers("default")
    AuditEntry.objects.update(at=timezone.now() - timezone.timedelta(hours=2))
    install_triggers("default")


def test_a_reminder_is_the_same_whatever_others_did(manager, sent_at_once):
    """No count of others: with none and with three sealed ballots the mails differ by the link alone."""
    bodies = []
    panel, framework = make_panel(owner=manager), make_framework(owner=manager)
    deadline = timezone.now() + timezone.timedelta(days=5)
    for sealed in (0, 3):
        round_ = make_round(
            manager=manager, panel=panel, framework=framework, sealed=sealed, deadline=deadline
        )
        queue_reminders(round_, actor=manager)
        last = next(m for m in reversed(mail.outbox) if m.to[0].startswith("expert-5@"))
        bodies.append((last.subject, LINK.sub("", last.body)))

    assert bodies[0] == bodies[1]


def test_delivered_twice_a_task_sends_once(round_, manager):
    letters = [*write_invitations(round_, actor=manager), *write_reminder(round_, actor=manager)]

    for letter in letters:
        assert [mail_letter(letter.pk) for _ in range(2)] == [True, False]
    assert len(mail.outbox) == 6


@pytest.mark.parametrize("change", ["seal", "remove", "close"])
def test_a_task_that_comes_too_late_sends_nothing(round_, manager, change):
    invitation = round_.invitations.get(expert__code="E005")
    letters = [*write_invitations(round_, actor=manager), *write_reminder(round_, actor=manager)]
    if change == "seal":
        fill_ballot(invitation)
        seal_ballot(claim_of(invitation))
    elif change == "remove":
        remove_expert(invitation, actor=manager)
    else:
        close_round(round_, actor=manager)

    for letter in letters:
        if letter.invitation_id == invitation.pk:
            assert not mail_letter(letter.pk)
    assert mail.outbox == []
    assert {letter.state for letter in invitation.letters.all()} == {LetterState.DROPPED}


def test_a_title_with_a_line_break_makes_no_header(round_, manager):
    Round.objects.update(title_zh="甲\nBcc: all@x.example", title_en="A\r\nBcc: all@x.example")
    write_to(round_.invitations.get(expert__code="E005"), manager)

    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].recipients() == mail.outbox[0].to


def test_without_a_broker_letters_wait_for_the_clock(client, round_, monkeypatch):
    """The control is the list of letters to send: without it nothing would be sent."""
    answer = client.post(page("remind", round_), follow=True)

    assert "3 mails wait to be sent" in answer.text
    assert answer.text.count("waiting to be sent") == 3
    assert mail.outbox == []
    monkeypatch.setattr(mail_letter, "delay", mail_letter)
    sweep_letters()
    assert len(mail.outbox) == 3
    sweep_letters()
    assert len(mail.outbox) == 3


def test_the_pages_say_how_many_get_a_mail_and_send(client, round_, sent_at_once):
    assert "3 experts get a mail" in client.get(page("mail", round_)).text
    assert mail.outbox == []
    client.post(page("mail", round_))
    assert len(mail.outbox) == 3
    assert "3 experts get a mail" in client.get(page("remind", round_)).text
    client.post(page("remind", round_))
    assert len(mail.outbox) == 6
    assert client.post(page("remind", round_)).status_code == 409


def test_no_mail_outside_an_open_round(client, manager):
    round_ = make_round(manager=manager, state=RoundState.CLOSED)
    for name in ("mail", "remind"):
        assert client.get(page(name, round_)).status_code == 409
        assert client.post(page(name, round_)).status_code == 409


@pytest.mark.parametrize("name", ["detail", "revoke", "remove", "sheet", "link"])
def test_an_expert_of_somebody_elses_round_is_not_found(client, manager, name):
    invitation = make_round().invitations.first()
    assert client.post(url(name, invitation)).status_code in (404, 405)
    if name != "link":
        assert client.get(url(name, invitation)).status_code == 404
    assert not Invitation.objects.filter(removed=True).exists()


@pytest.mark.parametrize("name", ["expert-add", "notes", "mail", "remind"])
def test_an_act_on_somebody_elses_round_is_not_found(client, manager, name):
    round_ = make_round()
    assert client.get(page(name, round_)).status_code == 404
    assert client.post(page(name, round_)).status_code == 404
