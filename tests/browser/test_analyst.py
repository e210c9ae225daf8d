"""The analyst's pages in a real browser: both widths, both languages, with and without scripts."""

import re
from functools import partial

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from indexer.models import Run
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_version
from tests.indexer.finished_runs import make_runs, random_values, register_places
from weighting.enums import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = [390, 1440]
LANGUAGES = ["zh-hans", "en"]


@pytest.fixture
def runs():
    return make_runs(random_values(60), tilts=[None, 1.0, 6.0])


@pytest.fixture
def open_page(open_page):
    """Open pages as an analyst."""
    return partial(open_page, account=make_account(Role.ANALYST))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_its_screen(open_page, live_server, runs, language, width):
    numbers = "&".join(f"runs={run.pk}" for run in runs)
    city = runs[0].data_set.city_ids[0]
    paths = [
        "/compare/",
        f"/compare/?{numbers}",
        f"/runs/{runs[0].pk}/",
        f"/runs/{runs[0].pk}/what-if/",
        f"/runs/{runs[0].pk}/map/",
        f"/runs/{runs[0].pk}/concentration/",
        f"/runs/{runs[0].pk}/coherence/",
        f"/runs/{runs[0].pk}/fragility/",
        f"/runs/{runs[0].pk}/leads/",
        f"/runs/{runs[0].pk}/cities/{city}/",
        f"/compare/cities/{city}/?{numbers}",
        "/runs/",
        "/data-sets/",
        f"/data-sets/{runs[0].data_set_id}/",
        "/data-sets/import/",
        "/registers/",
        f"/registers/{runs[0].data_set.series.register_id}/",
        "/registers/import/",
    ]
    page = open_page(paths[0], language=language, width=width)
    for path in paths:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond <= 0, f"{path} is {beyond} px too wide at {width} px"


def test_the_comparison_draws_its_figures_and_sorts_in_place(open_page, runs):
    page = open_page("/compare/")
    for figure in ("weights", "ranks", "scores"):
        expect(page.locator(f"#{figure} svg")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("of 60 cities")
    drawing = page.locator("#ranks svg").element_handle()
    page.locator("#results").get_by_role("link", name="Shift").click()
    expect(page.locator("#results th[aria-sort=descending]")).to_contain_text("Shift")
    assert drawing.evaluate("node => node.isConnected"), "sorting drew the whole page anew"
    expect(page).to_have_url(re.compile("sort=-shift"))
    page.go_back()
    expect(page.locator("#results th[aria-sort=ascending]")).to_contain_text("Rank")


def test_from_many_versions_to_the_reasons_of_one_city_and_its_profile(open_page, runs):
    numbers = "&".join(f"runs={run.pk}" for run in runs)
    page = open_page(f"/compare/?{numbers}")
    for figure in ("weights", "ranks", "flow"):
        expect(page.locator(f"#{figure} svg")).to_be_visible()
    expect(page.locator("#mean-shifts-title")).to_contain_text("furthest apart")
    page.get_by_label("Cities to mark").fill("Nanyang")
    page.locator("#figure-options").get_by_role("button", name="Apply").click()
    expect(page.locator("#ranks svg")).to_contain_text("Nanyang")
    expect(page).to_have_url(re.compile("(runs=.*){3}"))
    page.locator("#results").get_by_role("link", name="Xi'an").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Xi'an")
    expect(page.locator("#contributions svg")).to_be_visible()
    branch = page.locator(".change-tree > ul > li > details:not([open])").element_handle()
    branch.query_selector("summary").click()
    assert branch.query_selector("ul > li").is_visible()
    page.get_by_role("link", name="Profile of Xi'an").click()
    expect(page.locator("#profile svg")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Xi'an ranks")


def test_the_neighbours_that_change_places_are_drawn_and_found(open_page, runs):
    page = open_page(f"/runs/{runs[0].pk}/fragility/")
    expect(page.locator("#fragility svg")).to_be_visible()
    page.get_by_label("City", exact=True).fill("xian")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    expect(page.locator("#results")).to_contain_text("2 of 59 pairs")


def test_typing_a_name_filters_while_the_comparison_stays(open_page, runs):
    page = open_page(f"/compare/?runs={runs[0].pk}&runs={runs[2].pk}")
    page.get_by_label("City", exact=True).fill("xian")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results tbody th")).to_have_text("Xi'an")
    expect(page).to_have_url(re.compile(f"runs={runs[2].pk}"))
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("#results tbody tr")).to_have_count(50)


def test_back_from_another_page_the_whole_comparison_is_there(open_page, runs):
    """With nothing in htmx's cache, and the part that was fetched last in the browser's."""
    page = open_page(f"/compare/?runs={runs[0].pk}&runs={runs[1].pk}")
    page.locator("#id_q").press_sequentially("Town 01")
    page.wait_for_url("**q=Town*")
    expect(page.locator("#results tbody tr")).to_have_count(10)
    title = page.locator("h1").inner_text()
    page.locator("#results tbody th a").first.click()
    page.wait_for_url("**/cities/**")

    page.go_back()

    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#results tbody tr")).to_have_count(10)
    whole = "fetch(location.href, {headers: {'HX-Request': 'true', 'HX-History-Restore-Request': 'true'}})"
    assert "<h1" in page.evaluate(f"{whole}.then(answer => answer.text())")


def test_without_scripts_versions_are_chosen_and_cities_searched(open_page, runs):
    page = open_page("/compare/", scripts=False)
    page.locator("summary", has_text="Compare other versions").click()
    page.locator(f"#run-{runs[2].pk}").check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#results tbody tr").first.locator("td")).to_have_count(5)
    page.get_by_label("City", exact=True).fill("xian")
    page.locator("#city-filter").get_by_role("button", name="Apply").click()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("(runs=.*){3}"))


