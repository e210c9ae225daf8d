import csv
import io

import numpy as np
import pytest
from django.urls import reverse

from indexer.forms.what_if import percent_text
from indexer.models import Run
from indexer.numeric.scores.weight_state import WHOLE, state_text
from indexer.selectors import what_if as what_if_selectors
from indexer.selectors.what_if import what_if_of
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.composites import ranks_of, standings
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role, VersionSource, VersionStatus
from weighting.models import AuditEntry, Indicator, WeightVersion
from weighting.services.versions import freeze_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager_browser(client):
    return sign_in_staff(client, make_account(Role.MANAGER))


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    return make_runs(random_values(12), tilts=[None])[0]


def page_of(run):
    return reverse("indexer:run-what-if", args=[run.pk])


def tilted(run, group=0):
    """A state that gives the first of a group 70 % and the others what is left, evenly."""
    size = len(what_if_of(run).tree.groups[group])
    units = [700_000, *[300_000 // (size - 1)] * (size - 1)]
    units[-1] += WHOLE - sum(units)
    return {group: np.array(units)}


def test_its_own_weights_give_the_runs_own_ranks(manager_browser, run):
    tried = manager_browser.get(page_of(run)).context["tried"]
    stored = ranks_of(run)
    assert {city.pk: rank for city, rank in zip(tried.cities, tried.ranks, strict=True)} == stored
    assert tried.mean_shift == tried.moved == tried.swaps(5)[0] == 0


def test_other_weights_rank_as_a_frozen_version_of_them_does(manager_browser, run):
    """The draft of tried weights, frozen and computed, has the same bits as what was seen."""
    text = state_text(tilted(run))
    tried = what_if_of(run, text)
    said = {"w": text, "label_zh": "试", "label_en": "Tried", "reason": "Does it hold?"}
    response = manager_browser.post(page_of(run) + "draft/", said)
    draft = WeightVersion.objects.get(status=VersionStatus.DRAFT)
    assert response.url == reverse("weighting:version-detail", args=[draft.pk])
    assert draft.source == VersionSource.EDITED
    assert draft.parent_id == run.weight_version_id
    assert AuditEntry.objects.filter(act="draft", subject_id=draft.pk).exists()
    freeze_version(draft, actor=make_account(Role.ADMINISTRATOR))
    compute_waiting_runs(run.data_set_id)
    found = standings(Run.objects.get(weight_version=draft)).values()
    assert [one.rank for one in found] == tried.ranks.tolist()
    assert [one.score for one in found] == tried.scores.tolist()


def test_a_save_sent_twice_is_one_draft_and_any_other_save_its_own(client, manager_browser, run):
    said = {"w": state_text(tilted(run)), "label_zh": "试", "label_en": "Tried", "reason": "Does it hold?"}

    def save(**other):
        return client.post(page_of(run) + "draft/", said | other).url

    first = save()
    assert save() == first
    others = [save(label_en="Again"), save(reason="For the record"), save(w=state_text(tilted(run, 1)))]
    sign_in_staff(client, make_account(Role.MANAGER))
    others.append(save())
    assert len({first, *others}) == WeightVersion.objects.filter(status=VersionStatus.DRAFT).count() == 5


def test_typed_weights_are_rescaled_and_go_into_the_address(manager_browser, run):
    group = what_if_of(run).tree.groups[0].tolist()
    typed = {f"n{node}": text for node, text in zip(group, ("2", "1", *["0"] * 8), strict=False)}
    response = manager_browser.post(page_of(run), {"w": "", **typed})
    tried = manager_browser.get(response.url).context["tried"]
    assert tried.local[group[0]] == 0.666667
    assert tried.local[group].sum() == pytest.approx(1)
    assert list(tried.state) == [0]


def test_what_is_typed_stands_and_the_others_share_the_rest_as_with_sliders(manager_browser, run):
    shown = what_if_of(run)
    group = shown.tree.groups[0].tolist()

    def tried(*said):
        fields = {f"n{node}": percent_text(shown.local[node]) for node in group}
        fields |= {f"n{node}": text for node, text in zip(group, said, strict=False)}
        return (
            manager_browser.get(manager_browser.post(page_of(run), {"w": "", **fields}).url)
            .context["tried"]
            .local[group]
        )

    others = shown.local[group[1:]] / shown.local[group[1:]].sum()
    assert tried("50") == pytest.approx([0.5, *(0.5 * others)], abs=2e-6)
    assert tried("0") == pytest.approx([0, *others], abs=2e-6)
    assert tried("100") == pytest.approx([1, *(0 * others)], abs=2e-6)
    # What leaves nothing to the others is rescaled with them.
    whole = 3 + (1 - shown.local[group[0]])
    assert tried("300") == pytest.approx([3 / whole, *(shown.local[group[1:]] / whole)], abs=2e-6)


def test_equal_reset_and_what_was_not_touched(manager_browser, run):
    text = state_text(tilted(run))
    reset = manager_browser.post(page_of(run), {"w": text, "reset": "0"})
    assert reset.url == page_of(run)
    kept = manager_browser.post(page_of(run), {"w": text, "pin": "3.x.3"})
    assert kept.url == f"{page_of(run)}?w={text}&pin=3"
    equal = manager_browser.get(manager_browser.post(page_of(run), {"w": text, "equal": "0"}).url).context[
        "tried"
    ]
    assert np.ptp(equal.state[0]) <= 1


def test_every_wrong_weight_is_named_and_kept_as_typed(manager_browser, run):
    group = what_if_of(run).tree.groups[0].tolist()
    typed = {f"n{node}": text for node, text in zip(group, ("-1", "many", *["0"] * 8), strict=False)}
    response = manager_browser.post(page_of(run), {"w": "", **typed})
    text = response.content.decode()
    assert response.status_code == 422
    assert "“-1” is below zero" in text
    assert "“many”" in text
    assert 'value="many"' in text
    zeros = manager_browser.post(page_of(run), {"w": "", **{f"n{node}": "0" for node in group}})
    assert "are zero" in zeros.content.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [("2~0.lfls", "notation"), ("1~9.lfls", "no such group"), ("1~0.1", "number of indicators")],
)
def test_an_address_that_cannot_be_read_says_why(manager_browser, run, text, words):
    response = manager_browser.get(page_of(run), {"w": text})
    assert response.status_code == 400
    assert words in response.content.decode()
    answer = manager_browser.get(reverse("indexer:api-run-what-if", args=[run.pk]), {"w": text})
    assert answer.status_code == 400
    assert "states no weights" in answer.json()["w"][0]


def test_the_api_answers_with_a_page_of_the_ranks(manager_browser, run):
    address = reverse("indexer:api-run-what-if", args=[run.pk])
    whole = manager_browser.get(address).json()
    page = manager_browser.get(address, {"limit": 2, "offset": 1}).json()
    assert whole["count"] == page["count"] == len(whole["cities"])
    assert page["cities"] == whole["cities"][1:3]
    assert page["weights"] == whole["weights"]


def test_the_api_answers_with_all_ranks(manager_browser, run):
    text = state_text(tilted(run))
    answer = manager_browser.get(reverse("indexer:api-run-what-if", args=[run.pk]), {"w": text}).json()
    tried = what_if_of(run, text)
    assert [row["rank"] for row in answer["cities"]] == tried.ranks.tolist()
    assert answer["mean_absolute_shift"] == np.abs([row["shift"] for row in answer["cities"]]).mean() > 0
    assert answer["moved"] == tried.moved
    pairs = [
        (one, two)
        for one in answer["cities"]
        for two in answer["cities"]
        if one["nominal_rank"] < two["nominal_rank"] and one["rank"] > two["rank"]
    ]
    assert answer["swapped_pairs"] == len(pairs)
    assert [row["local_weight"] for row in answer["weights"]] == tried.local.tolist()


def test_the_file_holds_every_rank_and_the_weights(manager_browser, run):
    text = state_text(tilted(run))
    link = manager_browser.get(page_of(run), {"w": text}).context["saves"][0].url
    rows = list(csv.DictReader(io.StringIO(manager_browser.get(link).content.decode("utf-8-sig"))))
    tried = what_if_of(run, text)
    assert [int(row["Rank"]) for row in rows] == sorted(tried.ranks.tolist())
    assert {row["Weights tried"] for row in rows} == {text}
    assert [float(row["Composite score (% of the total)"]) for row in rows] == [
        tried.scores[place] * 100 for place in tried.order
    ]
    assert manager_browser.get(page_of(run) + "export/", {"w": "1~9.lfls"}).status_code == 404


def test_swaps_come_by_nominal_rank_and_movers_by_distance(run):
    tried = what_if_of(run, state_text(tilted(run)))
    total, swaps = tried.swaps(3)
    assert len(swaps) == min(3, total)
    uppers = [tried.nominal_ranks[swap.fell] for swap in swaps]
    assert uppers == sorted(uppers)
    rises, falls = tried.movers(4)
    assert tried.shifts[rises[0]] == tried.shifts.max()
    assert tried.shifts[falls[0]] == tried.shifts.min()


def test_the_values_are_sent_once_and_held_against_the_permissions_each_time(manager_browser, client, run):
    address = page_of(run) + "data/"
    first = manager_browser.get(address)
    values = np.frombuffer(first.content, "<f8").reshape(-1, len(run.data_set.city_ids))
    np.testing.assert_array_equal(values.T, what_if_of(run).index.normalised)
    assert first["Cache-Control"] == "private, no-cache"
    again = manager_browser.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    client.logout()
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 404


def test_a_large_data_set_is_left_to_the_server(manager_browser, run, monkeypatch):
    monkeypatch.setattr(what_if_selectors, "MAX_VALUES", 10)
    text = manager_browser.get(page_of(run)).content.decode()
    assert "The values are too many for a browser" in text
    assert manager_browser.get(reverse("indexer:run-what-if-data", args=[run.pk])).status_code == 404
    assert "what-if.js" not in text
    assert "hx-post" in text
    part = manager_browser.get(
        page_of(run), headers={"HX-Request": "true", "HX-Target": "results"}
    ).content.decode()
    assert "<html" not in part
    assert "Mean rank shift" in part


def test_a_city_with_nothing_of_any_weight_is_named(manager_browser):
    values = random_values(4)
    values[2, 1:] = np.nan
    run = make_runs(values, tilts=[None], missing="reweight")[0]
    tree = what_if_of(run).tree
    first = int(tree.leaves[0])
    top = first
    while tree.parents[top] >= 0:
        top = int(tree.parents[top])
    units = np.zeros(len(tree.groups[0]), dtype=np.int64)
    units[[node != top for node in tree.groups[0]].index(True)] = WHOLE
    text = state_text({0: units})
    page = manager_browser.get(page_of(run), {"w": text})
    assert page.status_code == 200
    assert [city.pk for city in page.context["impossible"]] == [run.data_set.city_ids[2]]
    assert (
        manager_browser.get(reverse("indexer:api-run-what-if", args=[run.pk]), {"w": text}).status_code == 400
    )


def test_a_mean_that_takes_no_such_part_is_named(manager_browser):
    """A branch that is a sum of values below zero, too, under an index that is a geometric mean."""
    framework = make_framework()
    branch = Indicator.objects.filter(framework=framework, is_leaf=False).order_by("position").first()
    values = random_values(4) + 300
    leaves = list(Indicator.objects.filter(framework=framework, is_leaf=True).order_by("position"))
    below = [place for place, leaf in enumerate(leaves) if leaf.parent_id == branch.pk]
    values[0, below[0]] = -50
    method = {"aggregation": "geometric", "nodes": {branch.code: {"aggregation": "arithmetic"}}}
    run = make_runs(values, tilts=[None], framework=framework, normalisation="none", **method)[0]
    tree = what_if_of(run).tree
    (group,) = (n for n, members in enumerate(tree.groups) if tree.parents[members[0]] == branch.position)
    units = np.array([WHOLE, *[0] * (len(below) - 1)])
    text = state_text({group: units})
    page = manager_browser.get(page_of(run), {"w": text})
    assert (page.status_code, page.context["refused"]) == (200, [branch])
    assert "takes only parts above zero" in page.content.decode()
    answer = manager_browser.get(reverse("indexer:api-run-what-if", args=[run.pk]), {"w": text})
    assert "takes only parts above zero" in answer.json()["w"][0]


def test_units_are_compared_by_the_server_where_a_browser_might_see_other_ties(manager_browser):
    for inner, is_told in (("geometric", True), ("harmonic", False)):
        framework = make_framework()
        branch = Indicator.objects.filter(framework=framework, is_leaf=False).order_by("position").first()
        method = {"aggregation": "copeland", "nodes": {branch.code: {"aggregation": inner}}}
        run = make_runs(random_values(4), tilts=[None], framework=framework, **method)[0]
        text = manager_browser.get(page_of(run)).content.decode()
        assert ("a browser rounds otherwise" in text, "what-if.js" not in text) == (is_told, is_told)


def test_only_managers_keep_drafts(client, run):
    sign_in_staff(client, make_account(Role.ANALYST))
    assert "Save as a draft" not in client.get(page_of(run)).content.decode()
    said = {"w": "", "label_zh": "试", "label_en": "Tried", "reason": "no"}
    assert client.post(page_of(run) + "draft/", said).status_code == 404
    assert not WeightVersion.objects.filter(status=VersionStatus.DRAFT).exists()


def test_a_draft_without_a_reason_comes_back_with_the_weights(manager_browser, run):
    text = state_text(tilted(run))
    response = manager_browser.post(
        page_of(run) + "draft/", {"w": text, "label_zh": "试", "label_en": "Tried"}
    )
    assert response.status_code == 422
    assert response.context["text"] == text
    assert not WeightVersion.objects.filter(status=VersionStatus.DRAFT).exists()


def test_strangers_try_weights_on_published_runs_alone(client):
    hidden, shown = make_runs(random_values(3))[0], make_runs(random_values(3), published=True)[0]
    assert client.get(page_of(hidden)).status_code == 404
    assert client.get(page_of(hidden) + "data/").status_code == 404
    assert client.get(page_of(shown)).status_code == 200
    assert client.post(page_of(shown), {"w": "", "equal": "0"}).status_code == 302


def test_the_page_takes_as_many_queries_for_three_cities_as_for_one(
    manager_browser, django_assert_num_queries
):
    for count in (1, 3):
        run = make_runs(random_values(count), tilts=[None])[0]
        with django_assert_num_queries(10):
            manager_browser.get(page_of(run))


def test_a_page_comes_with_its_first_lines_and_with_all_to_whoever_asks(manager_browser):
    run = make_runs(random_values(104), tilts=[None])[0]
    page = f"/runs/{run.pk}/what-if/"
    first, whole = manager_browser.get(page), manager_browser.get(page, {"all": "1"})
    assert [len(answer.context["rows"]) for answer in (first, whole)] == [100, 104]
    assert f'href="{page}?all=1"' in first.content.decode()
    assert f'href="{page}?all=1"' not in whole.content.decode()
    # A script names the lines that it adds.
    assert [len(answer.context["page_data"]["names"]) for answer in (first, whole)] == [104, 0]
