"""Places stand in tables where they tell units apart, and are called as the register calls them."""

import csv
import io
import re
import zipfile
from itertools import chain

import numpy as np
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from indexer.intake.group_words import words_of_head
from indexer.models import Register, Run
from indexer.models.register import plural_of
from indexer.packages.archive import package_of
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.registers import CityRow, RegisterWords, create_register, register_cities
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework, said
from tests.indexer.factories import make_version
from tests.routes import find_routes
from weighting.models import Indicator

pytestmark = pytest.mark.django_db

PAGES = ("detail", "places", "concentration", "map", "leads", "report", "trend")
# Name, province and region of each unit.
BY_COUNTRY = [
    ("Uppsala", "Sweden", "Everywhere"),
    ("Lund", "Sweden", "Everywhere"),
    ("Oslo", "Norway", "Everywhere"),
]
IN_ONE = [
    ("Uppsala", "Everywhere", "Everywhere"),
    ("Lund", "Everywhere", "Everywhere"),
    ("Oslo", "Everywhere", "Everywhere"),
]
THEIR_OWN = [(name, name, name) for name in ("Uppsala", "Lund", "Oslo")]


def compute(places, name_zh="", **words):
    """Return a finished run of units of these provinces and regions."""
    framework = make_framework()
    analyst = framework.created_by
    named = {
        "name_zh": name_zh,
        "name_en": "Universities",
        "unit_en": "university",
        "units_en": "universities",
    }
    register = create_register(RegisterWords(**named, **words), actor=analyst)
    rows = [CityRow("", name, "", province, "", region) for name, province, region in places]
    units = register_cities(rows, actor=analyst, register=register)
    codes = list(Indicator.objects.filter(framework=framework, is_leaf=True).values_list("code", flat=True))
    values = np.arange(1.0, 1 + len(units) * len(codes)).reshape(len(units), -1)
    data_set = add_data_set(
        terms=EditionTerms(framework=framework, **said("name", "甲", "A"), year=2018, method=use_method()),
        matrix=Matrix([unit.pk for unit in units], codes, values, {}, {}),
        actor=analyst,
    )
    make_version(framework)
    compute_waiting_runs(data_set.pk)
    return Run.objects.get(data_set=data_set)


def pages_of(client, run, language):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    unit = run.data_set.city_ids[0]
    addresses = [reverse(f"indexer:run-{name}", args=[run.pk]) for name in PAGES]
    addresses += [reverse(f"indexer:run-{name}", args=[run.pk, unit]) for name in ("city", "unit-indicators")]
    addresses.append(reverse("indexer:register-detail", args=[run.data_set.series.register_id]))
    pages = {address: client.get(address) for address in addresses}
    assert {page.status_code for page in pages.values()} == {200}
    return {address: page.content.decode() for address, page in pages.items()}


def test_pages_call_places_as_the_register_does(analyst):
    run = compute(BY_COUNTRY, province_zh="国家", province_en="country")
    for language, own, others in (
        ("en", ("Country", "All countries"), ("Province", "province<", "Region<")),
        ("zh-hans", ("国家", "全部国家"), ("省份", "地区<")),
    ):
        pages = pages_of(analyst, run, language)
        ranking = pages[reverse("indexer:run-detail", args=[run.pk])]
        assert all(word in ranking for word in own)
        told = {(address, word) for address, text in pages.items() for word in others if word in text}
        assert not told


# What the words of the product's own may be, in either language, where a register has words of its own.
PLAIN = {
    "en": re.compile(r"\b(?:province|region)s?\b", re.IGNORECASE),
    "zh-hans": re.compile("省份|各省|省内|省均|地区"),
}
# They are drawn and packed, which takes time, of what the pages say.
DRAWN = (".pdf", "/package/")


def addresses_about(run):
    """Every address of pages and files about a run, its data set, framework and register, by the resolver."""
    things = {
        "runs/<int:pk>": run.pk,
        "data-sets/<int:pk>": run.data_set_id,
        "frameworks/<int:pk>": run.data_set.framework_id,
        "registers/<int:pk>": run.data_set.series.register_id,
    }
    for route in find_routes():
        for start, pk in things.items():
            path = route.pattern.replace("<int:city_pk>", str(run.data_set.city_ids[0]))
            if path.startswith(start) and "<" not in path.removeprefix(start) and not path.endswith(DRAWN):
                yield f"/{path.replace(start, start.replace('<int:pk>', str(pk)))}"


def words_in(page):
    """Return what a page or a file says, without the code of its markup."""
    text = page.content.decode(errors="replace")
    if "html" not in page.headers.get("Content-Type", ""):
        # A level is told with the code that addresses take.
        return text.replace("province: ", "")
    said = re.findall(r'(?:aria-label|title|data-label|placeholder)="([^"]*)"', text)
    bare = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", text, flags=re.S)
    # The Chinese for GDP begins so.
    return " ".join([bare, *said]).replace("地区生产总值", "GDP")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_page_and_no_file_says_province_or_region_where_the_register_says_state(analyst, language):
    words = {"province_zh": "州", "province_en": "state", "region_zh": "大区", "region_en": "division"}
    places = [("Uppsala", "Uppland", "East"), ("Lund", "Skania", "South"), ("Malmö", "Skania", "South")]
    run = compute(places, **words)
    analyst.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answers = {address: analyst.get(address) for address in addresses_about(run)}
    read = {
        address: words_in(page)
        for address, page in answers.items()
        if page.status_code == 200 and page.headers["Content-Type"].startswith("text/")
    }
    assert len(read) > 40
    assert "state" in read[f"/data-sets/{run.data_set_id}/method/"] or language != "en"
    told = {
        (address, text[max(0, found.start() - 40) : found.end() + 20])
        for address, text in read.items()
        for found in [PLAIN[language].search(text)]
        if found
    }
    assert told == set()


