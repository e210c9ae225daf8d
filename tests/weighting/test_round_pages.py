import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import (
    claim_of,
    fill_ballot,
    make_account,
    make_framework,
    make_panel,
    make_round,
    sign_in_staff,
)
from weighting.enums import Feedback, RoundState
from weighting.forms.rounds import RoundForm
from weighting.models import Round, WeightVersion
from weighting.moments import time_zones
from weighting.selectors.claims import bears_locks
from weighting.selectors.frameworks import along_the_tree, indicators_of
from weighting.selectors.rounds import receipts_of
from weighting.services.ballots import seal_ballot
from weighting.services.frameworks import import_framework
from weighting.services.letters import write_invitations
from weighting.services.rounds import close_round, void_round

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]

LIST, NEW = reverse("weighting:round-list"), reverse("weighting:round-new")
POST_ONLY = ["ready", "open", "aggregate"]
ASKING = ["links", "close", "void", "extend", "revise", "end-series"]


def url(name, round_):
    return reverse(f"weighting:round-{name}", args=[round_.pk])


def said(**fields):
    deadline = timezone.localtime() + timedelta(days=7)
    return {
        "title_zh": "甲轮",
        "title_en": "Round A",
        "groups": ["root", "under:infra"],
        "rule": "normalised_sum",
        "quorum": 5,
        "minimum_panel": 5,
        "deadline": deadline.strftime("%Y-%m-%dT%H:%M"),
        "time_zone": "Asia/Shanghai",
        "languages": ["zh-hans", "en"],
        "consensus_measure": "iqr",
        "consensus_threshold": "1",
        "exclusion": "none",
        "feedback": "none",
        **fields,
    }


@pytest.fixture
def step_two(manager):
    framework, panel = make_framework(owner=manager), make_panel(owner=manager)
    return f"{NEW}?framework={framework.pk}&panel={panel.pk}"


def test_the_first_step_asks_for_framework_and_panel(client, step_two):
    page = client.get(NEW)
    assert [field.name for field in page.context["form"].visible_fields()] == ["framework", "panel"]

    half = client.get(step_two.split("&", maxsplit=1)[0])
    assert [field.name for field in half.context["form"].visible_fields()] == ["framework", "panel"]
    assert half.context["form"].initial == {"framework": step_two.split("=")[1].split("&")[0]}
    wrong = client.get(NEW, {"framework": "", "panel": "0"})
    assert "This field is required" in wrong.text


@pytest.mark.usefixtures("step_two")
def test_of_one_framework_and_one_panel_there_is_nothing_to_choose(client, manager):
    page = client.get(NEW)
    assert page.text.count(" selected>") == 2
    assert "Choose a panel" not in page.text
    make_panel(owner=manager)
    assert client.get(NEW).text.count(" selected>") == 2
    assert "Choose a panel" in client.get(NEW).text


def test_the_second_step_says_how_long_all_of_it_takes(client, step_two):
    assert "All of them, 7 in number: about 2 minutes." in client.get(step_two).text


def test_the_second_step_offers_the_groups_along_the_tree(client, step_two):
    form = client.get(step_two).context["form"]

    assert [(c.value, c.depth, c.is_chosen) for c in form.group_choices()] == [
        ("root", 0, True),
        ("under:infra", 1, True),
        ("under:industry", 1, True),
    ]
    assert form.fields["time_zone"].initial == "Asia/Shanghai"


def test_a_round_is_drafted_for_its_manager(client, manager, step_two):
    response = client.post(step_two, said())

    round_ = Round.objects.get()
    assert response.url == url("detail", round_)
    assert (round_.state, round_.managers.get()) == (RoundState.DRAFT, manager)
    codes = round_.items.values_list("indicator__code", flat=True)
    assert list(codes) == ["infra", "fixed", "mobile", "industry"]
    assert "Round A" in client.get(response.url).text


def test_a_wrong_form_keeps_what_was_said_and_names_every_error(client, step_two):
    wrong = said(
        title_zh=" ",
        title_en="",
        groups=["under:infra"],
        quorum=1,
        minimum_panel=1,
        deadline="2001-01-01T00:00",
    )
    response = client.post(step_two, wrong)

    assert response.status_code == 422
    form = response.context["form"]
    assert set(form.errors) == {"title_zh", "quorum", "minimum_panel", "deadline"}
    assert [c.value for c in form.group_choices() if c.is_chosen] == ["under:infra"]
    assert not Round.objects.exists()


