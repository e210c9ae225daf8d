from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from tests.factories import make_account, make_framework, make_panel, make_round, sign_in_staff
from tests.weighting.test_round_pages import NEW, said, url
from weighting.enums import Feedback, RoundState
from weighting.exceptions import Refused
from weighting.manifest import build_questionnaire
from weighting.models import Expert, Indicator, Invitation, Round
from weighting.selectors.preflight import opening_blockers, preflight_of
from weighting.selectors.rounds import items_of
from weighting.services.rounds import extend_deadline, open_round, ready_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return make_round(state=RoundState.DRAFT)


def series(**earlier):
    """An aggregated round, and a draft of the same manager, framework and panel that follows it."""
    manager = make_account()
    framework, panel = make_framework(owner=manager), make_panel(owner=manager)
    first, second = (
        make_round(state=state, manager=manager, framework=framework, panel=panel)
        for state in (RoundState.AGGREGATED, RoundState.DRAFT)
    )
    Round.objects.filter(pk=first.pk).update(**{"feedback": Feedback.GROUP, **earlier})
    first.refresh_from_db()
    second.follows = first
    second.save()
    return first, second


def test_a_good_draft_passes_every_check(draft):
    assert len(preflight_of(draft)) == 7
    assert opening_blockers(draft) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"languages": []}, "choose at least one"),
        ({"consensus_threshold": 4.5}, "between 0 and 4"),
        ({"consensus_measure": "agreement", "consensus_threshold": 75}, "0.75"),
        ({"consensus_measure": "agreement", "consensus_threshold": 0}, "above 0"),
        ({"time_zone": "Mars/Olympus"}, "not known here"),
        ({"deadline": datetime(2001, 1, 1, tzinfo=UTC)}, "set a later one"),
    ],
)
def test_each_wrong_term_is_a_blocker_with_its_remedy(draft, fields, words):
    for name, value in fields.items():
        setattr(draft, name, value)
    (blocker,) = opening_blockers(draft)
    assert words in blocker


@pytest.mark.parametrize(
    ("size", "quorum", "minimum", "warns"),
    [(5, 5, 5, True), (5, 5, 4, True), (5, 4, 5, True), (5, 4, 4, False), (6, 5, 5, False), (4, 2, 4, True)],
)
def test_a_panel_of_which_nobody_may_stay_away_is_warned_of(client, size, quorum, minimum, warns):
    manager = make_account()
    round_ = make_round(
        state=RoundState.DRAFT,
        manager=manager,
        panel=make_panel(size=size),
        quorum=quorum,
        minimum_panel=minimum,
    )
    assert opening_blockers(round_) == []
    assert sum(len(check.warnings) for check in preflight_of(round_)) == warns

    sign_in_staff(client, manager)
    pages = {
        language: client.get(url("detail", round_), headers={"accept-language": language}).text
        for language in ("en", "zh-hans")
    }
    assert ("One expert who stays away" in pages["en"]) is warns
    assert ("只要有一位专家缺席" in pages["zh-hans"]) is warns


def test_a_language_without_names_is_a_blocker_and_says_which(draft):
    Indicator.objects.filter(code__in=["fixed", "infra"]).update(name_en="")
    (blocker,) = opening_blockers(draft)
    assert "2 indicators have no name in English (infra, fixed)" in blocker


def test_a_framework_in_one_language_is_shown_in_it_on_a_ballot_of_both(draft):
    Indicator.objects.update(name_en="")
    assert opening_blockers(draft) == []

    draft.languages = ["zh-hans"]
    assert opening_blockers(draft) == []


def test_a_following_round_of_an_aggregated_one_may_open():
    _first, second = series()
    assert opening_blockers(second) == []


@pytest.mark.parametrize(
    ("earlier", "words"),
    [
        ({"feedback": Feedback.NONE}, "promised its panel no feedback"),
        ({"state": "void"}, "is not aggregated"),
        ({"state": "closed"}, "aggregate it first"),
    ],
)
def test_a_round_follows_only_what_promised_feedback_and_is_aggregated(earlier, words):
    _first, second = series(**earlier)
    (blocker,) = opening_blockers(second)
    assert words in blocker


def test_a_series_keeps_its_framework_and_panel_and_does_not_branch():
    first, second = series()
    Round.objects.filter(pk=second.pk).update(panel=make_panel())
    make_round(state=RoundState.DRAFT)
    other = make_round(state=RoundState.DRAFT, framework=first.framework, panel=first.panel)
    Round.objects.filter(pk=other.pk).update(follows=first)
    second.refresh_from_db()

    blockers = opening_blockers(second)
    assert ["keeps the framework" in blockers[0], "Another round follows" in blockers[1]] == [True, True]


