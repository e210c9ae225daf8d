"""Index families: a branch under a name of its own has the scores of its node, in every run."""

import csv
import io

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import BranchIndex
from indexer.numeric.scores.composite import composite_scores
from indexer.numeric.scores.ranking import min_ranks
from indexer.services.families import publish_branch
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import AuditEntry, NodeWeight
from weighting.services.frameworks import publish_framework

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# What htmx sends to put the table in its place.
PART = {"HX-Request": "true", "HX-Target": "results"}


@pytest.fixture
def owner():
    return make_account(Role.MANAGER)


@pytest.fixture
def manager_browser(client, owner):
    return sign_in_staff(client, owner)


def branch_of(framework):
    return framework.indicators.filter(is_leaf=False).order_by("position").first()


def publish(framework, **names):
    said = {"name_zh": "分支指数", "name_en": "Branch index", **names}
    return publish_branch(branch_of(framework), actor=framework.created_by, **said)


def page_of(branch):
    return reverse("indexer:index-detail", args=[branch.pk])


def ranking_of(client, branch, run):
    return client.get(reverse("indexer:api-index-ranking", args=[branch.pk]), {"run": run.pk})


class TestPublishing:
    def test_the_page_publishes_a_branch_under_a_name(self, manager_browser, owner):
        framework = make_framework(owner=owner)
        address = reverse("indexer:framework-index-new", args=[framework.pk])
        node = branch_of(framework)

        asked = manager_browser.get(address, {"node": node.code}).content.decode()
        answer = manager_browser.post(
            address, {"node": node.code, "name_zh": "甲", "name_en": "A", "note": "why"}
        )

        assert f'value="{node.name_en}"' in asked
        branch = BranchIndex.objects.get()
        assert answer["Location"] == page_of(branch)
        assert (branch.node, branch.name_zh, branch.note) == (node, "甲", "why")
        assert AuditEntry.objects.filter(act="publish_branch", subject_id=branch.pk).exists()

    def test_a_leaf_is_no_branch_and_a_branch_is_published_once(self):
        framework = make_framework()
        publish(framework)

        with pytest.raises(Refused, match="published already, as “Branch index”"):
            publish(framework)
        with pytest.raises(Refused) as caught:
            publish_branch(
                framework.indicators.filter(is_leaf=True).first(),
                name_zh=" ",
                name_en="",
                actor=framework.created_by,
            )
        assert len(caught.value.blockers) == 2
        assert BranchIndex.objects.count() == 1

    def test_only_open_branches_are_offered(self, manager_browser, owner):
        framework = make_framework(owner=owner)
        published = publish(framework)

        text = manager_browser.get(
            reverse("indexer:framework-index-new", args=[framework.pk])
        ).content.decode()
        answer = manager_browser.post(
            reverse("indexer:framework-index-new", args=[framework.pk]),
            {"node": published.node.code, "name_zh": "a", "name_en": "b"},
        )

        assert f'value="{published.node.code}"' not in text
        assert answer.status_code == 422

    def test_withdrawing_takes_the_name_and_leaves_the_scores(self, manager_browser, owner):
        run = make_runs(random_values(3), tilts=[None], framework=make_framework(owner=owner))[0]
        branch = publish(run.data_set.framework)
        address = reverse("indexer:index-withdraw", args=[branch.pk])

        assert "Withdraw this index?" in manager_browser.get(address).content.decode()
        manager_browser.post(address)

        assert not BranchIndex.objects.exists()
        assert manager_browser.get(page_of(branch)).status_code == 404
        assert AuditEntry.objects.filter(act="withdraw_branch").exists()
        node_page = reverse("indexer:run-detail", args=[run.pk])
        assert manager_browser.get(node_page, {"node": branch.node.code}).status_code == 200