def test_an_indicator_alone_in_its_group_is_not_asked_about_unless_somebody_says_so(manager):
    rows = "code,parent\nfirst,\nsecond,\nalone,second\nx,first\ny,first\n"
    framework = import_framework(
        source=rows.encode(), filename="f.csv", name_zh="甲", name_en="A", actor=manager
    )
    form = RoundForm(indicators=along_the_tree(indicators_of(framework.pk)), earlier=Round.objects.none())
    chosen = {choice.value: choice.is_chosen for choice in form.group_choices()}
    assert chosen == {"root": True, "under:first": True, "under:second": False}
    single = import_framework(
        source=b"code,parent\nall,\none,all\n", filename="f.csv", name_zh="乙", name_en="B", actor=manager
    )
    form = RoundForm(indicators=along_the_tree(indicators_of(single.pk)), earlier=Round.objects.none())
    assert [choice.is_chosen for choice in form.group_choices()] == [True, True]


def test_what_has_a_sensible_value_waits_folded_until_something_is_wrong_there(client, step_two):
    shown = client.get(step_two).content.decode()
    assert '<details class="advanced">' in shown
    first, _fold, advanced = shown.partition('<details class="advanced">')
    assert 'name="deadline"' in first
    assert 'name="groups"' in first
    assert 'name="quorum"' in advanced
    assert 'name="rule"' in advanced
    refused = client.post(step_two, said(quorum="1")).content.decode()
    assert '<details class="advanced" open>' in refused


def test_a_time_zone_is_found_under_its_part_of_the_world_and_offered_once(client, step_two):
    field = client.get(step_two).context["form"].fields["time_zone"]
    asia = dict(dict(field.choices)["Asia"])
    assert asia["Asia/Tokyo"] == "Tokyo"
    single = [value for value, label in field.choices if isinstance(label, str)]
    grouped = [
        value for _part, zones in field.choices if not isinstance(zones, str) for value, _label in zones
    ]
    assert single == ["Asia/Shanghai", "UTC"]
    assert sorted([*single, *grouped]) == sorted(time_zones())


def test_what_cannot_be_undone_stands_apart_from_the_other_acts(client, manager):
    round_ = make_round(manager=manager, state=RoundState.OPEN)
    shown = client.get(url("detail", round_)).content.decode()
    acts, _title, grave = shown.partition("What cannot be undone")
    assert url("sheet", round_) in acts
    assert url("extend", round_) in acts
    assert url("void", round_) in grave
    assert url("void", round_) not in acts
    assert url("close", round_) in grave
    assert url("close", round_) not in acts


def test_one_page_of_the_menu_is_the_current_one(client, manager):
    shown = client.get(reverse("weighting:version-compare")).content.decode()
    current = set(re.findall(r'<a href="([^"]+)" aria-current="true"', shown))
    assert current == {reverse("weighting:version-list")}


def test_a_group_of_another_framework_is_refused(client, step_two):
    assert client.post(step_two, said(groups=["under:elsewhere"])).status_code == 422


def test_a_round_is_led_through_its_life_from_its_page(client, manager):
    round_ = make_round(state=RoundState.DRAFT, manager=manager)
    for act, state in [("ready", RoundState.READY), ("open", RoundState.OPEN)]:
        page = client.get(url("detail", round_))
        assert page.context["act"].url == url(act, round_)
        assert page.text.count('class="button"') == 1
        assert client.post(url(act, round_)).url == url("detail", round_)
        round_.refresh_from_db()
        assert round_.state == state

    assert client.get(url("detail", round_)).context["act"].url == url("links", round_)
    for invitation in round_.invitations.all():
        fill_ballot(invitation)
        seal_ballot(claim_of(invitation))
    assert client.get(url("detail", round_)).context["act"].url == url("close", round_)
    assert "never be opened again" in client.get(url("close", round_)).text
    client.post(url("close", round_))
    assert client.get(url("detail", round_)).context["act"].url == url("aggregate", round_)
    client.post(url("aggregate", round_))

    version = WeightVersion.objects.get()
    page = client.get(url("detail", round_))
    assert page.context["act"] is None
    assert reverse("weighting:version-detail", args=[version.pk]) in page.text


def test_every_blocker_is_listed_with_its_remedy_in_the_place_of_the_button(client, manager):
    manager.email = "expert-1@here.example"
    manager.save()
    panel = make_panel(4, owner=manager)
    panel.experts.filter(code="E001").update(email=manager.email)
    round_ = make_round(state=RoundState.DRAFT, manager=manager, panel=panel)
    Round.objects.update(quorum=9, deadline=timezone.now() - timedelta(days=1))

    page = client.get(url("detail", round_))

    assert len(page.context["act"].blockers) == 3
    for words in ("lower the quorum", "nobody may do both", "set a later one"):
        assert words in page.text
    assert url("ready", round_) not in page.text
    refusal = client.post(url("ready", round_))
    assert refusal.status_code == 409
    assert "lower the quorum" in refusal.text
    assert "nobody may do both" in refusal.text


