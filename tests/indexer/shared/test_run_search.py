"""Where one run is chosen out of many, a few are offered and the others are found by their names."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indexer.models import Run
from indexer.selectors.run_search import find_runs, offer_runs
from indexer.services.families import publish_branch
from indexer.services.published import draft_index
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.factories import make_version
from tests.indexer.finished_runs import make_runs, random_values
from weighting.services.versions import draft_equal_version, freeze_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres, pytest.mark.usefixtures("manager_signed_in")]
TILTS = [None, 2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.fixture
def runs(manager):
    return make_runs(random_values(4), framework=make_framework(owner=manager), tilts=TILTS)


def in_order():
    return Run.objects.order_by("weight_version__number")


def label(run):
    return run.weight_version.label_en


def test_every_word_of_a_text_is_in_the_names_of_what_it_finds(runs):
    third = runs[2]
    for text in (label(third).upper(), third.weight_version.label_zh, "VERSION 3, test", "第3版"):
        assert third in find_runs(in_order(), text), text
    # How many versions were made before, and with it what stands in the labels, is another matter.
    assert list(find_runs(in_order(), "3 2016")) == [run for run in runs if run == third or "3" in label(run)]
    assert list(find_runs(in_order(), "test 2016")) == runs
    assert not find_runs(in_order(), "3 2017").exists()
    assert not find_runs(in_order(), "%").exists()
    assert not find_runs(in_order(), "9" * 30).exists()


def test_the_words_that_every_version_is_named_with_find_all(runs):
    framework = runs[0].data_set.framework
    draft = draft_equal_version(
        framework=framework, label_zh="专家组", label_en="Panel", actor=framework.created_by
    )
    freeze_version(draft, actor=framework.created_by)
    for text in ("version 7 panel", "Panel, version", "第7版 专家组"):
        assert find_runs(in_order(), text).get().weight_version.label_en == "Panel", text


def test_a_few_are_offered_in_their_order_with_those_chosen_already(runs, monkeypatch):
    assert offer_runs(in_order(), "").rows == runs
    assert not offer_runs(in_order(), "").is_searched
    monkeypatch.setattr("indexer.selectors.run_search.MOST_OFFERED", 2)
    offered = offer_runs(in_order(), "", [str(runs[4].pk), "", "nothing"])

    assert offered.rows == [*runs[:2], runs[4]]
    assert offered.not_offered == 3
    assert offered.is_searched
    assert offer_runs(in_order(), label(runs[5]), [str(runs[4].pk)]).rows == runs[4:]


def pages(runs, manager):
    """Every page that lets one of the runs be chosen, and the name of the field."""
    framework = runs[0].data_set.framework
    branch = publish_branch(
        framework.indicators.filter(is_leaf=False).first(), name_en="Branch", name_zh="", actor=manager
    )
    index = draft_index(slug="liveability", terms={"name_en": "Liveability"}, actor=manager)
    return {
        reverse("indexer:run-map", args=[runs[0].pk]): "against",
        reverse("indexer:index-detail", args=[branch.pk]): "run",
        reverse("indexer:publishing-detail", args=[index.pk]): "run",
        reverse("indexer:comparison"): "runs",
    }


def test_each_page_that_offers_runs_lists_few_and_finds_the_others(client, manager, runs, monkeypatch):
    addresses = pages(runs, manager)
    for address in addresses:
        page = client.get(address).content.decode()
        assert 'name="find"' not in page, address
        assert all(f'value="{run.pk}"' in page for run in runs[1:]), address
    monkeypatch.setattr("indexer.selectors.run_search.MOST_OFFERED", 1)
    last = runs[3]
    for address, field in addresses.items():
        few = client.get(address).content.decode()
        found = client.get(address, {"find": label(last)}).content.decode()

        assert 'name="find"' in few, address
        assert "further versions are not listed" in few, address
        assert f'value="{last.pk}"' not in few, address
        assert f'value="{last.pk}"' in found, address
        if field != "runs":
            chosen = client.get(address, {field: last.pk}).content.decode()
            assert f'<option value="{last.pk}" selected>' in chosen, address


def test_a_text_that_finds_nothing_leaves_what_was_in_view(client, manager, runs):
    for address in pages(runs, manager):
        assert client.get(address, {"find": "no such name"}).status_code == 200, address


def test_the_pages_take_the_same_queries_for_any_number_of_runs(client, manager, runs, monkeypatch):
    monkeypatch.setattr("indexer.selectors.run_search.MOST_OFFERED", 2)
    addresses = [*pages(runs, manager), f"/api/v1/comparisons/?runs={runs[0].pk}&runs={runs[1].pk}"]
    counts = []
    for further in ([], [7.0, 8.0, 9.0]):
        for tilt in further:
            make_version(runs[0].data_set.framework, tilt=tilt)
        compute_waiting_runs(runs[0].data_set_id)
        counts.append([])
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts[-1].append(len(queries))
    assert counts[0] == counts[1]
