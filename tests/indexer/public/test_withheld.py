"""What may not be given away is left out of the package, profiles, sliders and copy, and that is said."""

import html
import io
import json
import re
import zipfile

import pytest
from django.urls import reverse

from client.quanheng_client import Package, weighted_scores
from indexer.models import City, IndicatorTerms
from indexer.packages.archive import package_of
from indexer.selectors.published import terms_by_code
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.services.published import describe_indicators
from indexer.views.public.static_copy import StaticCopy
from tests.factories import make_account, sign_in_staff
from weighting.enums import Role

pytestmark = pytest.mark.django_db
INDEX = "/i/human-development/"
SOURCE = "World Population Prospects"
# Life expectancy of Norway, and its score between the goalposts.
RAW, TREATED = "83.2339", "0.9728292"


@pytest.fixture
def withheld(human_development):
    """Life expectancy may not be given away; of mean years the source is named."""
    terms = {
        "le": IndicatorTerms(source=SOURCE, licence="all rights reserved", is_withheld=True),
        "mys": IndicatorTerms(source="UNESCO"),
        "eys": IndicatorTerms(),
    }
    index = human_development.index
    describe_indicators(index, terms=terms, actor=index.created_by)
    human_development.run = runs_with_nodes_visible_to(None).get(pk=human_development.run_id)
    return human_development


def files_in(package):
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def heads(files):
    return {
        name: content.decode().splitlines()[0].split(",") for name, content in files.items() if ".csv" in name
    }


def words(client, address):
    page = client.get(address, headers={"Accept-Language": "en"}).content.decode()
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_without_terms_everything_is_given(human_development):
    files = files_in(package_of(human_development.run))
    assert "le" in heads(files)["raw.csv"]
    assert "sources.csv" not in files
    assert RAW in files["raw.csv"].decode()
    assert TREATED in files["normalised.csv"].decode()


def test_a_package_leaves_out_raw_and_treated_values_and_says_so(withheld):
    files = files_in(package_of(withheld.run))
    columns = heads(files)

    assert columns["raw.csv"] == columns["normalised.csv"] == ["unit", "eys", "mys", "gnipc"]
    # Health is life expectancy alone: its score is the treated value.
    assert not {"le", "health"} & set(columns["scores.csv"])
    assert {"le", "health", "education"} < set(columns["ranks.csv"])
    for name, content in files.items():
        assert RAW not in content.decode(), name
        assert TREATED not in content.decode(), name
    assert json.loads(files["datapackage.json"])["withheld"] == ["le"]
    assert "le" in files["README.md"].decode()
    assert "command.txt" not in files
    sources = files["sources.csv"].decode().splitlines()
    assert sources[1:] == [f"le,{SOURCE},all rights reserved,False", "mys,UNESCO,,True"]
    with pytest.raises(ValueError, match="may not be given away are not in the package: le"):
        weighted_scores(Package(files))


def test_profiles_name_the_source_and_leave_the_value_out(client, withheld):
    said = words(client, f"{INDEX}units/NOR/")
    assert SOURCE in said
    assert "83.23" not in said
    # Health is this indicator alone.
    assert re.search(r"Health rank \d+, score – ", said)
    assert re.search(r"Education rank \d+, score 0\.\d+ ", said)
    assert "Values that may not be given away are left out: Life expectancy at birth" in said
    assert "– years" not in said
    assert "83.23" not in words(client, f"{INDEX}units/?units=NOR.CHN")
    assert "Its values may not be given away" in words(client, INDEX)


def test_pages_of_the_run_leave_its_raw_value_out_for_strangers_alone(client, withheld):
    run = withheld.run
    city = City.objects.get(pk__in=run.data_set.city_ids, code="NOR")
    answer = client.get(reverse("indexer:api-run-unit-indicators", args=[run.pk, city.pk])).json()
    raw = {row["indicator"]: row["raw"] for row in answer["results"] if row["is_leaf"]}
    assert [code for code, value in raw.items() if value is None] == ["le"]
    ranked = reverse("indexer:run-export", args=[run.pk])
    for code in ("le", "eys"):
        head = client.get(ranked, {"node": code}, headers={"Accept-Language": "en"}).content.decode(
            "utf-8-sig"
        )
        assert ("Raw value" in head.splitlines()[0]) == (code == "eys")
    sign_in_staff(client, withheld.index.created_by)
    head = client.get(ranked, {"node": "le"}, headers={"Accept-Language": "en"}).content.decode("utf-8-sig")
    assert "Raw value" in head.splitlines()[0]


