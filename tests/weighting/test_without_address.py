"""Experts of whom no e-mail address is known: on the panel, in the round, and given their links by hand."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from config.mail import NO_SERVER
from tests.factories import make_account, make_panel, make_round, sign_in_staff
from tests.weighting.claims import begin, begun, browser, open_link, sealed
from weighting.enums import PlanState, Role, RoundState
from weighting.exceptions import Refused
from weighting.models import AuditEntry, Expert, Invitation, Panel, PlannedReminder, Round
from weighting.readers import PanelRow
from weighting.selectors.handing import NAMED, by_hand_in, invitations_with_links
from weighting.services.access import issue_invitation_link, revoke_invitation_links
from weighting.services.addresses import give_addresses
from weighting.services.handing import mark_handed
from weighting.services.invitations import add_experts, remove_expert
from weighting.services.letters import deliver_letter, write_invitations, write_reminder
from weighting.services.panels import import_panel
from weighting.services.reminders import plan_reminder
from weighting.services.rounds import close_round
from weighting.tasks import write_due_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# Half of them have no address.
FILE = "name,email,organisation\n王伟,,U1\nBo,bo@x.example,\n李娜,,U2\nDan,dan@x.example,\nEve,,\n"


@pytest.fixture
def manager():
    return make_account()


@pytest.fixture
def panel(manager):
    return import_panel(source=FILE.encode(), filename="panel.csv", name="Panel", actor=manager)


@pytest.fixture
def round_(manager, panel):
    return make_round(manager=manager, panel=panel)


@pytest.fixture
def client(manager):
    return sign_in_staff(browser(), manager)


def page(name, round_, *more):
    return reverse(f"weighting:round-{name}", args=[round_.pk, *more])


def of(round_, name):
    return round_.invitations.select_related("expert", "round__framework").get(expert__name=name)


def send(letters):
    for letter in letters:
        deliver_letter(letter.pk)
    return sorted(message.to[0] for message in mail.outbox)


def person(**fields):
    return PanelRow(**({"row": 1, "code": "E900", "name": "New", "email": "", "organisation": ""} | fields),
                    sector="other", language="en")  # fmt: skip


def token_in(text):
    return re.search(r"/in/(?!code/)([\w-]+)/", text)[1]


def state_of(round_, name):
    invitation = invitations_with_links(round_).get(expert__name=name)
    return invitation.holds, invitation.handed


# --- the panel


def test_a_panel_of_names_alone_asks_a_round(manager):
    source = "姓名\n" + "\n".join(["王伟", "李娜", "张三", "刘洋", "陈静"])
    panel = import_panel(source=source.encode(), filename="p.csv", name="P", actor=manager)
    assert make_round(manager=manager, panel=panel).invitations.count() == 5


def test_an_address_is_still_one_persons(panel):
    Expert.objects.create(panel=panel, code="X1", name="Any")
    with pytest.raises(IntegrityError), transaction.atomic():
        Expert.objects.create(panel=panel, code="X2", name="Other", email="bo@x.example")


@pytest.mark.parametrize(
    "again", [FILE, FILE.replace("李娜,,", "李娜,lina@x.example,"), FILE.replace("dan@x.example", "")]
)
def test_the_same_people_again_are_refused_whichever_file_knows_more(panel, manager, again):
    with pytest.raises(Refused, match="already here"):
        import_panel(source=again.encode(), filename="panel.csv", name="Again", actor=manager)
    assert Panel.objects.count() == 1


def test_a_file_that_knows_more_is_told_where_to_give_it(panel, manager):
    more = FILE.replace("李娜,,", "李娜,lina@x.example,")
    with pytest.raises(Refused, match="one e-mail address is not known that the file has"):
        import_panel(source=more.encode(), filename="panel.csv", name="Again", actor=manager)
    other = FILE.replace("bo@x.example", "other@x.example")
    import_panel(source=other.encode(), filename="panel.csv", name="Other", actor=manager)


def test_once_addresses_were_given_the_first_file_still_is_the_same_panel(panel, manager):
    give_addresses(panel, addresses={panel.experts.get(name="李娜").pk: "lina@x.example"}, actor=manager)
    with pytest.raises(Refused, match="already here"):
        import_panel(source=FILE.encode(), filename="panel.csv", name="Again", actor=manager)


def test_the_api_takes_them_and_says_how_many(client):
    answer = client.post(
        reverse("weighting:api-panel-imports"),
        {"name": "P", "file": SimpleUploadedFile("p.csv", FILE.encode())},
    )
    assert answer.status_code == 201, answer.text
    assert (answer.json()["experts"], answer.json()["without_address"]) == (5, 3)


def test_the_api_asks_about_namesakes(client):
    twice = FILE + "李 娜,,U3\n"

    def sent(**choices):
        file = SimpleUploadedFile("p.csv", twice.encode())
        return client.post(reverse("weighting:api-panel-imports"), {"name": "P", "file": file, **choices})

    refused = sent()
    assert refused.status_code == 422
    assert [problem["key"] for problem in refused.json()["problems"]] == ["namesakes:李娜"]
    assert sent(choices='{"namesakes": "all"}').json()["experts"] == 6


def test_the_page_of_a_panel_says_who_has_none_and_takes_the_address(client, panel):
    shown = client.get(reverse("weighting:panel-detail", args=[panel.pk]))
    assert "3 experts have no e-mail address" in shown.text
    address = reverse("weighting:panel-addresses", args=[panel.pk])
    lina = panel.experts.get(name="李娜")
    assert client.post(address, {f"email_{lina.pk}": "no address"}).status_code == 422
    taken = client.post(address, {f"email_{lina.pk}": "BO@x.example"})
    assert taken.status_code == 422
    assert "belongs to Bo" in taken.text

    done = client.post(address, {f"email_{lina.pk}": "lina@x.example"}, follow=True)

    assert "1 e-mail address is kept." in done.text
    assert "2 experts have no e-mail address" in done.text
    assert AuditEntry.objects.get(act="give_addresses").detail == {"experts": 1}


def test_two_experts_are_not_given_one_address(panel, manager):
    given = dict.fromkeys(panel.experts.filter(email="").values_list("pk", flat=True)[:2], "one@x.example")
    with pytest.raises(Refused, match="an address of their own"):
        give_addresses(panel, addresses=given, actor=manager)
    assert not Expert.objects.filter(email="one@x.example").exists()


def test_who_has_an_address_by_now_keeps_it(panel, manager):
    with pytest.raises(Refused, match="has an e-mail address by now"):
        give_addresses(panel, addresses={panel.experts.get(name="Bo").pk: "x@x.example"}, actor=manager)


def test_addresses_of_anothers_round_are_given_by_the_administrator_alone(panel, manager, round_):
    make_round(panel=panel, state=RoundState.READY)
    given = {panel.experts.get(name="李娜").pk: "lina@x.example"}
    with pytest.raises(Refused, match="administrator"):
        give_addresses(panel, addresses=given, actor=manager)
    give_addresses(panel, addresses=given, actor=make_account(Role.ADMINISTRATOR))
    assert Expert.objects.get(name="李娜").email == "lina@x.example"


# --- added to an open round


def test_the_form_adds_an_expert_without_an_address(client, round_):
    fields = {"code": "E900", "name": "New", "sector": "other", "language": "en"}
    added = client.post(page("expert-add", round_), fields, follow=True)
    assert "Make a link here to hand out." in added.text
    assert Expert.objects.get(code="E900").email == ""


def test_a_namesake_is_named_and_added_once_told_apart(round_, manager):
    for email in ("", "wei@x.example"):
        with pytest.raises(Refused, match=r"王伟 stands on the panel with the code E001"):
            add_experts(round_, people=[person(name="王 伟", email=email)], actor=manager)
    add_experts(round_, people=[person(name="王伟（二院）")], actor=manager)
    assert round_.invitations.count() == 6


def test_who_was_removed_is_invited_again_by_code_and_name(round_, manager):
    removed = of(round_, "王伟")
    remove_expert(removed, actor=manager)
    with pytest.raises(Refused, match="belongs to 王伟: choose another"):
        add_experts(round_, people=[person(code="E001", name="Other")], actor=manager)
    with pytest.raises(Refused, match="give the address on the page of the panel"):
        add_experts(round_, people=[person(code="E001", name="王伟", email="w@x.example")], actor=manager)
    (again,) = add_experts(round_, people=[person(code="E001", name="王伟")], actor=manager)
    assert again == removed
    with pytest.raises(Refused, match="invited already"):
        add_experts(round_, people=[person(code="E001", name="王伟")], actor=manager)


# --- mail


def test_mail_goes_to_those_who_have_an_address_and_the_others_are_named(client, round_):
    asked = client.get(page("mail", round_)).text
    assert "2 experts get a mail." in asked
    assert "3 experts have no e-mail address" in asked
    assert "王伟" in asked

    done = client.post(page("mail", round_), follow=True).text

    assert "3 experts have no e-mail address and got no mail: 王伟, 李娜, Eve." in done
    assert set(Invitation.objects.filter(letters__isnull=False).values_list("expert__name", flat=True)) == {
        "Bo",
        "Dan",
    }


def test_a_reminder_goes_to_those_who_can_be_mailed(round_, manager):
    assert send(write_reminder(round_, actor=manager)) == ["bo@x.example", "dan@x.example"]


def test_a_reminder_that_nobody_would_get_is_refused_and_not_counted(client, round_, manager):
    Expert.objects.update(email="")
    with pytest.raises(Refused, match="Nobody who has still to seal has an e-mail address"):
        write_reminder(round_, actor=manager)
    assert write_invitations(round_, actor=manager) == []
    assert Round.objects.get().reminders_sent == 0
    act = client.get(page("detail", round_)).context["act"]
    assert page("hand-out", round_) in [url for _label, url in act.others]
    assert page("mail", round_) not in [url for _label, url in act.others]
    assert page("remind", round_) not in act.url


def test_a_planned_reminder_says_that_it_had_nobody_to_go_to(client, round_, manager):
    Expert.objects.update(email="")
    plan_reminder(round_, hours=48, actor=manager)
    Round.objects.update(deadline=timezone.now() + timedelta(hours=47))
    write_due_reminders()
    assert PlannedReminder.objects.get().state == PlanState.NO_ADDRESS
    assert (
        "not sent: nobody who had not sealed has an e-mail address"
        in client.get(page("reminders", round_)).text
    )


def test_an_address_that_is_given_later_is_mailed_and_links_handed_out_stay(round_, manager, panel):
    token = issue_invitation_link(of(round_, "李娜"))
    mark_handed(round_, invitations=[of(round_, "李娜").pk], actor=manager)
    expert = browser()
    begin(expert, token)
    give_addresses(panel, addresses={panel.experts.get(name="李娜").pk: "lina@x.example"}, actor=manager)

    assert "lina@x.example" in send(write_invitations(round_, actor=manager))
    assert expert.get(reverse("weighting:ballot")).status_code == 200
    assert state_of(round_, "李娜") == (True, True)
    assert open_link(browser(), token).status_code == 200


# --- links by hand


def make_link(client, round_, name, **sent):
    return client.post(reverse("weighting:invitation-link", args=[round_.pk, of(round_, name).pk]), sent)


def test_the_list_says_who_was_given_a_link_and_who_was_not(client, round_):
    rows = client.get(page("hand-out", round_))
    assert [invitation.expert.name for invitation, _reminder in rows.context["rows"]] == [
        "王伟",
        "李娜",
        "Eve",
    ]
    assert "3 experts have still to be given a link." in rows.text

    first = make_link(client, round_, "王伟")
    assert "on to 李娜 (E003)" in first.text
    assert state_of(round_, "王伟") == (True, False)
    second = make_link(client, round_, "李娜", given=of(round_, "王伟").pk)

    assert "on to Eve (E005)" in second.text
    assert state_of(round_, "王伟") == (True, True)
    assert state_of(round_, "李娜") == (True, False)
    listed = client.post(page("handed", round_), {"given": of(round_, "李娜").pk}, follow=True)
    assert "1 expert has still to be given a link." in listed.text
    assert [entry.subject_id for entry in AuditEntry.objects.filter(act="hand_link").order_by("pk")] == [
        str(of(round_, name).pk) for name in ("王伟", "李娜")
    ]


def test_the_text_to_paste_holds_the_link_and_says_what_the_mail_says(client, round_):
    Expert.objects.filter(name="王伟").update(language="zh-hans")
    Expert.objects.filter(name="李娜").update(language="en")
    chinese, english = (make_link(client, round_, name).context["text"] for name in ("王伟", "李娜"))
    assert "王伟" in chinese
    assert "Dear 李娜," in english
    assert "Do not pass it on" in english
    assert begin(browser(), token_in(english)).status_code == 302


def test_the_language_switch_neither_makes_a_link_nor_notes_one_as_given(client, round_):
    given = of(round_, "李娜").pk
    make_link(client, round_, "李娜")
    first = make_link(client, round_, "王伟")
    again = make_link(
        client, round_, "王伟", shown=first.context["shown_once"], language="zh-hans", given=given
    )
    assert again.context["link"] == first.context["link"]
    assert state_of(round_, "李娜") == (True, False)


def test_a_new_link_a_revoked_one_and_a_removal_end_the_mark(client, round_, manager):
    def hand(name):
        make_link(client, round_, name)
        mark_handed(round_, invitations=[of(round_, name).pk], actor=manager)
        assert state_of(round_, name) == (True, True)

    hand("王伟")
    make_link(client, round_, "王伟")
    assert state_of(round_, "王伟") == (True, False)
    hand("李娜")
    revoke_invitation_links(of(round_, "李娜"), actor=manager)
    assert state_of(round_, "李娜") == (False, False)
    hand("Eve")
    remove_expert(of(round_, "Eve"), actor=manager)
    add_experts(round_, people=[person(code="E005", name="Eve")], actor=manager)
    assert state_of(round_, "Eve") == (False, False)


def test_a_sheet_is_noted_as_handed_out_in_one_step(client, round_):
    client.post(page("links", round_))
    everybody = ",".join(map(str, round_.invitations.values_list("pk", flat=True)))
    client.post(page("handed", round_), {"given": everybody, "everybody": "1"})
    assert all(invitation.handed for invitation in invitations_with_links(round_))


@pytest.mark.parametrize("given", ["", "x", "0", "²", "9" * 30, "1,,2"])
def test_what_names_nobody_notes_nothing(client, round_, given):
    assert client.post(page("handed", round_), {"given": given}).status_code == 302
    assert not AuditEntry.objects.filter(act="hand_link").exists()


def test_an_invitation_of_another_round_is_not_noted(client, round_, manager):
    other = make_round()
    foreign = other.invitations.first()
    issue_invitation_link(foreign)
    client.post(page("handed", round_), {"given": foreign.pk})
    assert not AuditEntry.objects.filter(act="hand_link").exists()


def test_after_the_close_nothing_is_handed_out(client, round_, manager):
    for invitation in round_.invitations.select_related("expert", "round__framework"):
        sealed(invitation)
    close_round(round_, actor=manager)
    assert client.get(page("hand-out", round_)).status_code == 200
    assert client.post(page("handed", round_), {"given": round_.invitations.first().pk}).status_code == 409


def test_the_reminder_to_paste_holds_no_link(client, round_, manager):
    make_link(client, round_, "王伟")
    mark_handed(round_, invitations=[of(round_, "王伟").pk], actor=manager)
    reminders = {
        invitation.expert.name: text
        for invitation, text in client.get(page("hand-out", round_)).context["rows"]
    }
    assert "/in/" not in reminders["王伟"]
    assert "王伟" in reminders["王伟"]
    # Who was given nothing has nothing to be reminded of.
    assert reminders["李娜"] == ""


def test_once_sealed_an_expert_is_neither_waited_for_nor_reminded(client, round_, manager):
    sealed(of(round_, "王伟"))
    shown = client.get(page("hand-out", round_))
    assert "2 experts have still to be given a link." in shown.text
    assert by_hand_in(round_).count == 2


def test_without_a_mail_server_everybody_is_on_the_list(client, round_, settings):
    assert len(client.get(page("hand-out", round_) + "?everybody").context["rows"]) == 5
    settings.EMAIL_BACKEND = NO_SERVER
    assert len(client.get(page("hand-out", round_)).context["rows"]) == 5


def test_the_page_of_the_expert_says_how_they_are_reached(client, round_):
    detail = reverse("weighting:invitation-detail", args=[round_.pk, of(round_, "王伟").pk])
    shown = client.get(detail).text
    assert "none: a link is handed over by hand" in shown
    addresses = reverse("weighting:panel-addresses", args=[round_.panel_id])
    assert addresses in shown
    correct = reverse("weighting:invitation-address", args=[round_.pk, of(round_, "王伟").pk])
    assert client.get(correct)["Location"] == addresses


def test_a_manager_who_opens_a_link_handed_out_meets_a_ballot_begun_elsewhere(client, round_):
    expert, _token = begun(of(round_, "王伟"))
    later = token_in(make_link(client, round_, "王伟").text)
    met = open_link(browser(), later)
    assert reverse("weighting:ballot") not in met.headers.get("Location", "")
    assert "begun in another browser" in met.text
    assert expert.get(reverse("weighting:ballot")).status_code == 200


@pytest.mark.parametrize("size", [4, 20])
def test_the_list_costs_the_same_for_any_size_of_panel(client, manager, django_assert_num_queries, size):
    panel = make_panel(size, email="")
    round_ = make_round(manager=manager, panel=panel)
    for invitation in round_.invitations.all():
        issue_invitation_link(invitation)
    mark_handed(round_, invitations=list(round_.invitations.values_list("pk", flat=True)), actor=manager)
    client.get(page("hand-out", round_))
    with django_assert_num_queries(8):
        assert client.get(page("hand-out", round_)).status_code == 200


def test_of_many_some_are_named(client, manager):
    round_ = make_round(manager=manager, panel=make_panel(NAMED + 3, email=""))
    by_hand = by_hand_in(round_)
    assert (len(by_hand.named), by_hand.further, by_hand.waiting) == (NAMED, 3, NAMED + 3)
    assert "3 more" in client.get(page("detail", round_)).text