def test_a_blocker_is_put_right_by_changing_the_draft(client, manager):
    round_ = make_round(state=RoundState.DRAFT, manager=manager, parents=[None, "infra"])
    Round.objects.update(deadline=timezone.now() - timedelta(days=1))
    form = client.get(url("revise", round_)).context["form"]
    assert {choice.value for choice in form.group_choices() if choice.is_chosen} == {"root", "under:infra"}

    refused = client.post(url("revise", round_), said(panel=round_.panel_id, quorum=1))
    assert refused.status_code == 422
    response = client.post(url("revise", round_), said(panel=round_.panel_id, groups=["under:industry"]))

    assert response.url == url("detail", round_)
    page = client.get(response.url)
    assert page.context["act"].blockers == []
    assert [parent.code for parent, _nodes in page.context["groups"]] == ["industry"]


def test_an_open_round_is_not_changed(client, manager):
    round_ = make_round(manager=manager)

    assert url("revise", round_) not in client.get(url("detail", round_)).text
    assert client.post(url("revise", round_), said(panel=round_.panel_id)).status_code == 409


def test_an_open_round_shows_who_took_part_and_no_score(client, manager):
    """Two rounds with the same participation and other scores look the same to the byte."""

    def page_of(score):
        round_ = make_round(manager=manager, sealed=3, scores=lambda _place, _code: score, panel=panel)
        page = client.get(url("detail", round_))
        assert [(i.started, i.sealed) for i in page.context["invitations"]] == [(True, True)] * 3 + [
            (False, False)
        ] * 2
        text = page.text.replace(round_.questionnaire_hash, "").replace(round_.framework.name, "")
        text = re.sub(r'csrfmiddlewaretoken" value="\w+|X-CSRFToken": "\w+|<time[^>]*>[^<]*', "", text)
        return re.sub(r"/rounds/\d+/(invitations/\d+/)?|number=\d+", "", text)

    panel = make_panel(owner=manager)
    assert page_of(1) == page_of(5)


def test_a_closed_round_shows_receipts_and_root(client, manager):
    round_ = make_round(state=RoundState.CLOSED, manager=manager)

    page = client.get(url("detail", round_))
    receipts = receipts_of(round_)
    places = [page.text.index(receipt) for receipt in receipts]
    assert len(places) == 5
    assert places == sorted(places)
    assert round_.receipt_root in page.text


def test_a_round_closed_early_says_when_beside_the_deadline_that_was_set(client, manager):
    round_ = make_round(manager=manager, time_zone="Asia/Shanghai")
    deadline, closed = datetime(2030, 5, 9, 8, tzinfo=UTC), datetime(2030, 5, 1, 8, 30, tzinfo=UTC)
    Round.objects.update(deadline=deadline)
    assert "Deadline that was set" not in client.get(url("detail", round_)).text

    close_round(round_, actor=manager)
    Round.objects.update(deadline=deadline, closed_at=closed)
    text = client.get(url("detail", round_)).text
    assert "1 May 2030, 16:30" in text
    assert "before its deadline" in text
    assert "Deadline that was set" in text
    Round.objects.update(closed_at=deadline)
    assert "before its deadline" not in client.get(url("detail", round_)).text


def test_a_round_below_its_minimum_is_not_aggregated(client, manager):
    round_ = make_round(state=RoundState.CLOSED, manager=manager, sealed=4)

    assert "4 ballots are sealed and 5 are needed" in client.get(url("detail", round_)).text
    assert client.post(url("aggregate", round_)).status_code == 409
    assert not WeightVersion.objects.exists()


def test_closing_says_how_many_have_not_sealed(client, manager):
    round_ = make_round(manager=manager, sealed=3)

    assert "2 experts have not sealed" in client.get(url("close", round_)).text


def test_a_round_past_its_deadline_waits_to_be_closed(client, manager):
    round_ = make_round(manager=manager, sealed=3)
    Round.objects.update(deadline=timezone.now() - timedelta(minutes=1))

    page = client.get(url("detail", round_))
    assert page.context["act"].url == url("close", round_)
    assert "The deadline has passed" in page.text


