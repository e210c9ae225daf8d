"""With a mail server and without: what is sent, what is said, and that no log holds a link."""

import contextlib
import re
import socket
import threading
from datetime import timedelta
from smtplib import SMTPDataError, SMTPServerDisconnected

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from config.mail import NO_SERVER, has_mail_server
from tests.factories import make_round
from tests.processes import free_port, wait_until
from tests.smtp import running_mail_server, use
from weighting.dispatch import queue_invitations, queue_reminders
from weighting.enums import LetterState
from weighting.exceptions import NoMailServer
from weighting.models import AccessLink, AuditEntry, Invitation, Letter
from weighting.selectors.access import find_link
from weighting.selectors.letters import due_letters
from weighting.services.access import issue_invitation_link
from weighting.services.letters import (
    FIRST_PAUSE,
    LEASE,
    MOST_ATTEMPTS,
    deliver_letter,
    give_up_exhausted,
    write_invitations,
)
from weighting.services.mail import setback_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]
LINK = re.compile(r"/in/([\w-]{20,})")


@pytest.fixture
def round_(manager):
    return make_round(manager=manager, sealed=2)


@pytest.fixture
def _no_server(settings):
    settings.EMAIL_BACKEND = NO_SERVER


def page(name, round_):
    return reverse(f"weighting:round-{name}", args=[round_.pk])


@pytest.mark.usefixtures("_no_server")
@pytest.mark.parametrize("name", ["mail", "remind"])
def test_without_a_server_the_page_says_so_and_leads_to_the_sheet(client, round_, name):
    for answer, status in ((client.get(page(name, round_)), 200), (client.post(page(name, round_)), 409)):
        assert answer.status_code == status
        assert "Nothing will be sent: no mail server is set up" in answer.text
        assert page("links", round_) in answer.text
        assert "get a mail" not in answer.text
    assert nothing_was_sent()


@pytest.mark.usefixtures("_no_server")
def test_without_a_server_the_services_refuse(round_, manager, capfd):
    for act in (
        lambda: queue_invitations(round_, actor=manager),
        lambda: queue_reminders(round_, actor=manager),
        lambda: mail.send_mail("Hello", "/in/secret/", None, ["a@x.example"]),
    ):
        with pytest.raises(NoMailServer, match="nothing was sent"):
            act()
    assert nothing_was_sent()
    assert "/in/" not in "".join(capfd.readouterr())


def nothing_was_sent():
    sent = AuditEntry.objects.filter(act__in=["mail_invitation", "mail_reminder", "remind"])
    flagged = Invitation.objects.exclude(mailed=False, reminders_sent=0)
    return not sent.exists() and not flagged.exists() and not AccessLink.objects.exists()


@pytest.mark.usefixtures("_no_server")
@pytest.mark.parametrize("holding", ["none", "some", "all"])
def test_without_a_server_the_round_offers_links_alone(client, round_, holding):
    waiting = round_.invitations.filter(sealed=False)
    for invitation in {"none": [], "some": waiting[:1], "all": waiting}[holding]:
        issue_invitation_link(invitation)
    act = client.get(page("detail", round_)).context["act"]

    assert act.url == page("links" if holding == "none" else "hand-out", round_)
    assert {page("links", round_), page("hand-out", round_)} <= {
        act.url,
        *(url for _label, url in act.others),
    }
    assert act.is_post == (holding == "none")
    assert "No mail server is set up, so nothing can be sent by e-mail." in act.consequences
    assert page("mail", round_) not in [url for _label, url in act.others]


@pytest.mark.usefixtures("_no_server")
def test_an_expert_who_is_added_is_not_said_to_be_mailed(client, round_):
    fields = {"code": "E900", "name": "New", "email": "n@p.example", "sector": "other", "language": "en"}
    answer = client.post(reverse("weighting:round-expert-add", args=[round_.pk]), fields, follow=True)

    assert "Make a link here to hand out." in answer.text


def test_a_mail_server_is_there_when_one_is_set(settings):
    assert has_mail_server()
    settings.EMAIL_BACKEND = NO_SERVER
    assert not has_mail_server()


# --- what becomes of each letter


@pytest.fixture(scope="module")
def listening():
    """One server for all tests of this file, which the product of this process sends by."""
    with running_mail_server() as (server, port):
        yield server, port


@pytest.fixture
def server(listening, settings):
    server, port = listening
    server.forget()
    use(settings, port)
    return server


@pytest.fixture
def letters(server, round_, manager):
    """The invitations of the three who have not sealed, E003 to E005, by the number of the expert."""
    written = write_invitations(round_, actor=manager)
    return dict(zip([3, 4, 5], written, strict=True))


