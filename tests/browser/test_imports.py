"""Bringing data in with a real browser: what is asked on the way, on a phone and without scripts."""

import io
import json
import os
import zipfile
from functools import partial

import pytest
from playwright.sync_api import expect

from indexer.models import City, DataImport, DataSet, Run
from indexer.selectors.stored_values import unpack_values
from indexer.services.data_imports import Terms
from indexer.services.gatherings import open_gathering
from indexer.services.methods import use_method
from indexer.services.registers import import_countries
from tests.factories import make_account, make_framework
from tests.indexer.factories import make_version
from weighting.enums import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEAVES = ("ab", "cd")
FIRST = "country,ab,cd,colour\nAlbania,1.5,2,red\nNamibja,2.5,-999,blue\nChad,3.5,4,red\nWorld,9,9,red\n"
NEXT = FIRST.replace("1.5", "3").replace("2.5", "5").replace("3.5", "7")
# A phone with scripts, and any screen without.
WAYS = [(390, True), (390, False), (1440, False)]


@pytest.fixture
def owner():
    return make_account(Role.ANALYST, username="anna")


@pytest.fixture
def framework(owner):
    import_countries(actor=owner)
    framework = make_framework(tree={leaf: {} for leaf in LEAVES}, owner=owner)
    for tilt in (None, 3.0):
        make_version(framework, tilt=tilt, actor=owner)
    return framework


@pytest.fixture
def open_page(open_page, owner):
    """Open pages as the analyst."""
    return partial(open_page, account=owner)


@pytest.fixture
def picture(request):
    """Return a function that keeps a picture of a page where somebody asks for pictures."""
    folder = os.environ.get("PICTURES")

    def take(page, name):
        if folder:
            kind = request.node.callspec.id
            page.screenshot(path=f"{folder}/{name}-{kind}.png", full_page=True)

    return take


def check_fits(page):
    """Nothing is wider than the screen."""
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], (page.url, width)