def test_the_deadline_moves_later_only(client, manager):
    round_ = make_round(manager=manager)
    earlier = timezone.localtime() + timedelta(days=1)
    later = timezone.localtime() + timedelta(days=30)

    refused = client.post(url("extend", round_), {"deadline": earlier.strftime("%Y-%m-%dT%H:%M")})
    assert refused.status_code == 422
    assert "only moves later" in refused.text
    client.post(url("extend", round_), {"deadline": later.strftime("%Y-%m-%dT%H:%M")})

    round_.refresh_from_db()
    assert timezone.localtime(round_.deadline) == later.replace(second=0, microsecond=0)


def test_a_round_is_voided_for_a_reason_that_stays(client, manager):
    round_ = make_round(manager=manager, sealed=2)

    assert client.post(url("void", round_), {"reason": " "}).status_code == 422
    client.post(url("void", round_), {"reason": "The list was wrong."})

    page = client.get(url("detail", round_)).text
    assert "The list was wrong." in page
    assert url("void", round_) not in page
    assert client.post(url("void", round_), {"reason": "again"}).status_code == 409


@pytest.mark.parametrize("name", POST_ONLY)
def test_what_changes_something_is_posted(client, manager, name):
    round_ = make_round(state=RoundState.DRAFT, manager=manager)

    assert client.get(url(name, round_)).status_code == 405


@pytest.mark.parametrize("role", ["manager", "analyst"])
@pytest.mark.parametrize("name", ["detail", *POST_ONLY, *ASKING])
def test_a_round_of_somebody_else_is_not_found(client, role, name):
    round_ = make_round()
    sign_in_staff(client, make_account(role=role))

    if name not in POST_ONLY:
        assert client.get(url(name, round_)).status_code == 404
    if name != "detail":
        assert client.post(url(name, round_), {"reason": "x"}).status_code == 404
    round_.refresh_from_db()
    assert round_.state == RoundState.OPEN


def test_the_list_shows_own_rounds_with_counts_of_people(client, manager):
    make_round(manager=manager, sealed=3)
    make_round()

    rounds = client.get(LIST).context["rounds"]
    assert [(r.invited, r.started, r.sealed) for r in rounds] == [(5, 3, 3)]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number_of_rows(client, manager, django_assert_num_queries, rows):
    for _ in range(rows):
        make_round(state=RoundState.DRAFT, manager=manager)
    with django_assert_num_queries(4):
        assert client.get(LIST).status_code == 200


@pytest.mark.parametrize("size", [4, 20])
def test_the_page_costs_the_same_for_any_size_of_panel(client, manager, django_assert_num_queries, size):
    round_ = make_round(manager=manager, panel=make_panel(size))
    write_invitations(round_, actor=manager)
    client.get(url("detail", round_))
    with django_assert_num_queries(13):
        client.get(url("detail", round_))


def test_a_series_that_kept_its_links_is_ended_from_its_page(client, manager):
    round_ = make_round(manager=manager)
    Round.objects.update(feedback=Feedback.OWN)
    for invitation in round_.invitations.select_related("round"):
        fill_ballot(invitation)
        seal_ballot(claim_of(invitation))
    client.post(url("close", round_))
    assert url("end-series", round_) in client.get(url("detail", round_)).text

    assert "No ballot of this series can be found" in client.get(url("end-series", round_)).text
    client.post(url("end-series", round_))

    assert not bears_locks(round_)
    assert url("end-series", round_) not in client.get(url("detail", round_)).text


def test_who_has_no_round_yet_sees_what_is_done_and_what_is_next_with_an_example_to_copy(client, manager):
    def steps():
        shown = client.get(LIST)
        return [step.is_done for step in shown.context["steps"]], shown.content.decode()

    done, shown = steps()
    assert done == [False, False, False]
    assert reverse("indexer:example-file", args=["framework", "csv"]) in shown
    make_framework(owner=manager)
    done, shown = steps()
    assert done == [True, False, False]
    assert f'class="button" href="{reverse("weighting:panel-import")}"' in shown
    make_round(manager=manager)
    assert "steps" not in client.get(LIST).context


def test_the_list_says_of_a_round_that_is_over_when_it_closed_and_not_until_when_it_might_have_run(
    client, manager
):
    open_, closed, void = (make_round(manager=manager, sealed=5) for _round in range(3))
    close_round(closed, actor=manager)
    void_round(void, reason="the wrong panel", actor=manager)
    closed.refresh_from_db()
    page = client.get(LIST).text

    assert page.count(open_.deadline_text) == 1
    assert re.search(rf"Closed: <time [^>]*>{re.escape(closed.closed_text)}</time>", page)
