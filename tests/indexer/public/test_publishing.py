"""One act publishes an index with all that it rests on: at once, or when the embargo has passed."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from indexer.models import IndexEdition, PublishedIndex, Run
from indexer.selectors.published import find_edition, indices_owned_by, latest_editions, publication_advice
from indexer.selectors.runs import runs_visible_to
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.published import (
    describe_index,
    draft_index,
    publish_edition,
    take_back_edition,
)
from indexer.services.registers import CityRow, RegisterWords, create_register, register_cities
from indexer.services.runs import compute_waiting_runs
from indexer.tasks import release_editions
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.study_runs import make_study
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import Account, AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

TERMS = {
    "name_zh": "宜居指数",
    "name_en": "Liveability",
    "description_zh": "衡量城市是否宜居，供居民使用。",
    "description_en": "How liveable cities are, for those who live there.",
    "licence": "CC-BY-4.0",
    "contact": "index@example.org",
}
LATER = timedelta(hours=1)


@pytest.fixture
def owner():
    return make_account(Role.MANAGER)


@pytest.fixture
def run(owner):
    return make_runs(random_values(4), framework=make_framework(owner=owner))[0]


@pytest.fixture
def index(owner):
    return draft_index(slug="liveability", terms=TERMS, actor=owner)


def seen_by_strangers(run):
    run.refresh_from_db()
    framework = run.data_set.framework
    return {
        "edition": find_edition("liveability") is not None,
        "list": latest_editions().exists(),
        "run": runs_visible_to(None).filter(pk=run.pk).exists(),
        "framework": type(framework).objects.get(pk=framework.pk).is_published,
    }


def test_one_act_publishes_framework_version_data_and_index(index, run, owner):
    assert set(seen_by_strangers(run).values()) == {False}

    edition = publish_edition(index, run=run, actor=owner)

    assert set(seen_by_strangers(run).values()) == {True}
    assert (edition.number, edition.released_at is not None) == (1, True)
    assert AuditEntry.objects.filter(act="publish_edition", subject_id=index.pk).exists()


def test_an_embargoed_edition_shows_nothing_until_the_sweep_finds_it_due(index, run, owner):
    edition = publish_edition(index, run=run, actor=owner, embargo_until=timezone.now() + LATER)
    assert release_editions() == []
    assert set(seen_by_strangers(run).values()) == {False}

    IndexEdition.objects.filter(pk=edition.pk).update(embargo_until=timezone.now() - LATER)
    # The sweep alone shows it: that the moment has passed does not.
    assert set(seen_by_strangers(run).values()) == {False}
    assert release_editions() == [edition.pk]
    assert set(seen_by_strangers(run).values()) == {True}
    assert release_editions() == []


def test_an_edition_is_taken_back_only_while_nobody_has_seen_it(index, run, owner):
    waiting = publish_edition(index, run=run, actor=owner, embargo_until=timezone.now() + LATER)
    with pytest.raises(Refused, match="take it back"):
        publish_edition(index, run=run, actor=owner, reason="Newer data")
    take_back_edition(waiting, actor=owner)

    released = publish_edition(index, run=run, actor=owner)
    with pytest.raises(Refused, match="it stays"):
        take_back_edition(released, actor=owner)
    assert released.number == 1


def test_a_correction_is_a_new_edition_with_a_reason(index, run, owner):
    publish_edition(index, run=run, actor=owner)
    with pytest.raises(Refused, match="what was corrected"):
        publish_edition(index, run=run, actor=owner, reason="  ")

    second = publish_edition(index, run=run, actor=owner, reason="A value of 城市001 was wrong.")

    assert find_edition("liveability") == second
    assert find_edition("liveability", 1).number == 1
    assert find_edition("liveability", 3) is None
    assert [edition.number for edition in latest_editions()] == [2]


def test_all_that_is_lacking_is_said_at_once(run, owner):
    other = make_account(Role.MANAGER)
    bare = draft_index(slug="bare", terms={"name_en": "Bare"}, actor=other)

    with pytest.raises(Refused) as caught:
        publish_edition(bare, run=run, actor=other)

    said = "\n".join(caught.value.blockers)
    for lack in ("measures", "licence", "write to"):
        assert lack in said
    for what in ("the framework", "the data set", "the weights"):
        assert re.search(rf"owned by \S+: {what} “.+”. Ask its owner to publish it first", said)
    assert not IndexEdition.objects.exists()
    assert any("DOI" in line for line in publication_advice(bare, run))


def test_what_an_analyst_made_is_published_by_an_administrator_alone(run, owner):
    Account.objects.filter(pk=owner.pk).update(role=Role.ANALYST, first_name="Łucja")
    other = make_account(Role.MANAGER)
    bare = draft_index(slug="bare", terms=TERMS, actor=other)

    with pytest.raises(Refused) as caught:
        publish_edition(bare, run=Run.objects.get(pk=run.pk), actor=other)

    said = [line for line in caught.value.blockers if "owned by Łucja, who is an analyst" in line]
    assert len(said) == len(set(said)) == 3
    assert all("Ask an administrator to publish it first" in line for line in said)


def test_terms_are_checked_and_the_address_is_kept(index, owner):
    with pytest.raises(Refused, match="single hyphens"):
        draft_index(slug="Not an address", terms=TERMS, actor=owner)
    with pytest.raises(Refused, match="a name in one language"):
        draft_index(slug="nameless", terms={}, actor=owner)
    with pytest.raises(Refused, match="without https"):
        describe_index(index, terms={"doi": "https://doi.org/10.5281/zenodo.1"}, actor=owner)

    describe_index(index, terms={"doi": "10.5281/zenodo.1"}, actor=owner)

    kept = PublishedIndex.objects.get()
    assert (kept.slug, kept.doi, kept.name_zh) == ("liveability", "10.5281/zenodo.1", "宜居指数")


def test_an_index_is_changed_by_its_owner_and_administrators(index, owner):
    assert indices_owned_by(owner).get() == index
    assert indices_owned_by(make_account(Role.ADMINISTRATOR)).get() == index
    for account in (make_account(Role.MANAGER), make_account(Role.ANALYST), None):
        assert not indices_owned_by(account).exists()


def test_an_edition_of_other_units_is_neither_offered_nor_taken(client, index, run, owner):
    """The address of an index of cities must not lead its readers to hospitals one day."""
    publish_edition(index, run=run, actor=owner)
    hospitals = create_register(RegisterWords(name_en="Hospitals"), actor=owner)
    rows = [CityRow("", f"Ward {n}", "", "West", "", "West") for n in range(4)]
    wards = register_cities(rows, register=hospitals, actor=owner)
    known = run.data_set
    data_set = add_data_set(
        terms=EditionTerms(known.framework, "", "Wards", known.year, known.method),
        matrix=Matrix([ward.pk for ward in wards], known.leaf_codes, random_values(4), {}),
        actor=owner,
    )
    compute_waiting_runs(data_set.pk)
    other = Run.objects.get(data_set=data_set, weight_version=run.weight_version)
    page = sign_in_staff(client, owner).get(reverse("indexer:publishing-detail", args=[index.pk]))

    assert run in [one for one, _name in page.context["runs"]]
    assert other not in [one for one, _name in page.context["runs"]]
    with pytest.raises(Refused, match="an index of its own"):
        publish_edition(index, run=other, actor=owner, reason="Wards.")


def test_no_ranking_is_chosen_for_the_owner_but_what_goes_on_with_the_published(client, index, run, owner):
    """The newest may be of another framework, and what is published cannot be taken back."""
    address = reverse("indexer:publishing-detail", args=[index.pk])
    page = sign_in_staff(client, owner).get(address)
    assert page.context["run"] is None
    assert run in [one for one, _name in page.context["runs"]]
    assert '<option value="" selected>not chosen yet</option>' in page.text
    assert reverse("indexer:publishing-publish", args=[index.pk]) not in page.text
    assert client.get(address, {"run": run.pk}).context["run"] == run

    publish_edition(index, run=run, actor=owner)
    make_runs(random_values(4), framework=make_framework(owner=owner))
    page = client.get(address)
    assert page.context["run"].data_set == run.data_set
    assert "not chosen yet" not in page.text


def test_readers_miss_how_sure_the_ranks_are_until_a_study_says_so(run, index):
    lack = "how sure the ranks are"
    assert any(lack in line for line in publication_advice(index, run))

    make_study(run, "noise", draws=100)

    assert not any(lack in line for line in publication_advice(index, run))