def test_sliders_get_no_values_and_the_server_ranks(client, withheld):
    run = withheld.run
    assert client.get(reverse("indexer:run-what-if-data", args=[run.pk])).status_code == 404
    address = reverse("indexer:run-what-if", args=[run.pk])
    assert "Some values may not be given away, so the browser cannot compute this" in words(client, address)
    copy = StaticCopy(withheld, 1)
    assert copy.tried is None
    assert all(name.startswith(("citation", "package", "manifest")) for name, _content in copy._data())


def test_pages_that_were_kept_are_asked_for_again(client, human_development):
    answer = client.get(INDEX)
    index = human_development.index
    describe_indicators(index, terms={"le": IndicatorTerms(source=SOURCE)}, actor=index.created_by)
    assert client.get(INDEX, headers={"If-None-Match": answer["ETag"]}).status_code == 200
    assert SOURCE in words(client, INDEX)


def test_an_owner_says_so_in_a_table_and_nobody_else(client, human_development):
    index, run = human_development.index, human_development.run
    address = reverse("indexer:publishing-indicators", args=[index.pk]) + f"?run={run.pk}"
    assert sign_in_staff(client, make_account(Role.MANAGER)).get(address).status_code == 404
    sign_in_staff(client, index.created_by)
    page = client.get(address).content.decode()
    names = dict(zip(re.findall(r'name="(t\d+)-source"', page), ("le", "eys", "mys", "gnipc"), strict=True))
    (first, *_others) = names

    assert client.post(address, {f"{first}-source": "x" * 301}).status_code == 422
    saved = client.post(address, {f"{first}-source": SOURCE, f"{first}-is_withheld": "on"})
    assert saved.status_code == 302
    said = terms_by_code(index)
    assert {code: (own.source, own.is_withheld) for code, own in said.items()} == {"le": (SOURCE, True)}
    # What is said of an indicator that this framework does not have stays.
    IndicatorTerms.objects.create(index=index, code="older", source="x")
    client.post(address, {})
    assert terms_by_code(index).keys() == {"older"}


def test_no_range_and_no_histogram_tells_a_withheld_value_to_a_stranger(client, withheld):
    """With the range of its values, a score between goalposts or by min-max is a raw value."""
    run = withheld.run.pk
    export = reverse("indexer:run-coherence-export", args=[run]) + "?table=indicators&format=json"
    api = reverse("indexer:api-run-audit", args=[run, "indicators"])
    page = reverse("indexer:run-distribution", args=[run])
    picture = reverse("indexer:run-picture", args=[run, "distribution", "svg"])

    def told():
        rows = {row["code"]: row for row in client.get(export).json()["rows"]}
        answered = {row["code"]: row for row in client.get(api).json()["results"]}
        shown = client.get(page, {"node": "le"}).context["figures"].keys()
        drawn = client.get(picture, {"node": "le", "of": "raw"}).status_code
        return rows, answered, shown, drawn

    rows, answered, shown, drawn = told()
    for found in (rows, answered):
        assert [found["le"][name] or None for name in ("min", "max", "mean", "median")] == [None] * 4
        assert found["mys"]["max"] > found["mys"]["min"]
    assert (list(shown), drawn) == ([], 404)
    assert {"raw", "scores"} <= client.get(page, {"node": "mys"}).context["figures"].keys()

    sign_in_staff(client, make_account(Role.ANALYST))
    rows, answered, shown, drawn = told()
    assert rows["le"]["max"] == answered["le"]["max"] > 80
    assert ("raw" in shown, drawn) == (True, 200)