def deliver_all():
    """Let the clock look once: everything that is due is tried."""
    give_up_exhausted()
    return [deliver_letter(pk) for pk in due_letters().values_list("pk", flat=True)]


def outcome(letter):
    letter.refresh_from_db()
    return letter.state, letter.reason


def test_each_address_has_its_outcome_on_the_page_of_the_round(client, round_, letters, server, caplog):
    server.answers[address_of(4)] = "550 5.1.1 No such user"
    server.answers[address_of(5)] = "451 4.7.1 Greylisted, come back"
    deliver_all()

    assert outcome(letters[3]) == (LetterState.HANDED, "")
    assert outcome(letters[4]) == (LetterState.REFUSED, "550 5.1.1 No such user")
    assert outcome(letters[5]) == (LetterState.WAITING, "451 4.7.1 Greylisted, come back")
    shown = client.get(page("detail", round_)).text
    for words in ("handed to the mail server", "refused by the mail server", "waiting to be sent"):
        assert shown.count(words) == 1
    assert "550 5.1.1 No such user" in shown
    assert "1 expert did not get a mail" in shown
    detail = reverse("weighting:invitation-detail", args=[round_.pk, letters[4].invitation_id])
    assert "550 5.1.1 No such user" in client.get(detail).text
    assert mailed() == {letters[3].invitation_id}
    assert AccessLink.objects.count() == AuditEntry.objects.filter(act="mail_invitation").count() == 1
    logged = " ".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert not [word for word in (address_of(4), "Expert 4", "/in/") if word in logged]


def test_a_refusal_for_good_is_not_tried_again_until_the_manager_asks(round_, manager, letters, server):
    server.answers[address_of(4)] = "550 No such user"
    for _time in range(3):
        deliver_all()
        let_time_pass()
    assert server.asked.count(address_of(4)) == 1

    server.answers.clear()
    assert [each.invitation_id for each in write_invitations(round_, actor=manager)] == [
        letters[4].invitation_id
    ]
    deliver_all()
    assert [message["To"] for message in server.taken].count(address_of(4)) == 1


def test_a_delay_is_tried_again_later_and_later_within_a_limit(letters, server):
    server.answers.update({address_of(number): "421 Busy" for number in letters})
    pauses = iter([30, 60, 120, 240, 480, 900, 900, 900])
    for _time in range(MOST_ATTEMPTS + 2):
        # SQLite's clock tells thousandths.
        before = timezone.now() - timedelta(milliseconds=1)
        deliver_all()
        after = timezone.now()
        assert deliver_all() == []
        letters[5].refresh_from_db()
        if letters[5].due:
            assert before <= letters[5].due - timedelta(seconds=next(pauses)) <= after
        let_time_pass()

    assert server.asked.count(address_of(5)) == MOST_ATTEMPTS
    assert list(pauses) == []
    assert outcome(letters[5]) == (LetterState.GIVEN_UP, "421 Busy")
    assert mailed() == set()
    assert not AccessLink.objects.exists()


def test_after_a_delay_it_is_sent_once(letters, server):
    server.answers[address_of(5)] = "450 Later"
    deliver_all()
    server.answers.clear()
    let_time_pass()
    deliver_all()
    let_time_pass()
    deliver_all()

    assert sorted(message["To"] for message in server.taken) == [address_of(n) for n in letters]
    assert outcome(letters[5]) == (LetterState.HANDED, "")


def test_a_server_that_quotes_the_link_gives_it_to_nobody(letters, server):
    """It quotes the mail it refuses, in one piece, and with the lines broken as mails break them."""
    quotes = iter(
        [lambda text: text, lambda text: "=\r\n554-".join(text[n : n + 9] for n in range(0, 90, 9))]
    )

    def refuse(message):
        link = re.search(r"http\S+/in/\S+", message.get_content())[0]
        quoted.append(LINK.search(link)[1])
        return f"554-Spam:\r\n554 {next(quotes, str)(link)}"

    quoted = []
    server.closing = refuse
    deliver_all()

    assert len(quoted) == 3
    for letter in letters.values():
        state, reason = outcome(letter)
        assert state == LetterState.REFUSED
        assert reason.startswith("554")
        assert not any(token in "".join(reason.split()).replace("=", "") for token in quoted)


def test_a_server_that_is_away_is_a_delay(letters, settings):
    settings.EMAIL_PORT = free_port()
    deliver_all()

    state, reason = outcome(letters[5])
    assert state == LetterState.WAITING
    assert "refused" in reason


