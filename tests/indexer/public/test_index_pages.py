"""What a stranger is shown of an index, and what its owner does; everything else does not exist."""

import json
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from indexer.citations import CITATIONS
from indexer.formulas import AGGREGATION_FORMULAS, NORMALISATION_FORMULAS, aggregation_formula
from indexer.models import City, IndexEdition, PublishedIndex, Run
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.selectors.published import publication_advice, released_editions
from indexer.selectors.runs import runs_visible_to
from indexer.services.data_sets import publish_data_set
from indexer.services.published import draft_index, publish_edition
from indexer.services.studies import count_waiting_parts, plan_study
from indexer.views.public.static_copy import StaticCopy
from tests.factories import make_account, make_framework, make_panel, make_round, sign_in_staff
from tests.indexer.families import make_family
from tests.indexer.finished_runs import make_runs, random_values
from tests.routes import without_tokens
from weighting.enums import Role, RoundState
from weighting.exports import XLSX
from weighting.services.versions import aggregate_round, freeze_version, publish_version, retire_version

pytestmark = pytest.mark.django_db

TERMS = {
    "name_zh": "宜居指数",
    "name_en": "Liveability & <more>",
    "description_zh": "衡量城市是否宜居，供居民使用。",
    "description_en": "How liveable cities are, for those who live there.",
    "licence": "CC-BY-4.0",
    "contact": "index@example.org",
    "authors": "Lovelace, Ada",
    "institutions": "Institute of {Cities}",
    "publisher": "A Press",
}
ADDRESS = "/i/liveability/"


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    owner = make_account(Role.MANAGER)
    return make_runs(random_values(4), framework=make_framework(owner=owner))[0]


@pytest.fixture
def owner(run):
    return run.data_set.created_by


@pytest.fixture
def index(owner):
    return draft_index(slug="liveability", terms=TERMS, actor=owner)


@pytest.fixture
def published(index, run, owner):
    return publish_edition(index, run=run, actor=owner)


def page(client, address=ADDRESS, **query):
    answer = client.get(address, {"lang": "en", **query})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("address", ["/sitemap.xml", "/"])
def test_a_list_of_indices_reads_the_labels_of_no_data_set(client, index, run, owner, address):
    publish_edition(index, run=run, actor=owner)
    with CaptureQueriesContext(connection) as asked:
        assert b"liveability" in client.get(address).content

    listed = [query["sql"] for query in asked if 'FROM "indexer_indexedition"' in query["sql"]]
    assert listed
    assert not [statement for statement in listed if '"city_ids"' in statement]


def test_drafts_and_embargoed_editions_answer_as_what_does_not_exist(client, index, run, owner):
    unknown = without_tokens(client.get("/i/nothing/").content).replace(b"nothing", b"liveability")
    addresses = (ADDRESS, f"{ADDRESS}1/", f"{ADDRESS}1/citation.bib")

    def answers():
        return [client.get(address) for address in addresses]

    before, home = answers(), client.get("/").content
    publish_edition(index, run=run, actor=owner, embargo_until=timezone.now() + timedelta(hours=1))

    after = answers()
    assert [answer.status_code for answer in after] == [404, 404, 404]
    assert [without_tokens(answer.content) for answer in after] == [
        without_tokens(answer.content) for answer in before
    ]
    assert without_tokens(after[0].content) == unknown
    assert client.get("/").content == home
    assert b"liveability" not in client.get("/sitemap.xml").content
    # The control: released, all three are there.
    IndexEdition.objects.all().delete()
    publish_edition(index, run=run, actor=owner)
    assert [answer.status_code for answer in answers()] == [200, 200, 200]
    assert b"liveability" in client.get("/sitemap.xml").content


def test_a_stranger_reads_ranking_method_weights_and_how_to_cite(client, published, run):
    content = page(client)

    assert "Liveability &amp; &lt;more&gt;" in content
    # Rank, name and score stand first; no script is needed, and none of the chart library is there.
    assert content.index('<td class="num">1</td>') < content.index('id="method"')
    assert "vega" not in content
    assert NORMALISATION_FORMULAS[run.method.normalisation] in content
    assert aggregation_formula(run.method.aggregation) in content
    assert content.count("<svg x=") == run.data_set.framework.indicators.count()
    assert run.manifest_hash in content
    assert "creativecommons.org/licenses/by/4.0" in content
    assert "The weights do not come from a panel" in content
    assert len(content) < 150_000


