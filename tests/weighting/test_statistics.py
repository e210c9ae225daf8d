"""The statistics of an aggregated round: who reads them, what they hold, and what they withhold."""

import csv
import io
import re

import numpy as np
import pytest
from django.urls import reverse

from tests.factories import (
    ballot_of,
    make_account,
    make_framework,
    make_panel,
    make_round,
    mark_aggregated,
    sign_in_expert,
    sign_in_staff,
)
from tools import verify_weight_version
from weighting.enums import ConsensusMeasure, ExclusionRule, Role, RoundState, Rule, Sector
from weighting.exceptions import NotReported
from weighting.models import Ballot, Expert, Indicator, Invitation
from weighting.numeric.agreement import intraclass_correlation, kendall_w
from weighting.numeric.ordering import display_order
from weighting.selectors.rounds import asked_groups_of, counted_ballots_of, invitations_of, scores_on
from weighting.selectors.statistics import comments_of, round_statistics
from weighting.services.rounds import close_round, void_round
from weighting.services.versions import aggregate_round, freeze_version

pytestmark = pytest.mark.django_db
NAMES = ["round-statistics", "round-statistics-export", "round-report"]


def scores_of(place, code):
    return (place * 7 + len(code) * 3) % 5 + 1


def page(name, round_):
    return reverse(f"weighting:{name}", args=[round_.pk])


def set_sectors(panel, sizes):
    """Give the experts, in order of their codes, sectors in the sizes asked for."""
    wanted = [sector for sector, size in sizes.items() for _ in range(size)]
    for expert, sector in zip(panel.experts.order_by("code"), wanted, strict=True):
        Expert.objects.filter(pk=expert.pk).update(sector=sector)


def reported_round(size=6, **options):
    """Return a round whose statistics are open, made of however few ballots or answers."""
    return mark_aggregated(closed_round(size, **options))


def closed_round(size=6, *, state=RoundState.CLOSED, **options):
    return make_round(state=state, panel=make_panel(size), scores=options.pop("scores", scores_of), **options)


def excluding_round(size, uniform, **options):
    """A round that leaves out uniform ballots, of which the first experts give some."""
    scores = lambda place, code: 4 if place < uniform else scores_of(place, code)  # noqa: E731
    round_ = make_round(panel=make_panel(size), sealed=size, scores=scores, **options)
    round_.exclusion = ExclusionRule.UNIFORM
    round_.save()
    return close_round(round_, actor=round_.managers.get())


def sector_round(sizes, *, sealed=None, rule=Rule.NORMALISED_SUM, scores=scores_of):
    panel = make_panel(sum(sizes.values()))
    set_sectors(panel, sizes)
    round_ = make_round(panel=panel, sealed=sealed or sum(sizes.values()), rule=rule, scores=scores)
    return close_round(round_, actor=round_.managers.get())


def reported_sectors(sizes, **options):
    return mark_aggregated(sector_round(sizes, **options))


# --- who sees them -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.READY, RoundState.OPEN, RoundState.CLOSED])
def test_before_the_aggregate_there_is_no_such_page_for_anybody(client, name, state):
    round_ = make_round(state=state, sealed=5 if state == RoundState.OPEN else None)
    people = [
        round_.managers.get(),
        *(make_account(role) for role in ("administrator", "analyst", "manager")),
    ]
    for account in people:
        assert sign_in_staff(client, account).get(page(name, round_)).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_an_expert_and_a_stranger_see_no_statistics_ever(client, name):
    other = make_round()
    round_ = closed_round()
    assert client.get(page(name, round_)).status_code in (302, 404)
    expert = sign_in_expert(client, Invitation.objects.filter(round=other).first())
    assert expert.get(page(name, round_)).status_code in (302, 404)


@pytest.mark.parametrize("name", NAMES)
def test_once_aggregated_only_its_managers_and_administrators_read_them(client, name):
    round_ = closed_round(state=RoundState.AGGREGATED)
    answers = {
        account.role if account != round_.managers.get() else "own": sign_in_staff(client, account)
        .get(page(name, round_))
        .status_code
        for account in [
            round_.managers.get(),
            *(make_account(role) for role in (Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR)),
        ]
    }
    assert answers == {"own": 200, "manager": 404, "analyst": 404, "administrator": 200}


@pytest.mark.parametrize("name", NAMES)
def test_an_analyst_reads_them_once_a_frozen_version_came_of_the_round(client, name):
    round_ = closed_round(state=RoundState.AGGREGATED)
    sign_in_staff(client, make_account(Role.ANALYST))
    assert client.get(page(name, round_)).status_code == 404

    freeze_version(round_.weight_versions.get(), actor=round_.managers.get())

    assert client.get(page(name, round_)).status_code == 200