@pytest.fixture
def silent_server(settings):
    """One that takes connections and says nothing; how many it took."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        use(settings, listener.getsockname()[1])
        settings.EMAIL_TIMEOUT = 0.1
        heard = []

        def listen():
            with contextlib.suppress(OSError):
                while True:
                    heard.append(listener.accept()[0])

        thread = threading.Thread(target=listen)
        thread.start()
        yield heard
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for taken in heard:
        taken.close()


def test_of_a_server_that_fell_silent_one_letter_finds_out_for_all(letters, silent_server):
    """Each would hold a worker for as long as a server may take, which closes no rounds meanwhile."""
    for attempt in range(1, MOST_ATTEMPTS):
        deliver_all()

        assert len(silent_server) == attempt
        assert set(Letter.objects.values_list("attempts", "state")) == {(attempt, LetterState.WAITING)}
        assert deliver_all() == []
        let_time_pass()
    deliver_all()
    let_time_pass()
    deliver_all()

    assert len(silent_server) == MOST_ATTEMPTS
    assert {outcome(letter)[0] for letter in letters.values()} == {LetterState.GIVEN_UP}
    assert all("timed out" in outcome(letter)[1] for letter in letters.values())


def test_a_letter_that_was_hardly_tried_does_not_wait_as_long_as_one_that_was_often(letters, silent_server):
    often, hardly, _third = Letter.objects.order_by("pk")
    Letter.objects.filter(pk=often.pk).update(attempts=MOST_ATTEMPTS - 2)
    deliver_letter(often.pk)

    hardly.refresh_from_db()
    assert (len(silent_server), hardly.attempts) == (1, 1)
    assert hardly.due - timezone.now() <= FIRST_PAUSE


def test_a_server_that_hangs_up_over_one_letter_may_take_the_others():
    assert not setback_of(SMTPServerDisconnected("Connection unexpectedly closed")).is_away
    assert not setback_of(SMTPDataError(451, b"not this one")).is_away
    assert setback_of(ConnectionRefusedError()).is_away


def test_a_worker_that_died_over_a_letter_is_followed_by_another(letters, server):
    """The control is the lease: while it lasts nobody else takes the letter."""
    Letter.objects.update(due=timezone.now() + LEASE, attempts=1)
    assert deliver_all() == []
    let_time_pass()
    assert deliver_all() == [True] * 3

    Letter.objects.update(state=LetterState.WAITING, due=timezone.now() - LEASE, attempts=MOST_ATTEMPTS)
    assert deliver_all() == []
    assert outcome(letters[3])[0] == LetterState.GIVEN_UP


@pytest.mark.usefixtures("_no_server")
def test_a_letter_whose_server_was_taken_away_is_not_sent(round_, manager, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    letter = write_invitations(round_, actor=manager)[0]
    settings.EMAIL_BACKEND = NO_SERVER
    deliver_all()

    assert outcome(letter) == (LetterState.NO_SERVER, "")
    assert nothing_was_sent()


def in_pieces(text):
    return "=\r\n554-".join(text[start : start + 9] for start in range(0, len(text), 9))


def address_of(number):
    return Letter.objects.get(invitation__expert__code=f"E00{number}").invitation.expert.email


def mailed():
    return set(Invitation.objects.filter(mailed=True).values_list("pk", flat=True))


def let_time_pass():
    Letter.objects.filter(due__isnull=False).update(due=timezone.now() - LEASE)


# --- workers


@pytest.mark.django_db(transaction=True)
def test_no_log_of_a_worker_holds_a_link(celery_worker_process, tmp_path):
    """The control is the mail itself, in which every link stands."""
    round_ = make_round()
    manager = round_.managers.get()
    with running_mail_server() as (server, port):
        celery_worker_process(QUANHENG_MAIL_HOST="127.0.0.1", QUANHENG_MAIL_PORT=str(port))
        queue_invitations(round_, actor=manager)
        wait_until(lambda: round_.invitations.filter(mailed=True).count() == 5, what="five mails")

    tokens = [LINK.search(message.get_content())[1] for message in server.taken]
    assert sum(find_link(token) is not None for token in tokens) == 5
    log = (tmp_path / "worker0.log").read_text()
    assert log.count("mail_letter") >= 5
    assert not [token for token in tokens if token in log]
    assert not LINK.search(log)


@pytest.mark.django_db(transaction=True)
def test_a_worker_without_a_server_neither_sends_nor_prints(celery_worker_process, tmp_path):
    round_ = make_round()
    celery_worker_process()
    queue_invitations(round_, actor=round_.managers.get())
    wait_until(lambda: Letter.objects.filter(state=LetterState.NO_SERVER).count() == 5, what="five refusals")

    assert not LINK.search((tmp_path / "worker0.log").read_text())
    assert nothing_was_sent()