def test_search_engines_read_a_data_set(client, published):
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page(client))
    said = json.loads(text)

    assert (said["@type"], said["name"], said["version"]) == ("Dataset", TERMS["name_en"], "1")
    assert [(one["@type"], one["name"]) for one in said["creator"]] == [
        ("Person", "Lovelace, Ada"),
        ("Organization", "Institute of {Cities}"),
    ]
    kinds = [one["encodingFormat"] for one in said["distribution"]]
    assert kinds == ["application/zip", XLSX, "text/csv", "application/json"]
    for one in said["distribution"]:
        answer = client.get(one["contentUrl"].removeprefix(settings.PUBLIC_URL.rstrip("/")))
        assert answer.status_code == 200
        assert answer["Content-Type"].split(";")[0] == one["encodingFormat"]
    assert "<" not in text
    assert "&" not in text


@pytest.mark.parametrize("ending", CITATIONS)
def test_the_citation_is_saved(client, published, ending):
    answer = client.get(f"{ADDRESS}1/citation.{ending}", headers={"Accept-Language": "en"})
    text = answer.content.decode()

    assert "attachment" in answer["Content-Disposition"]
    assert ("Lovelace, Ada" in text) == (ending != "cff")
    assert "/i/liveability/1/" in text
    if ending == "bib":
        assert r"author = {Lovelace, Ada and {Institute of \{Cities\}}}" in text
        assert r"Liveability \& <more>" in text
    if ending == "ris":
        assert text.startswith("TY  - DATA\r\n")
        assert text.endswith("ER  - \r\n")
    if ending == "cff":
        assert (
            '  - family-names: "Lovelace"\n    given-names: "Ada"\n  - name: "Institute of {Cities}"' in text
        )


def test_unknown_citations_are_not_found(client, published):
    assert client.get(f"{ADDRESS}1/citation.doc").status_code == 404
    assert client.get(f"{ADDRESS}2/citation.bib").status_code == 404