def test_the_questionnaire_holds_every_term():
    first, second = series()
    before = build_questionnaire(second, items_of(second))
    changes = {
        "time_zone": "Europe/Berlin",
        "languages": ["en"],
        "consensus_measure": "agreement",
        "consensus_threshold": 0.75,
        "exclusion": "uniform",
        "feedback": "own",
        "follows": None,
    }
    for name, value in changes.items():
        changed = Round.objects.get(pk=second.pk)
        setattr(changed, name, value)
        assert build_questionnaire(changed, items_of(changed)) != before, name
    assert first.questionnaire_hash.encode() in before


def test_the_page_shows_passed_and_failed_checks(client):
    manager = make_account()
    sign_in_staff(client, manager)
    round_ = make_round(state=RoundState.DRAFT, manager=manager, panel=make_panel(size=6))
    Round.objects.update(consensus_threshold=9)

    page = client.get(url("detail", round_)).text
    assert page.count('class="check"') == 6
    assert page.count("check--failed") == 1
    assert "between 0 and 4" in page


def test_the_deadline_is_meant_in_the_chosen_zone_and_shown_with_it(client):
    manager = make_account()
    sign_in_staff(client, manager)
    address = f"{NEW}?framework={make_framework().pk}&panel={make_panel(owner=manager).pk}"
    client.post(address, said(deadline="2031-07-01T18:00", time_zone="Europe/Berlin"))

    round_ = Round.objects.get()
    assert round_.deadline == datetime(2031, 7, 1, 16, tzinfo=UTC)
    page = client.get(url("detail", round_)).text
    assert "1 Jul 2031, 18:00 (Europe/Berlin, UTC+02:00)" in page
    form = client.get(url("revise", round_)).text
    assert 'value="2031-07-01T18:00"' in form


def test_an_hour_that_no_clock_shows_is_refused(client):
    manager = make_account()
    sign_in_staff(client, manager)
    address = f"{NEW}?framework={make_framework().pk}&panel={make_panel(owner=manager).pk}"
    answer = client.post(address, said(deadline="2031-03-30T02:30", time_zone="Europe/Berlin"))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"deadline"}


def test_only_own_aggregated_rounds_with_feedback_are_offered_to_follow(client):
    first, second = series()
    sign_in_staff(client, first.managers.get())
    make_round(state=RoundState.AGGREGATED)

    form = client.get(f"{NEW}?framework={first.framework_id}&panel={first.panel_id}").context["form"]
    assert list(form.fields["follows"].queryset) == [first]
    answer = client.post(url("revise", second), said(panel=second.panel_id, follows=first.pk))
    assert answer.status_code == 302
    second.refresh_from_db()
    assert second.follows == first

    other = client.get(f"{NEW}?framework={make_framework().pk}&panel={first.panel_id}").context["form"]
    assert "follows" not in other.fields


def test_a_following_round_begins_with_the_rules_of_the_one_before(client):
    first, _second = series(quorum=3, minimum_panel=4, exclusion="uniform", consensus_threshold=1.5)
    first.items.exclude(indicator__parent__code="infra").delete()
    sign_in_staff(client, first.managers.get())
    here = f"{NEW}?framework={first.framework_id}&panel={first.panel_id}"

    form = client.get(f"{here}&follows={first.pk}").context["form"]
    names = ["quorum", "minimum_panel", "exclusion", "consensus_threshold", "groups", "feedback", "title_en"]
    assert [form[name].value() for name in names] == [3, 4, "uniform", 1.5, ["under:infra"], "none", None]
    for unknown in ("", "&follows=", "&follows=no-number", "&follows=999999"):
        assert client.get(f"{here}{unknown}").context["form"]["exclusion"].value() == "none"


def test_a_moved_deadline_is_announced_as_a_dated_note_in_both_languages():
    round_ = make_round()
    with translation.override("zh-hans"):
        extend_deadline(round_, deadline=timezone.now() + timedelta(days=9), actor=round_.managers.get())

    note = round_.notes.get()
    assert note.text_en.startswith("The deadline moved from ")
    assert note.text_en.count("Asia/Shanghai, UTC+08:00") == 2
    assert note.created_by == round_.managers.get()


def test_ready_and_open_refuse_what_the_preflight_finds(draft):
    actor = draft.managers.get()
    ready = ready_round(draft, actor=actor)
    Round.objects.update(consensus_threshold=-1)
    with pytest.raises(Refused, match="between 0 and 4"):
        open_round(ready, actor=actor)


def test_whoever_was_taken_off_the_round_before_is_named_before_they_are_asked_again():
    first, second = series()
    warnings = {str(check.label): check.warnings for check in preflight_of(second)}
    assert warnings["The series holds together"] == []

    gone = Expert.objects.filter(panel=first.panel).order_by("code")[1:3]
    Invitation.objects.filter(round=first, expert__in=gone).update(removed=True)
    warnings = {str(check.label): check.warnings for check in preflight_of(second)}
    [told] = warnings["The series holds together"]
    assert told.startswith(f"{gone[0].name}, {gone[1].name} were removed from the round before")
    assert opening_blockers(second) == []