def test_comments_are_for_managers_alone(client):
    round_ = closed_round(state=RoundState.AGGREGATED)
    Ballot.objects.filter(round=round_).update(sealed_comments={"infra": "In my own unmistakable words"})
    freeze_version(round_.weight_versions.get(), actor=round_.managers.get())
    address = page("round-statistics", round_)

    assert b"unmistakable" in sign_in_staff(client, round_.managers.get()).get(address).content
    assert b"unmistakable" not in sign_in_staff(client, make_account(Role.ANALYST)).get(address).content


@pytest.mark.parametrize("name", NAMES)
def test_a_void_round_has_none(client, name):
    round_ = closed_round()
    void_round(round_, reason="mistake", actor=round_.managers.get())
    assert sign_in_staff(client, round_.managers.get()).get(page(name, round_)).status_code == 404


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED])
def test_the_selector_itself_refuses_a_round_without_an_aggregate(state):
    with pytest.raises(NotReported):
        round_statistics(make_round(state=state))


# --- below k --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_below_k_everything_is_withheld_and_at_k_it_is_not(client, name):
    """The control is the same round with one ballot more."""
    below, enough = (reported_round(6, sealed=n) for n in (4, 5))
    for round_, status in [(below, 409), (enough, 200)]:
        response = sign_in_staff(client, round_.managers.get()).get(page(name, round_))
        assert response.status_code == status
    with pytest.raises(NotReported):
        comments_of(below)


def test_ballots_left_out_do_not_fill_the_panel_up_to_k():
    with pytest.raises(NotReported):
        round_statistics(mark_aggregated(excluding_round(6, uniform=2)))
    assert round_statistics(mark_aggregated(excluding_round(7, uniform=2))).counted == 5


def test_an_item_that_fewer_than_k_answered_is_withheld():
    answers = lambda place, code: None if code == "travel" and place < 2 else scores_of(place, code)  # noqa: E731
    statistics = round_statistics(reported_round(6, rule=Rule.NORMALISED_MEAN, scores=answers))
    items = {item.indicator.code: item for item in statistics.items}

    assert not items["travel"].is_reported
    assert items["travel"].mean is items["travel"].consensus is None
    assert items["travel"].scores == []
    assert items["retail"].is_reported
    group = next(g for g in statistics.groups if g.parent and g.parent.code == "industry")
    assert group.agreement.experts == 4
    assert group.agreement.concordance is None


# --- what they hold -------------------------------------------------------------------------------


def test_the_figures_are_those_of_the_ballots():
    round_ = reported_round(7)
    statistics = round_statistics(round_)
    scores = np.array(
        [[scores_of(place, item.indicator.code) for item in statistics.items] for place in range(7)]
    )

    for item, column in zip(statistics.items, scores.T, strict=True):
        assert item.scores == [int((column == value).sum()) for value in range(1, 6)]
        assert item.mean == pytest.approx(column.mean())
        assert item.median == np.median(column)
        assert item.iqr == pytest.approx(np.subtract(*np.quantile(column, [0.75, 0.25])))
        assert item.cv == pytest.approx(column.std(ddof=1) / column.mean())
        assert item.important == pytest.approx((column >= 4).mean())
    assert statistics.whole.concordance.w == pytest.approx(kendall_w(scores).w)
    assert statistics.whole.icc.single == pytest.approx(intraclass_correlation(scores).single)
    assert [len(group.items) for group in statistics.groups] == [2, 2, 3]


def test_an_icc_that_means_nothing_says_so_everywhere(client):
    """Six experts swap two items: BMS = JMS = 0, so ICC(2,k) = 2 and ICC(2,1) = -1/2."""
    round_ = reported_round(6, scores=lambda place, code: 1 + (place + ord(code[-1])) % 2)
    sign_in_staff(client, round_.managers.get())
    page = client.get(reverse("weighting:round-statistics", args=[round_.pk])).content.decode()
    told = client.get(reverse("weighting:api-round-statistics", args=[round_.pk])).json()
    rows = client.get(reverse("weighting:round-statistics-export", args=[round_.pk])).content.decode(
        "utf-8-sig"
    )
    assert "2.000 (not interpretable)" in page
    pairs = [group["agreement"]["icc"] for group in told["groups"] if group["agreement"]["items"] == 2]
    assert {"average": 2.0, "average_is_interpretable": False} in [
        {"average": round(icc["average"], 9), "average_is_interpretable": icc["average_is_interpretable"]}
        for icc in pairs
    ]
    lines = list(csv.DictReader(io.StringIO(rows)))
    assert {"no"} <= {line["ICC(2,k) interpretable"] for line in lines}
    assert {"yes"} == {line["ICC(2,1) interpretable"] for line in lines if line["ICC(2,1) of the group"]}


