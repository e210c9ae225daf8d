"""With a mail server and without: what is sent, what is said, and that no log holds a link."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from config.mail import NO_SERVER, has_mail_server
from tests.factories import make_account, make_round, sign_in_staff
from tests.processes import wait_until
from tests.smtp import running_mail_server
from weighting.dispatch import queue_invitations, queue_reminders
from weighting.exceptions import NoMailServer
from weighting.models import AccessLink, AuditEntry, Invitation
from weighting.selectors.access import find_link
from weighting.services.access import issue_invitation_link
from weighting.tasks import mail_invitation, mail_reminder

pytestmark = pytest.mark.django_db
LINK = re.compile(r"/in/([\w-]{20,})")


@pytest.fixture
def manager(client):
    account = make_account()
    sign_in_staff(client, account)
    return account


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
    invitation = round_.invitations.get(expert__code="E005")
    for act in (
        lambda: queue_invitations(round_, actor=manager),
        lambda: queue_reminders(round_, actor=manager),
        lambda: mail_invitation(invitation.pk, manager.pk),
        lambda: mail_reminder(invitation.pk, 1, manager.pk),
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

    assert act.url == page("links", round_)
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
    assert log.count("mail_invitation") >= 5
    assert not [token for token in tokens if token in log]
    assert not LINK.search(log)


@pytest.mark.django_db(transaction=True)
def test_a_worker_without_a_server_neither_sends_nor_prints(celery_worker_process, tmp_path):
    round_ = make_round()
    celery_worker_process()
    mail_invitation.delay(round_.invitations.first().pk, round_.managers.get().pk)
    log = tmp_path / "worker0.log"
    wait_until(lambda: "NoMailServer" in log.read_text(), what="the refusal")

    assert not LINK.search(log.read_text())
    assert nothing_was_sent()