class TestRanking:
    def test_scores_are_those_of_the_branch_with_its_weights_brought_to_one(self, manager_browser):
        values = random_values(9)
        run = make_runs(values, tilts=[1.0])[0]
        branch = publish(run.data_set.framework)
        below = list(branch.node.children.order_by("position"))
        assert all(child.is_leaf for child in below)
        weights = {
            w.indicator_id: w.global_weight for w in NodeWeight.objects.filter(version=run.weight_version)
        }
        inside = np.array([weights[child.pk] for child in below])
        places = [run.data_set.leaf_codes.index(child.code) for child in below]
        shares = (values / values.sum(axis=0))[:, places]
        expected = composite_scores(shares, inside / inside.sum())

        context = manager_browser.get(page_of(branch)).context
        rows = ranking_of(manager_browser, branch, run).json()["results"]

        order = np.argsort(min_ranks(expected), kind="stable")
        assert [row["rank"] for row in context["rows"]] == sorted(min_ranks(expected))
        assert [row["score"] for row in rows] == pytest.approx((expected[order] * 100).tolist())

    def test_the_branch_is_set_beside_the_whole(self, manager_browser):
        # The first column, alone in its branch or not, runs against all others.
        values = np.column_stack([np.arange(6.0, 0, -1), *[np.arange(1.0, 7)] * 4])
        run = make_runs(values, tilts=[None])[0]
        framework = run.data_set.framework
        branch = publish(framework)

        response = manager_browser.get(page_of(branch))
        rows = ranking_of(manager_browser, branch, run).json()["results"]

        assert all(row["shift"] == row["rank_in_whole"] - row["rank"] for row in rows)
        assert [row["whole"] for row in response.context["rows"]] == [row["rank_in_whole"] for row in rows]
        text = response.content.decode()
        assert "Spearman with the whole" in text
        assert "as an index of its own" in text

    def test_the_run_is_chosen_and_an_unknown_one_left_out(self, manager_browser):
        first, second = make_runs(random_values(4), tilts=[None, 1.0])
        branch = publish(first.data_set.framework)

        assert manager_browser.get(page_of(branch)).context["run"] == first
        assert manager_browser.get(page_of(branch), {"run": second.pk}).context["run"] == second
        assert manager_browser.get(page_of(branch), {"run": "99999"}).context["run"] == first
        part = manager_browser.get(
            page_of(branch),
            {"run": second.pk, "q": "xian"},
            headers=PART,
        )
        assert [row["city"].name_en for row in part.context["rows"]] == ["Xi'an"]

    def test_file_and_api_hold_the_same(self, manager_browser):
        run = make_runs(random_values(5), tilts=[None])[0]
        branch = publish(run.data_set.framework)
        address = reverse("indexer:index-export", args=[branch.pk])

        text = manager_browser.get(address, {"run": run.pk}).content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        answer = ranking_of(manager_browser, branch, run).json()["results"]

        assert [float(row["Branch index (% of the total)"]) for row in rows] == [
            row["score"] for row in answer
        ]
        assert [int(row["Rank in the whole"]) for row in rows] == [row["rank_in_whole"] for row in answer]
        assert {row["Index"] for row in rows} == {"Branch index"}

    def test_before_any_ranking_the_page_says_so(self, manager_browser):
        branch = publish(make_framework())

        assert "No ranking yet" in manager_browser.get(page_of(branch)).content.decode()
        assert manager_browser.get(reverse("indexer:index-export", args=[branch.pk])).status_code == 404

    def test_bad_requests_to_the_api(self, manager_browser):
        branch = publish(make_framework())
        other = make_runs(random_values(3), tilts=[None], framework=make_framework())[0]
        address = reverse("indexer:api-index-ranking", args=[branch.pk])

        assert manager_browser.get(address).status_code == 400
        assert manager_browser.get(address, {"run": "x"}).status_code == 400
        assert manager_browser.get(address, {"run": 999_999}).status_code == 404
        if other.data_set.framework_id != branch.node.framework_id:
            assert ranking_of(manager_browser, branch, other).status_code == 404


class TestWhoSees:
    def test_strangers_see_indices_of_published_frameworks_with_published_runs(self, client):
        framework = make_framework()
        run = make_runs(random_values(3), tilts=[None], framework=framework, published=True)[0]
        branch = publish(framework)
        listed = reverse("indexer:api-index-list")
        assert client.get(listed).json()["count"] == 0
        assert client.get(page_of(branch)).status_code == 404
        assert ranking_of(client, branch, run).status_code == 404

        publish_framework(framework, actor=framework.created_by)

        assert client.get(listed).json()["results"][0]["node"] == branch.node.code
        assert client.get(page_of(branch)).status_code == 200
        assert ranking_of(client, branch, run).status_code == 200
        assert "Publish a branch" not in client.get(reverse("indexer:index-list")).content.decode()

    def test_a_run_that_strangers_may_not_see_shows_them_no_branch_either(self, client):
        framework = make_framework()
        hidden = make_runs(random_values(3), tilts=[None], framework=framework)[0]
        branch = publish(framework)
        publish_framework(framework, actor=framework.created_by)

        assert "No ranking yet" in client.get(page_of(branch)).content.decode()
        assert ranking_of(client, branch, hidden).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_the_same_queries_for_any_number_of_cities(
    manager_browser, count, django_assert_num_queries
):
    run = make_runs(random_values(count), tilts=[None])[0]
    branch = publish(run.data_set.framework)
    # Session, account; branch, runs, run with nodes, indicators, scores, cities, provinces.
    with django_assert_num_queries(13):
        manager_browser.get(page_of(branch))