def test_consensus_follows_the_rounds_own_rule():
    round_ = reported_round(10, scores=lambda place, code: 5 if place < 7 else 1)
    round_.consensus_measure, round_.consensus_threshold = ConsensusMeasure.AGREEMENT, 0.7
    assert round_statistics(round_).consensus_count == 7
    round_.consensus_threshold = 0.71
    assert round_statistics(round_).consensus_count == 0
    round_.consensus_measure, round_.consensus_threshold = ConsensusMeasure.IQR, 1.0
    assert round_statistics(round_).consensus_count == 0


def test_flags_follow_the_order_that_each_ballot_showed():
    """One expert answers 2 to the first half of what the screen shows: no string in file order."""
    round_ = make_round(panel=make_panel(8), sealed=8, scores=scores_of)
    lazy = ballot_of(invitations_of(round_)[0])
    order = []
    for _parent, group in asked_groups_of(round_):
        order += [group[place].code for place in display_order(round_.seed, lazy.order_key, len(group))]
    lazy.sealed_scores = {code: 2 if rank < 4 else 1 + 2 * (rank % 3) for rank, code in enumerate(order)}
    lazy.save()
    round_ = mark_aggregated(close_round(round_, actor=round_.managers.get()))
    numbers = {ballot.order_key: number for number, ballot in enumerate(counted_ballots_of(round_), start=1)}

    flagged = {flag.number for flag in round_statistics(round_).flags if flag.long_string}

    assert numbers[lazy.order_key] in flagged


def test_comments_lose_their_ballot_but_keep_their_words():
    round_ = reported_round(5)
    for number, ballot in enumerate(Ballot.objects.filter(round=round_)):
        ballot.sealed_comments = {"infra": f"infra {number}", "retail": f"retail {number}"}
        ballot.save()

    comments = {node.code: texts for node, texts in comments_of(round_)}

    assert sorted(comments["infra"]) == [f"infra {number}" for number in range(5)]
    places = {code: [text.split()[1] for text in texts] for code, texts in comments.items()}
    assert places["infra"] != places["retail"] or places["infra"] != sorted(places["infra"])


def test_the_close_keeps_comments_order_and_medium():
    round_ = make_round(panel=make_panel(5), sealed=5, scores=scores_of)
    Ballot.objects.filter(round=round_).update(sealed_comments={"infra": "kept"}, medium="sheet")
    keys = set(Ballot.objects.filter(round=round_).values_list("order_key", flat=True))

    close_round(round_, actor=round_.managers.get())

    ballots = Ballot.objects.filter(round=round_)
    assert {ballot.order_key for ballot in ballots} == keys
    assert {ballot.medium for ballot in ballots} == {"sheet"}
    assert [ballot.sealed_comments for ballot in ballots] == [{"infra": "kept"}] * 5


# --- exclusion ------------------------------------------------------------------------------------


def test_uniform_ballots_count_for_nothing_and_the_version_says_how_many():
    round_ = excluding_round(8, uniform=2)
    version = aggregate_round(round_, actor=round_.managers.get())
    round_.refresh_from_db()

    assert round_.excluded_count == 2
    counts = scores_on(
        counted_ballots_of(round_), [Indicator.objects.get(framework=round_.framework, code="infra")]
    )
    assert len(counts) == 6
    assert round_statistics(round_).excluded == 2
    manifest = freeze_version(version, actor=round_.managers.get()).manifest
    assert b'"excluded":2' in manifest


def test_a_stranger_can_verify_a_version_with_ballots_left_out(tmp_path, capsys):
    """The counts of each item sum to sealed minus excluded, and give the weights; tampering shows."""
    round_ = excluding_round(8, uniform=2)
    version = aggregate_round(round_, actor=round_.managers.get())
    content = bytes(freeze_version(version, actor=round_.managers.get()).manifest)
    file = tmp_path / "manifest.json"

    file.write_bytes(content)
    assert verify_weight_version.main([str(file)]) == 0
    file.write_bytes(content.replace(b'"excluded":2', b'"excluded":1'))
    assert verify_weight_version.main([str(file)]) == 1