def test_strangers_keep_the_page_until_an_edition_or_a_word_changes(client, published, index, run, owner):
    answer = client.get(ADDRESS)
    assert "public" in answer["Cache-Control"]
    assert not answer.cookies
    again = client.get(ADDRESS, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304

    PublishedIndex.objects.update(contact="other@example.org")
    assert client.get(ADDRESS, headers={"If-None-Match": answer["ETag"]}).status_code == 200
    reworded = client.get(ADDRESS)["ETag"]
    publish_edition(index, run=run, actor=owner, reason="A wrong value")
    assert client.get(f"{ADDRESS}1/", headers={"If-None-Match": reworded}).status_code == 200


def test_whoever_is_signed_in_is_kept_out_of_caches(client, published):
    sign_in_staff(client, make_account(Role.ANALYST))
    assert "no-store" in client.get(ADDRESS)["Cache-Control"]


def test_a_language_of_the_address_is_kept_by_the_reader_alone(client, published):
    answer = client.get(ADDRESS, {"lang": "zh-hans"})
    assert "宜居指数" in answer.content.decode()
    assert "private" in answer["Cache-Control"]
    assert "宜居指数" in client.get(ADDRESS).content.decode()


def test_the_change_log_says_why_and_leads_to_the_newest(client, published, index, run, owner):
    publish_edition(index, run=run, actor=owner, reason="A value of 2016 was wrong.")
    newest, first = page(client), page(client, f"{ADDRESS}1/")

    assert "A value of 2016 was wrong." in newest
    assert "there is a newer one" in first
    assert "there is a newer one" not in newest


def test_strangers_are_told_that_the_weights_were_retired(client, published, run, owner):
    ranking = reverse("indexer:run-detail", args=[run.pk])
    said = "The weights of this ranking are retired"
    tags = {address: client.get(address)["ETag"] for address in (ADDRESS, ranking)}
    assert said not in page(client)
    retire_version(run.weight_version, actor=owner)
    for address, tag in tags.items():
        # Whoever keeps the page is not told that it is as it was.
        answer = client.get(address, headers={"If-None-Match": tag, "Accept-Language": "en"})
        assert said in answer.text


def test_an_owner_is_told_what_another_edition_would_not_change(published, index, run, owner):
    def advice():
        return " ".join(publication_advice(index, Run.objects.get(pk=run.pk)))

    assert "Edition 1 shows this ranking already" in advice()
    assert "retired" not in advice()
    retire_version(run.weight_version, actor=owner)
    assert "The weights are retired" in advice()


def test_an_index_of_several_years_leads_to_the_newest_edition_of_each(client, owner):
    values = random_values(6)
    framework = make_framework(owner=owner)
    family = make_family({2019: (range(6), values), 2020: (range(6), values * 2)}, framework=framework)
    index = draft_index(slug="liveability", terms=TERMS, actor=owner)
    for year, reason in ((2019, ""), (2020, "A year more."), (2019, "A value was wrong.")):
        publish_edition(index, run=family.runs[year], actor=owner, reason=reason)
    last, corrected = page(client), page(client, f"{ADDRESS}3/")
    # A year that was corrected later does not take the place of the last one.
    assert f'<a href="{ADDRESS}" aria-current="page">2020</a>' in last
    assert f'<a href="{ADDRESS}3/">2019</a>' in last
    assert f'<a href="{ADDRESS}3/" aria-current="page">2019</a>' in corrected
    assert f'<a href="{ADDRESS}">Go to those of 2020, the last year</a>' in corrected
    assert "there is a newer one" not in corrected + last
    assert f'there is a newer one. <a href="{ADDRESS}3/">' in page(client, f"{ADDRESS}1/")
    assert "2020 · edition 2" in page(client, "/")
    addresses = re.findall("<loc>.*?(/i/.*?)</loc>", client.get("/sitemap.xml").content.decode())
    assert addresses[:2] == [ADDRESS, f"{ADDRESS}2/"]


def test_what_leads_is_counted_among_the_ranked_and_written_with_the_digits_of_the_index(client, owner):
    values = random_values(4)
    values[2, 0] = float("nan")
    framework = make_framework(owner=owner)
    method = {"missing": "reweight", "coverage": 1.0, "normalisation": "minmax", "digits": 1}
    (run,) = make_runs(values, tilts=[None], framework=framework, **method)
    index = draft_index(slug="liveability", terms=TERMS, actor=owner)
    publish_edition(index, run=run, actor=owner)
    assert "leads 3 cities" in page(client, "/")
    finding = re.search('<meta name="description" content="(.*?)">', page(client))[1]
    assert re.search(r"leads 3 cities with [\d.]+ points of 100", finding)
    assert all(len(number.partition(".")[2]) == 1 for number in re.findall(r"\d+\.\d+", finding))


def test_the_map_stands_on_the_page_where_something_tells_where_units_lie(client, published, run):
    picture = reverse("indexer:run-picture", args=[run.pk, "map", "svg"])
    assert picture not in page(client, f"{ADDRESS}1/")
    City.objects.filter(pk__in=run.data_set.city_ids).update(latitude=30.5, longitude=114.3)
    assert picture in page(client)
    assert client.get(picture).status_code == 200
    copied = dict(StaticCopy(released_editions().get(pk=published.pk), 1).files())
    assert b"<svg" in copied["en/map.svg"]
    assert b'src="map.svg"' in copied["en/index.html"]


def test_its_pictures_are_drawn_for_the_screen_that_they_are_shown_on(client, published, run):
    page = client.get(ADDRESS).text
    (picture,) = re.findall(r"<picture>.*?</picture>", page, re.S)
    sources = dict(re.findall(r'<source media="([^"]*)" srcset="([^"]*)"', picture))
    plain = reverse("indexer:run-picture", args=[run.pk, "composition", "svg"])
    assert sources == {
        "screen and (max-width: 40rem) and (prefers-color-scheme: dark)": f"{plain}?look=narrow-dark",
        "screen and (max-width: 40rem)": f"{plain}?look=narrow",
        "screen and (prefers-color-scheme: dark)": f"{plain}?look=dark",
    }
    assert f'<img src="{plain}"' in picture
    drawn = {client.get(address).content for address in (plain, *sources.values())}
    assert len(drawn) == 4
    assert all(svg.startswith(b"<svg") for svg in drawn)


def test_ranks_are_said_to_be_unsure_by_a_study_that_anybody_may_read(client, published, run, owner):
    assert "Nine draws of ten" not in page(client)
    study = plan_study(run, kind="noise", sent={"draws": 100, "seed": 0, "nu": 0.5}, actor=owner)
    count_waiting_parts(study.pk)

    content = page(client)

    assert "Nine draws of ten" in content
    assert reverse("indexer:study-detail", args=[study.pk]) in content
    assert client.get(reverse("indexer:study-detail", args=[study.pk])).status_code == 200


def test_the_home_of_strangers_lists_and_searches(client, published):
    content = page(client, "/")
    assert "Liveability" in content
    assert "leads 4 cities" in content
    assert "Liveability &amp;" in page(client, "/", q="宜居")
    assert "No published index says that" in page(client, "/", q="nothing like it")


def test_where_nothing_is_published_there_is_nothing_to_search(client):
    content = page(client, "/")
    assert 'type="search"' not in content
    assert f'href="{reverse("weighting:sign-in")}">Sign in</a>' in content
    assert 'type="search"' in page(client, "/", q="anything")


def test_further_places_are_folded_up(client, owner):
    run = make_runs(random_values(60), framework=make_framework(owner=owner))[0]
    publish_edition(draft_index(slug="long", terms=TERMS, actor=owner), run=run, actor=owner)
    shown, _summary, folded = page(client, reverse("indexer:public-index", args=["long"])).partition(
        "<summary>10 further cities</summary>"
    )
    assert (shown.count('<th scope="row"><a'), folded.count('<th scope="row"><a')) == (50, 10)


def test_strangers_find_the_comparison_where_rankings_are_public_and_no_index_is(client, run, owner):
    assert "No index is published yet" in page(client, "/")
    publish_version(run.weight_version, actor=owner)
    publish_data_set(run.data_set, actor=owner)
    assert client.get("/")["Location"] == reverse("indexer:comparison")


def test_experts_are_counted_and_never_named(client, owner):
    framework = make_framework(owner=owner)
    panel = make_panel(6, owner=owner)
    closed = make_round(
        manager=owner, framework=framework, panel=panel, state=RoundState.CLOSED, sealed=6, title_en="Panel"
    )
    freeze_version(aggregate_round(closed, actor=owner), actor=owner)
    (run, _other) = make_runs(random_values(4), framework=framework, tilts=(None,))
    index = draft_index(slug="liveability", terms=TERMS, actor=owner)
    publish_edition(index, run=run, actor=owner)

    content = page(client)

    assert "6 experts weighed the indicators" in content
    for expert in panel.experts.all():
        assert expert.name not in content


def test_an_owner_publishes_by_one_act_after_a_preview(client, run, owner):
    sign_in_staff(client, owner)
    new = client.post(reverse("indexer:publishing-new") + f"?run={run.pk}", {"slug": "mine", **TERMS})
    index = PublishedIndex.objects.get(slug="mine")
    assert client.get(new["Location"]).status_code == 200
    preview = client.get(reverse("indexer:publishing-preview", args=[index.pk]), {"run": run.pk})
    assert "This is a preview" in preview.content.decode()
    address = reverse("indexer:publishing-publish", args=[index.pk]) + f"?run={run.pk}"

    asked = client.get(address).content.decode()
    assert run.data_set.framework.name in asked
    assert not IndexEdition.objects.exists()
    client.post(address, {"embargo_until": ""})

    assert IndexEdition.objects.get().released_at
    # The second needs a reason.
    assert client.post(address, {"embargo_until": ""}).status_code == 422


def test_an_embargo_is_taken_back_on_its_page(client, index, run, owner):
    sign_in_staff(client, owner)
    address = reverse("indexer:publishing-publish", args=[index.pk]) + f"?run={run.pk}"
    assert client.post(address, {"embargo_until": "2001-01-01T00:00"}).status_code == 422
    client.post(address, {"embargo_until": "2999-01-01T00:00"})
    detail = client.get(reverse("indexer:publishing-detail", args=[index.pk])).content.decode()
    take_back = reverse("indexer:publishing-take-back", args=[index.pk, 1])
    assert take_back in detail

    client.post(take_back)

    assert not IndexEdition.objects.exists()


def test_what_is_missing_is_said_and_keeps_the_act_away(client, run, owner):
    sign_in_staff(client, owner)
    index = draft_index(slug="bare", terms={"name_en": "Bare"}, actor=owner)
    address = reverse("indexer:publishing-publish", args=[index.pk]) + f"?run={run.pk}"

    assert "Choose the licence" in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 409
    other = sign_in_staff(client, make_account(Role.MANAGER))
    assert other.get(address).status_code == 404


def test_pages_of_other_sites_read_what_strangers_may(client, published, run):
    address = reverse("indexer:api-ranking", args=[run.pk])
    assert client.get(address)["Access-Control-Allow-Origin"] == "*"
    sign_in_staff(client, make_account(Role.ANALYST))
    assert "Access-Control-Allow-Origin" not in client.get(address)


def test_every_entry_of_the_registries_has_a_formula():
    assert NORMALISATION_FORMULAS.keys() == NORMALISATIONS.keys()
    assert AGGREGATION_FORMULAS.keys() == {*AGGREGATIONS, *AGGREGATIONS.families}
    assert aggregation_formula("power:2").endswith("p = 2")


def test_strangers_are_led_on_where_nothing_can_be_compared(client, published, index, run, owner):
    """One ranking is public: the page of comparisons says why it is empty, and what can be read."""
    assert [one.pk for one in runs_visible_to(None)] == [run.pk]
    content = client.get("/compare/", headers={"Accept-Language": "en"}).content.decode()
    assert "There is nothing to compare" in content
    assert f'href="{ADDRESS}"' in content