def test_the_ranking_is_paged_filtered_and_saved(open_page, runs):
    page = open_page(f"/runs/{runs[0].pk}/")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#results tbody tr")).to_have_count(10)
    page.get_by_label("Region", exact=True).select_option(label="Northwest")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert download.value.path().read_text("utf-8-sig").count("\n") == 61
    page.get_by_role("link", name="Xi'an").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Xi'an ranks")


def test_progress_moves_by_itself_until_the_ranking_is_there(open_page):
    waiting = make_runs(random_values(3), tilts=[None], computed=False)[0]
    page = open_page("/runs/")
    expect(page.get_by_text("0 of 1")).to_be_visible()
    compute_waiting_runs(waiting.data_set_id)
    expect(page.get_by_role("link", name=waiting.weight_version.label_en)).to_be_visible()
    expect(page.locator("#runs[hx-trigger]")).to_have_count(0)


@pytest.fixture
def flawed_file(tmp_path):
    """A table with a misspelt city, a misspelt column, one too many, and four cells that are no numbers."""
    file = tmp_path / "data.csv"
    lines = [
        "城市,fixed,mobil,retail,finance,travel,note",
        "南阴市,1,2,3,4,5,fine",
        "洛阳,,3,4,5,6,",
        '西安,2,"1,300.5",4,n/a,6,',
        "甘孜,3,4,x,6,7,",
    ]
    file.write_text("\n".join(lines) + "\n", "gb18030")
    return file


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_file_with_errors_is_mapped_corrected_and_stored(open_page, flawed_file, width, scripts):
    framework = make_framework()
    register_places(4, actor=framework.created_by)
    make_version(framework)
    page = open_page("/data-sets/import/", width=width, scripts=scripts)
    page.get_by_label("Data (CSV, XLSX, XLS, ODS, Parquet or a package)").set_input_files(flawed_file)
    page.get_by_label("Chinese name").fill("数据")
    page.get_by_label("English name").fill("Small data")
    page.get_by_label("Year of the data").fill("2016")
    page.get_by_role("button", name="Send the file").click()
    # Suggestions are chosen already: what is left is to look at them.
    expect(page.get_by_text("2 columns need a look.")).to_be_visible()
    expect(page.locator("#column-1")).to_have_value("mobile")
    expect(page.locator("#column-5")).to_have_value("aside")
    expect(page.locator("#row-0 option:checked")).to_have_text("Nanyang 南阳市")
    assert fits(page)
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", name="3 things to correct")).to_be_visible()
    assert fits(page)
    # 1,300.5 is read as it was meant; nothing stands in the field for n/a.
    expect(page.locator("#cell-2-3")).to_have_value("")
    page.locator("#cell-1-0").fill("4")
    page.locator("#cell-2-3").fill("5")
    page.get_by_role("button", name="Correct these cells").click()
    expect(page.get_by_role("heading", name="1 thing to correct")).to_be_visible()
    page.locator("#cell-3-2").fill("5")
    page.get_by_role("button", name="Correct these cells").click()
    page.get_by_role("button", name="Store the edition").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Small data (2016)")
    expect(page.get_by_text("3 cells corrected")).to_be_visible()
    assert fits(page)
    assert Run.objects.get().status == "queued"


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("name", ["run-detail", "run-report", "run-what-if", "run-studies", "run-map"])
def test_back_after_signing_out_shows_nothing_that_is_not_published(live_server, context, runs, name):
    session = sign_in_staff(Client(), make_account(Role.ANALYST)).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + reverse(f"indexer:{name}", args=[runs[0].pk]))
    shown = page.locator("h1").inner_text()
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    page.go_back(wait_until="load")

    assert shown not in page.locator("body").inner_text()