def test_the_control_without_the_rule_counts_them():
    round_ = reported_round(8, scores=lambda place, code: 4 if place < 2 else scores_of(place, code))
    assert round_statistics(round_).counted == 8


# --- pages and files ------------------------------------------------------------------------------


def test_the_page_is_titled_by_its_finding(client):
    order = {"infra": 5, "industry": 4, "fixed": 1, "mobile": 2, "retail": 3, "finance": 2, "travel": 1}
    round_ = reported_round(8, scores=lambda place, code: order[code])
    html = sign_in_staff(client, round_.managers.get()).get(page("round-statistics", round_)).content.decode()
    assert "<h1>The panel agrees unusually strongly: W = 1.00</h1>" in html
    assert html.count("data-chart") == 3


def test_figures_of_groups_that_agree_alike_have_titles_of_their_own(client):
    groups = {"a": {"a1": {}, "a2": {}}, "b": {"b1": {}, "b2": {}}}
    round_ = reported_round(framework=make_framework(groups), scores=lambda place, code: 4)
    response = sign_in_staff(client, round_.managers.get()).get(page("round-statistics", round_))
    assert [section["figure"].spec["usermeta"]["title"] for section in response.context["sections"]] == [
        "The whole index: Consensus on 2 of 2 items",
        "Indicator a: Consensus on 2 of 2 items",
        "Indicator b: Consensus on 2 of 2 items",
    ]


def test_disagreement_is_said_as_such(client):
    round_ = reported_round(
        10, scores=lambda place, code: int(np.random.default_rng([place, len(code)]).integers(1, 6))
    )
    html = sign_in_staff(client, round_.managers.get()).get(page("round-statistics", round_)).content.decode()
    assert "no more than chance would" in html


def test_the_file_has_a_line_for_each_item_and_its_head_in_the_visitors_language(client):
    round_ = reported_sectors({Sector.ACADEMIC: 5, Sector.INDUSTRY: 6})
    sign_in_staff(client, round_.managers.get())
    response = client.get(page("round-statistics-export", round_), headers={"accept-language": "zh-hans"})
    header, *rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))

    assert len(rows) == 7
    assert all(len(row) == len(header) for row in rows)
    statistics = round_statistics(round_)
    mean = client.get(page("round-statistics-export", round_), headers={"accept-language": "en"})
    assert "Kendall's W of the group" in mean.content.decode()
    assert [row[0] for row in rows] == [item.indicator.code for item in statistics.items]


def test_formulas_in_names_are_neutralised(client):
    round_ = reported_round()
    Indicator.objects.filter(framework=round_.framework, code="infra").update(name_en="=cmd|'/c calc'!A1")
    body = sign_in_staff(client, round_.managers.get()).get(page("round-statistics-export", round_)).content
    assert b"'=cmd" in body


def test_the_report_holds_what_a_reader_needs(client):
    round_ = closed_round(7, state=RoundState.AGGREGATED)
    version = freeze_version(round_.weight_versions.get(), actor=round_.managers.get())
    html = sign_in_staff(client, round_.managers.get()).get(page("round-report", round_)).content.decode()
    for needed in [
        round_.questionnaire_hash,
        round_.receipt_root,
        round_.framework.sha256,
        version.manifest_hash,
        "interquartile range at most 1",
        "7 of 7 invited experts sealed a ballot (100 %)",
        "verify_weight_version.py",
        "Opened",
        "Closed",
    ]:
        assert needed in html, needed


@pytest.mark.parametrize("name", NAMES)
def test_more_ballots_and_more_groups_cost_no_more_queries(client, name, django_assert_num_queries):
    small = closed_round(5, state=RoundState.AGGREGATED, framework=make_framework({"a": {}, "b": {}}))
    large = closed_round(12, state=RoundState.AGGREGATED)
    counted = {"round-statistics": 6, "round-statistics-export": 5, "round-report": 11}[name]
    for round_ in (small, large):
        sign_in_staff(client, round_.managers.get())
        with django_assert_num_queries(counted):
            assert client.get(page(name, round_)).status_code == 200


def test_the_page_begins_with_what_divides_the_panel_most_and_leads_to_every_part(client):
    round_ = reported_round()
    response = sign_in_staff(client, round_.managers.get()).get(page("round-statistics", round_))
    spreads = [(item.iqr, item.cv or 0) for item in response.context["divided"]]
    assert len(spreads) > 1
    assert spreads == sorted(spreads, reverse=True)
    content = response.content.decode()
    for address in re.findall(r'<li><a href="#([\w-]+)"', content):
        assert f'id="{address}"' in content