@pytest.mark.parametrize("places", [IN_ONE, THEIR_OWN])
def test_places_that_tell_nothing_are_not_shown(analyst, places):
    run = compute(places)
    pages = pages_of(analyst, run, "en")
    # It names the one place in a sentence.
    del pages[reverse("indexer:run-places", args=[run.pk])]
    told = {
        (address, word)
        for address, text in pages.items()
        for word in (">Province", ">Region", "All provinces", "All regions", "in the province", "Everywhere")
        if word in text
    }
    assert not told
    ranking = analyst.get(reverse("indexer:run-detail", args=[run.pk])).context["table"]
    assert [column.key for column in ranking.columns][:3] == ["rank", "city", "score"]
    assert {"province", "region"}.isdisjoint({*(c.key for c in ranking.columns), *ranking.form.fields})


def test_a_place_for_all_is_a_sentence_and_no_chart(analyst):
    run = compute(IN_ONE)
    page = analyst.get(reverse("indexer:run-places", args=[run.pk])).content.decode()
    assert "All universities lie in one place, Everywhere" in page
    assert "<figure" not in page
    several = compute([("Lund", "Sweden", "Everywhere"), ("Oslo", "Norway", "Everywhere")], name_zh="别的")
    page = analyst.get(reverse("indexer:run-places", args=[several.pk])).content.decode()
    assert "<figure" in page


def test_files_keep_the_columns_of_places(analyst):
    run = compute(IN_ONE)
    file = analyst.get(reverse("indexer:run-export", args=[run.pk])).content.decode()
    assert ",Code,Province,Region,Composite score" in file.splitlines()[0]


OF_COUNTRIES = [("Uppsala", "Sweden", "Sweden"), ("Lund", "Sweden", "Sweden"), ("Oslo", "Norway", "Norway")]


def regions_told(client, run):
    """Return what each kind of answer about a run names as regions of its units."""

    def rows(address, key="results"):
        return client.get(address).json()[key]

    api, unit = f"/api/v1/runs/{run.pk}", run.data_set.city_ids[0]
    file = client.get(reverse("indexer:run-export", args=[run.pk])).content.decode("utf-8-sig")
    packed = zipfile.ZipFile(io.BytesIO(package_of(run))).read("units.csv").decode()
    (twin,) = Run.objects.filter(data_set=run.data_set).exclude(pk=run.pk)
    node = run.data_set.leaf_codes[0]
    return {
        "export": {row["Region"] for row in csv.DictReader(io.StringIO(file)) if row["Region"] is not None},
        "package": {row["region"] for row in csv.DictReader(io.StringIO(packed))},
        "ranking": {row["region"] for row in rows(f"{api}/ranking/")},
        "node": {row["region"] for row in rows(f"{api}/nodes/{node}/ranking/")},
        "comparison": {
            row["region"] for row in rows(f"/api/v1/comparisons/cities/?runs={run.pk}&runs={twin.pk}")
        },
        "profile": {client.get(f"{api}/cities/{unit}/").json()["region"]},
        "register": {
            row["region"] + row["region_en"]
            for row in rows(f"/api/v1/registers/{run.data_set.series.register_id}/cities/")
        },
    }


def test_no_file_and_no_answer_repeats_provinces_as_regions(analyst):
    run = compute(OF_COUNTRIES)
    make_version(run.data_set.framework, tilt=1.0)
    compute_waiting_runs(run.data_set_id)
    assert set(chain.from_iterable(regions_told(analyst, run).values())) == {""}


def test_where_one_province_is_a_region_of_its_own_all_regions_are_told(analyst):
    run = compute([*BY_COUNTRY, ("Reykjavik", "Iceland", "Iceland")])
    make_version(run.data_set.framework, tilt=1.0)
    compute_waiting_runs(run.data_set_id)
    told = regions_told(analyst, run)
    assert told.pop("profile") == {"Everywhere"}
    assert told.pop("register") == {"EverywhereEverywhere", "IcelandIceland"}
    assert set(map(frozenset, told.values())) == {frozenset({"Everywhere", "Iceland"})}


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("country_name", ("国家", "country")),
        ("Country", ("国家", "country")),
        ("国家", ("国家", "country")),
        ("Land", ("", "land")),
        ("UN member", ("", "UN member")),
        ("学校所在区域", ("学校所在区域", "")),
        ("x" * 41, ("", "")),
    ],
)
def test_a_head_gives_its_groups_a_word(head, words):
    assert words_of_head(head) == words


def test_one_language_is_enough_for_a_word():
    register = Register(province_zh="", province_en="county", region_zh="", region_en="")
    with override("zh-hans"):
        assert (register.province_word, register.region_word) == ("county", "分组")
    with override("en"):
        assert (register.provinces_word, register.regions_word) == ("counties", "groups")
    assert [plural_of(word) for word in ("class", "bay", "church", "省份")] == [
        *("classes", "bays", "churches", "省份"),
    ]
