"""What a framework's file says of a group stays, even where the index does the same until that is changed."""

import json

import numpy as np
import pytest
from django.core.management import call_command
from django.urls import reverse

from indexer.method_words import method_words
from indexer.models import FrameworkMethod, Run
from indexer.services.methods import choice_as_stated, choice_left_open, choose_instead, use_method
from indexer.views.shared.method_rows import method_rows
from tests.factories import make_account, sign_in_staff
from tests.indexer.data.test_method_pages import form_data
from tests.indexer.factories import make_data_set, make_version
from weighting.selectors.frameworks import indicators_of
from weighting.services.frameworks import import_framework

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

FRAMEWORK = """code,parent,normalisation,lower,upper,aggregation
health,,,,,
schools,,,,,arithmetic
le,health,,,,
eys,schools,minmax,0,18,
mys,schools,share,,,
"""
KEPT = {"schools": {"aggregation": "arithmetic"}}
GEOMETRIC = {"normalisation": "minmax", "aggregation": "geometric"}


@pytest.fixture
def account():
    return make_account(username="analyst")


@pytest.fixture
def framework(account):
    return import_framework(
        source=FRAMEWORK.encode(), filename="f.csv", name_zh="体系", name_en="Index", actor=account
    )


@pytest.fixture
def data_set(framework):
    choices = vars(choice_left_open(framework, None))
    made = make_data_set(framework, values=np.arange(1.0, 10).reshape(3, 3), **choices)
    make_version(framework)
    return made


def submit(client, data_set):
    client.post(
        reverse("indexer:data-set-compute", args=[data_set.pk]),
        form_data(aggregation="geometric", normalisation="share"),
    )


def ask(client, data_set):
    address = reverse("indexer:api-data-set-runs", args=[data_set.pk])
    client.post(
        address, json.dumps({"method": {"aggregation": "geometric"}}), content_type="application/json"
    )


def command(_client, data_set):
    call_command("compute_with_method", data_set.pk, "--actor", "analyst", "--aggregation", "geometric")


def test_the_method_of_the_index_is_chosen_and_chosen_anew(client, account, framework):
    sign_in_staff(client, account)
    address = reverse("indexer:framework-method", args=[framework.pk])
    for aggregation, nodes in (("geometric", KEPT), ("arithmetic", {}), ("geometric", KEPT)):
        sent = form_data(normalisation="minmax", aggregation=aggregation)
        assert client.post(address, sent).status_code == 302
        kept = FrameworkMethod.objects.get(framework=framework)
        assert (kept.method.nodes, kept.cells["nodes"]) == (nodes, KEPT)
        assert kept.method.leaves["mys"] == {"normalisation": "share"}
        words = {way["code"]: way["words"] for way in client.get(address).context["own_ways"]}
        assert words["schools"] == "aggregation Arithmetic mean"


def test_data_that_come_in_choose_the_index_alone(framework):
    chosen = choose_instead(choice_left_open(framework, None), GEOMETRIC)
    assert use_method(**vars(chosen)).nodes == KEPT


@pytest.mark.parametrize("way", [submit, ask, command])
def test_data_that_are_there_have_the_index_alone_done_otherwise(client, account, data_set, way):
    """Their method left out the cells that say what it does anyway."""
    sign_in_staff(client, account)
    assert data_set.method.nodes == {}
    way(client, data_set)
    assert Run.objects.get(method__aggregation="geometric").method.nodes == KEPT


def test_the_table_shows_what_is_stated(client, account, data_set):
    sign_in_staff(client, account)
    page = client.get(reverse("indexer:data-set-method-table", args=[data_set.pk]))
    assert '<option value="arithmetic" selected' in page.text


def test_an_edition_before_that_does_otherwise_is_not_what_the_file_says_anyway(framework):
    other = use_method(nodes={"schools": {"aggregation": "minimum"}})
    assert choice_as_stated(other, framework.pk).nodes == other.nodes


class TestTheSameOfAllLeaves:
    """Where a file says one normalisation of every leaf, the index is told by that one."""

    def test_is_what_the_index_does(self, client, account):
        text = FRAMEWORK.replace("le,health,,,,", "le,health,minmax,,,").replace("share", "minmax")
        framework = import_framework(
            source=text.encode(), filename="f.csv", name_zh="", name_en="Same", actor=account
        )
        kept = FrameworkMethod.objects.get(framework=framework)
        assert kept.method.normalisation == "minmax"
        assert kept.method.leaves == {"eys": {"lower": 0.0, "upper": 18.0}}
        assert method_words(kept.method) == ("Min-max; Arithmetic mean; eys: lower bound 0, upper bound 18")
        sign_in_staff(client, account)
        page = client.get(reverse("indexer:framework-method", args=[framework.pk]))
        assert [way["code"] for way in page.context["own_ways"]] == ["schools", "le", "eys", "mys"]

    def test_is_not_told_of_some_of_them(self, framework):
        kept = FrameworkMethod.objects.get(framework=framework)
        assert kept.method.normalisation == "share"

    def test_most_of_them_tell_it_where_each_says_its_own(self, account):
        text = "code,parent,normalisation\na,,minmax\nb,,percentile\nc,,percentile\n"
        framework = import_framework(
            source=text.encode(), filename="f.csv", name_zh="", name_en="Most", actor=account
        )
        kept = FrameworkMethod.objects.get(framework=framework).method
        assert (kept.normalisation, kept.leaves) == ("percentile", {"a": {"normalisation": "minmax"}})

    def test_a_method_that_was_kept_before_says_what_is_done_too(self, framework):
        nodes = indicators_of(framework.pk)
        leaves = ("le", "eys", "mys")
        one = use_method(leaves={code: {"normalisation": "minmax"} for code in leaves})
        assert next(row[1] for row in method_rows(one, nodes)) == "Min-max"
        assert "Where less is better" not in [row[0] for row in method_rows(one, nodes)]
        both = use_method(leaves={**one.leaves, "mys": {"normalisation": "zscore"}})
        assert next(row[1] for row in method_rows(both, nodes)).startswith("Each indicator")

    def test_is_left_to_data_that_come_normalised(self, account):
        text = "code,parent,normalisation\na,,none\nb,,none\n"
        framework = import_framework(
            source=text.encode(), filename="f.csv", name_zh="", name_en="None", actor=account
        )
        kept = FrameworkMethod.objects.get(framework=framework).method
        assert (kept.normalisation, kept.scale) == ("share", 100.0)