def send(page, name, content, **fields):
    """Fill in the form of a file by the names of its fields, and send it."""
    page.locator("summary", has_text="Advanced").click()
    for field, value in fields.items():
        box = page.locator(f"#id_{field}")
        if box.evaluate("box => box.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(str(value))
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("#id_file").set_input_files(files=[file])
    check_fits(page)
    page.get_by_role("button", name="Send the file").click()


def values(edition):
    """Return what is stored of the first indicator, by code of the unit."""
    units = City.objects.in_bulk(edition.city_ids)
    return dict(zip((units[pk].code for pk in edition.city_ids), unpack_values(edition)[:, 0], strict=True))


def package(**tables):
    """Pack tables as a data package, (bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        named = [{"name": name, "path": f"{name}.csv"} for name in tables]
        archive.writestr("datapackage.json", json.dumps({"name": "p", "resources": named}))
        for name, text in tables.items():
            archive.writestr(f"{name}.csv", text)
    return out.getvalue()


@pytest.mark.parametrize(("width", "scripts"), WAYS)
def test_what_is_settled_of_one_file_is_settled_of_the_next(open_page, framework, width, scripts, picture):
    page = open_page("/data-sets/import/", width=width, scripts=scripts)
    register = str(City.objects.get(code="NAM").register_id)
    said = {"framework": str(framework.pk), "register": register, "name_en": "Yearbook", "year": 2020}
    send(page, "2020.csv", FIRST.encode(), **said, normalisation="minmax", missing="reweight")
    expect(page.locator("#reading")).to_be_visible()
    page.locator("[name='reading-code:-999']").select_option("gap")
    page.locator("[name='reading-aggregates']").select_option("left out")
    expect(page.locator("#row-1 option:checked")).to_contain_text("Namibia")
    expect(page.locator("#column-2")).to_have_value("aside")
    check_fits(page)
    picture(page, "mapping")
    page.get_by_role("button", name="Save and go on").click()
    # What is read otherwise is looked at again.
    expect(page.get_by_text("4 rows are settled")).to_have_count(0)
    expect(page.get_by_text("3 rows are settled")).to_be_visible()
    check_fits(page)
    page.get_by_role("button", name="Save and go on").click()
    # Of two frozen versions one is chosen; a number that there is not is said, and stays to be corrected.
    versions = page.get_by_label("Weight versions")
    versions.fill("7")
    page.get_by_role("button", name="Store the edition").click()
    expect(page.get_by_text("No frozen version has such a number")).to_be_visible()
    expect(versions).to_have_value("7")
    check_fits(page)
    picture(page, "versions")
    versions.fill("2")
    page.get_by_role("button", name="Store the edition").click()
    expect(page.get_by_text("The data set is stored.")).to_be_visible()
    first = DataSet.objects.get()
    assert values(first) == {"ALB": 1.5, "NAM": 2.5, "TCD": 3.5}
    assert [run.weight_version.number for run in Run.objects.filter(data_set=first)] == [2]

    page = open_page("/data-sets/import/", width=width, scripts=scripts)
    send(page, "2021.csv", NEXT.encode(), framework=str(framework.pk), series=str(first.series_id), year=2021)
    expect(page.get_by_text("Read as the file of Yearbook (2020) was")).to_be_visible()
    check_fits(page)
    picture(page, "next-year")
    page.get_by_role("button", name="Store the edition").click()
    expect(page.get_by_text("The data set is stored.")).to_be_visible()
    assert values(DataSet.objects.get(year=2021)) == {"ALB": 3, "NAM": 5, "TCD": 7}


@pytest.mark.parametrize(("width", "scripts"), WAYS)
def test_of_a_package_one_table_is_chosen_and_the_file_is_not_sent_again(
    open_page, framework, width, scripts, picture
):
    page = open_page("/data-sets/import/", width=width, scripts=scripts)
    register = str(City.objects.get(code="NAM").register_id)
    said = {"framework": str(framework.pk), "register": register, "name_en": "Yearbook", "year": 2020}
    content = package(people="name\nAnna\n", places="country,ab,cd\nAlbania,1,2\nNamibia,3,4\n")
    send(page, "tables.zip", content, **said, normalisation="minmax")
    chooser = page.locator("[name='reading-resource']")
    expect(chooser).to_be_visible()
    check_fits(page)
    picture(page, "package")
    chooser.select_option("places")
    page.get_by_role("button", name="Send the file").click()
    page.wait_for_url("**/check/")
    draft = DataImport.objects.get()
    assert (draft.file_name, draft.units) == ("tables.zip", ["Albania", "Namibia"])
    page.get_by_role("button", name="Store the edition").click()
    expect(page.get_by_text("The data set is stored.")).to_be_visible()
    assert values(DataSet.objects.get()) == {"ALB": 1, "NAM": 3}


@pytest.mark.parametrize(("width", "scripts"), WAYS)
def test_what_becomes_of_stored_years_is_chosen(open_page, framework, width, scripts, picture):
    def years(*lines):
        return "\n".join(["country,year,ab,cd", *lines, ""]).encode()

    page = open_page("/data-sets/import/", width=width, scripts=scripts)
    register = str(City.objects.get(code="NAM").register_id)
    said = {"framework": str(framework.pk), "register": register, "name_en": "Yearbook"}
    first = ("Albania,2019,1,2", "Namibia,2019,3,4", "Albania,2020,5,6", "Namibia,2020,7,8")
    send(page, "a.csv", years(*first), **said, year=2019, normalisation="minmax")
    page.get_by_role("button", name="Store an edition of each of the 2 years").click()
    expect(page.get_by_text("2 editions are stored.")).to_be_visible()
    series = str(DataSet.objects.first().series_id)

    page = open_page("/data-sets/import/", width=width, scripts=scripts)
    later = (*first[:3], "Namibia,2020,70,8", "Albania,2021,9,1", "Namibia,2021,2,3")
    send(page, "b.csv", years(*later), framework=str(framework.pk), series=series, year=2021)
    store = page.get_by_role("button", name="Store an edition of each of the 3 years")
    expect(page.get_by_text("2019, 2020 are stored already")).to_be_visible()
    check_fits(page)
    picture(page, "stored-years")
    store.click()
    expect(page.get_by_text("Editions of 2019, 2020 are stored already.")).to_be_visible()
    page.get_by_label("Store them as corrected editions").check()
    store.click()
    expect(page.get_by_text("Say why 2019, 2020 are corrected")).to_be_visible()
    expect(page.get_by_label("Store them as corrected editions")).to_be_checked()
    page.get_by_label("Why they are corrected").fill("The office revised 2020.")
    store.click()
    expect(page.get_by_text("2 editions are stored.")).to_be_visible()
    expect(page.get_by_text("Stored before, and left as they are: 2019.")).to_be_visible()
    assert sorted(DataSet.objects.values_list("year", "edition", "note")) == [
        (2019, 1, ""),
        (2020, 1, ""),
        (2020, 2, "The office revised 2020."),
        (2021, 1, ""),
    ]


@pytest.mark.parametrize(("width", "scripts"), WAYS)
def test_a_delivery_to_what_has_a_long_name_fits_a_phone(
    open_page, framework, owner, width, scripts, picture
):
    """The link to the gathering once made every page of the import wider than the screen."""
    terms = Terms(
        framework=framework,
        register=City.objects.get(code="NAM").register,
        method=use_method(normalisation="minmax"),
        year=2020,
        name_en="Health and schooling of all countries, put together by six ministries",
    )
    gathering = open_gathering(terms=terms, actor=owner)
    page = open_page(f"/data-sets/gatherings/{gathering.pk}/", width=width, scripts=scripts)
    page.get_by_label("Delivered by").fill("Federal Ministry of Health and Social Security, Section 212")
    name = "hospital_statistics_2020_corrected_and_corrected_again_v4_final(2).csv"
    file = {"name": name, "mimeType": "text/csv", "buffer": b"country,ab\nAlbania,1.5\nNamibia,2.5\n"}
    page.locator("#id_file").set_input_files(files=[file])
    page.get_by_role("button", name="Send the file").click()
    expect(page.get_by_text("Delivered by Federal Ministry")).to_be_visible()
    check_fits(page)
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("button", name="Deliver it")).to_be_visible()
    check_fits(page)
    picture(page, "delivery")
    page.get_by_role("button", name="Deliver it").click()
    expect(page.get_by_text(name)).to_be_visible()
    check_fits(page)


@pytest.mark.parametrize(("width", "scripts"), WAYS)
def test_a_framework_brought_as_a_file_is_said_to_follow_another(
    open_page, framework, owner, width, scripts, picture
):
    later = make_framework(tree={"x1": {}, "x2": {}}, owner=owner)
    page = open_page(f"/frameworks/{later.pk}/", width=width, scripts=scripts)
    page.get_by_role("link", name="Say which edition came before").click()
    page.get_by_label("Framework of the edition before").select_option(str(framework.pk))
    page.get_by_role("button", name="Show its indicators").click()
    fields = page.locator("main table input")
    expect(fields).to_have_count(2)
    fields.nth(0).fill("ab")
    fields.nth(1).fill("nothing")
    check_fits(page)
    page.get_by_role("button", name="Keep this").click()
    expect(page.get_by_text("has no code nothing")).to_be_visible()
    picture(page, "former-codes")
    fields.nth(1).fill("")
    page.get_by_role("button", name="Keep this").click()
    expect(page.get_by_text("It follows")).to_be_visible()
    later.refresh_from_db()
    assert (later.came_from_id, later.former_codes["x1"]) == (framework.pk, "ab")
