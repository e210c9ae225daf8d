"""Weights that move in a real browser: the ranks are the server's, and the address holds them."""

import json
import re
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import expect

from indexer.models import City
from indexer.numeric.scores.weight_state import apportion, state_text
from indexer.selectors.what_if import what_if_of
from indexer.views.run import what_if_words
from tests.factories import make_account, make_framework
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role
from weighting.models import Indicator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RANK = """text => {
  shown.units = readState(text);
  takeWeights();
  return shown.index.rank(shown.local) && { ranks: [...shown.index.ranks], scores: [...shown.index.scores] };
}"""
# One movement, with the frame that it asks for and its layout done at once.
MOVE = """step => {
  const slider = document.querySelector("[data-slider]");
  const wait = window.requestAnimationFrame;
  window.requestAnimationFrame = (draw) => { draw(); return 0; };
  slider.value = String(50000 + step * 20000);
  const start = performance.now();
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  document.querySelector("tbody tr").getBoundingClientRect();
  const whole = performance.now() - start;
  window.requestAnimationFrame = wait;
  shown.index.weights = null;
  const anew = performance.now();
  shown.index.rank(shown.local);
  return [performance.now() - anew, whole];
}"""
WORK = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration")
MOVES = 40


@pytest.fixture
def open_page(open_page):
    """Open pages as a manager, with nothing that moves by itself."""
    return partial(open_page, account=make_account(Role.MANAGER), reduced_motion="reduce")


def milliseconds_of_moves(page):
    """Move a slider; return for each move: ranking anew, the whole answer, and the processor's time for it.

    The last includes ranking twice and is of the page's thread alone, whatever else the machine does.
    """
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked():
        figures = {f["name"]: f["value"] for f in devtools.send("Performance.getMetrics")["metrics"]}
        return 1000 * sum(figures[name] for name in WORK)

    taken = []
    for step in range(MOVES):
        before = worked()
        times = page.evaluate(MOVE, step)
        taken.append([*times, worked() - before])
    return np.array(taken).T


def random_states(run, count, seed):
    """States of a tree: some groups changed, to weights from even to nearly nothing."""
    chance, groups = np.random.default_rng(seed), what_if_of(run).tree.groups
    for _ in range(count):
        chosen = [number for number in range(len(groups)) if chance.random() < 0.7]
        yield {number: apportion(chance.random(len(groups[number])) ** 4 + 1e-9) for number in chosen}


def make_mixed_run(values):
    """A run of a geometric mean of harmonic and other means, in which some lack too much to be ranked."""
    framework = make_framework()
    nodes = {}
    for node in Indicator.objects.filter(framework=framework, is_leaf=False).order_by("position"):
        nodes[node.code] = {"aggregation": "harmonic" if not nodes else "power:3", "coverage": 0.6}
    method = {
        "aggregation": "geometric",
        "missing": "reweight",
        "coverage": 0.7,
        "nodes": nodes,
        "floor": 1e-4,
    }
    run = make_runs(values, tilts=[1.0], framework=framework, **method)[0]
    assert 0 < len(what_if_of(run).cities) < len(values)
    return run


def test_ranks_are_the_servers_to_the_last_place(open_page):
    """Many ties among 120 cities: few distinct values, and equal scores by different sums."""
    values = np.random.default_rng(7).integers(1, 4, (120, 5)).astype(float)
    holes = values.copy()
    holes[np.random.default_rng(8).random(holes.shape) < 0.2] = np.nan
    holes[:, 0] = values[:, 0]
    kinds = {
        "arithmetic": make_runs(values, tilts=[1.0])[0],
        "geometric": make_runs(values, tilts=[1.0], aggregation="geometric")[0],
        "reweight": make_runs(holes, tilts=[1.0], missing="reweight")[0],
        "mixed": make_mixed_run(holes),
    }
    for seed, (kind, run) in enumerate(kinds.items()):
        page = open_page(f"/runs/{run.pk}/what-if/")
        page.wait_for_selector("[data-ready]")
        for state in random_states(run, 25, seed):
            text = state_text(state)
            seen, tried = page.evaluate(RANK, text), what_if_of(run, text)
            assert seen["ranks"] == tried.ranks.tolist(), (kind, text)
            if kind == "arithmetic":
                assert seen["scores"] == tried.scores.tolist(), text


def test_a_slider_moves_the_ranks_and_the_address_restores_them(open_page, live_server):
    run = make_runs(random_values(351), tilts=[None])[0]
    page = open_page(f"/runs/{run.pk}/what-if/")
    page.wait_for_selector("[data-ready]")
    print("\n351 cities, one movement of a slider in milliseconds; a frame has 16.7")
    for words, taken in zip(
        ("ranked anew", "whole, layout included", "of the processor"),
        milliseconds_of_moves(page),
        strict=True,
    ):
        median, most = np.median(taken), taken.max()
        print(f"{words}: median {median:.2f}, 95 % {np.percentile(taken, 95):.2f}, most {most:.2f}")
    page.locator("[data-slider]").first.evaluate("slider => slider.dispatchEvent(new Event('change'))")
    expect(page.locator("[data-mean]")).not_to_have_text("0.00")
    sums = page.evaluate("[...shown.units.values()].map(units => units.reduce((a, b) => a + b))")
    assert sums == [1_000_000]

    def ranks_of(page):
        page.wait_for_selector("[data-region][data-whole]")
        return page.locator("tbody tr th").all_inner_texts()

    seen, address = ranks_of(page), page.evaluate("window.location.href")
    assert page.locator("#what-if-link").inner_text() == address
    other = open_page(address.removeprefix(live_server.url))
    other.wait_for_selector("[data-ready]")
    assert ranks_of(other) == seen
    assert other.evaluate("stateText(shown.units)") == page.evaluate("stateText(shown.units)")

    page.locator("[data-group='0'] button[name=equal]").click()
    page.wait_for_function("address => window.location.href !== address", arg=address)
    page.go_back()
    expect(page.locator("#what-if-link")).to_have_text(address)
    assert ranks_of(page) == seen
    page.locator("[data-reset-all]").click()
    expect(page.locator("[data-moved]")).to_have_text("0")


def test_of_many_units_the_first_lines_are_kept_up_to_date(open_page, monkeypatch):
    """More than the page has lines for: what rises into sight is named, and the last line is written."""
    monkeypatch.setattr(what_if_words, "MOST_ROWS", 6)
    run = make_runs(random_values(9), tilts=[None])[0]
    page = open_page(f"/runs/{run.pk}/what-if/")
    page.wait_for_selector("[data-ready]")
    first = page.locator("tbody tr th").all_text_contents()
    page.locator("[data-group='0'] [data-number]").first.fill("95")
    page.locator("[data-group='0'] [data-number]").first.press("Tab")
    page.wait_for_function("location.search.includes('w=')")
    page.wait_for_selector("[data-region][data-whole]")
    tried = what_if_of(run, page.url.split("w=")[1])
    seen = [tried.cities[place].name for place in tried.order[:6]]
    assert set(seen) != set(first)
    assert page.locator("tbody tr th").all_text_contents() == seen


def test_kept_weights_stay_and_pinned_cities_are_held(open_page):
    run = make_runs(random_values(8), tilts=[None])[0]
    page = open_page(f"/runs/{run.pk}/what-if/", width=390)
    page.wait_for_selector("[data-ready]")
    rows = page.locator("[data-group='0'] [data-node]")
    kept = rows.nth(1).locator("[data-number]").input_value()
    rows.nth(1).locator("[data-keep]").check()
    rows.nth(0).locator("[data-number]").fill("12.5")
    rows.nth(0).locator("[data-number]").press("Tab")
    expect(rows.nth(1).locator("[data-number]")).to_have_value(kept)
    page.locator(".what-if-pin").nth(2).click()
    name = page.locator("tbody tr").nth(2).locator("th").inner_text()
    expect(page.locator("[data-pin-list]")).to_contain_text(name)
    expect(page).to_have_url(re.compile("pin="))
    assert json.loads(page.evaluate("JSON.stringify(shown.pins)"))


@pytest.mark.parametrize("scripts", [True, False])
def test_enter_takes_a_weight_as_it_was_typed(open_page, scripts):
    run = make_runs(random_values(8), tilts=[None])[0]
    page = open_page(f"/runs/{run.pk}/what-if/", scripts=scripts)
    if scripts:
        page.wait_for_selector("[data-ready]")
    number = page.locator("[data-group='0'] [data-number]").first
    number.fill("90")
    number.press("Enter")
    expect(page).to_have_url(re.compile(re.escape("?w=1~0.")))
    shown = page.locator("[data-group='0'] [data-number]")
    expect(shown.first).to_have_value("90")
    expect(shown.nth(1)).to_have_value("10")


def test_a_draft_that_lacks_something_keeps_the_weights(open_page):
    run = make_runs(random_values(8), tilts=[None])[0]
    page = open_page(f"/runs/{run.pk}/what-if/")
    page.wait_for_selector("[data-ready]")
    page.locator("[data-group='0'] [data-number]").first.fill("70")
    page.locator("[data-group='0'] [data-number]").first.press("Tab")
    state = page.evaluate("stateText(shown.units)")
    page.get_by_text("Save as a draft version").click()
    page.get_by_label("Chinese label").fill("试")
    page.get_by_label("English label").fill("Tried")
    page.get_by_role("button", name="Save the draft").click()
    expect(page).to_have_url(re.compile("/draft/$"))
    page.wait_for_selector("[data-ready]")
    expect(page.locator("form[action$='/draft/'] input[name=w]")).to_have_value(state)
    page.get_by_label("Reason").fill("More for the first")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator("main")).to_contain_text("The draft is made")
    expect(page.locator("main")).to_contain_text("70.00")


def test_without_scripts_the_server_ranks(open_page):
    run = make_runs(random_values(8), tilts=[None])[0]
    page = open_page(f"/runs/{run.pk}/what-if/", scripts=False)
    page.locator("[data-group='0'] [data-number]").first.fill("90")
    page.get_by_role("button", name="Rank with these weights").click()
    expect(page).to_have_url(re.compile(re.escape("?w=1~0.")))
    expect(page.locator("[data-mean]")).to_have_text(
        f"{what_if_of(run, page.url.split('w=')[1]).mean_shift:.2f}"
    )
    page.locator("[data-group='0'] button[name=reset]").click()
    expect(page).to_have_url(re.compile("/what-if/$"))


def test_the_map_is_drawn(open_page):
    run = make_runs(random_values(3), tilts=[None])[0]
    City.objects.update(latitude=31.2, longitude=121.5)
    City.objects.filter(pk=run.data_set.city_ids[0]).update(latitude=39.9, longitude=116.4)
    page = open_page(f"/runs/{run.pk}/map/")
    expect(page.locator("#map svg .mark-symbol path").first).to_be_attached()
    assert page.locator("#map svg .mark-symbol path").count() >= 3


# Where each character of a list's items stands, from left to right.
SEEN = """list => [...document.querySelectorAll(`[data-${list}] li`)].map((item) => {
  const walk = document.createTreeWalker(item, NodeFilter.SHOW_TEXT), seen = [];
  while (walk.nextNode()) [...walk.currentNode.nodeValue].forEach((character, place) => {
    const range = document.createRange();
    range.setStart(walk.currentNode, place);
    range.setEnd(walk.currentNode, place + 1);
    const { left, width } = range.getBoundingClientRect();
    if (width > 1) seen.push([left, character]);
  });
  const text = seen.sort((a, b) => a[0] - b[0]).map(([, character]) => character).join("");
  return text.replace(/[^0-9→▲▼]/g, "");
})"""


@pytest.mark.parametrize("scripts", [True, False])
def test_names_from_the_right_turn_no_move_round(open_page, scripts):
    run, _ = make_runs(random_values(30))
    for number, city in enumerate(City.objects.all()):
        names = {"name_zh": "", "name_en": "مستشفى " + "ابتثجح"[number // 6] + "ابتثجح"[number % 6]}
        City.objects.filter(pk=city.pk).update(code="", **names)
    tree = what_if_of(run).tree
    state = state_text({0: apportion(np.arange(len(tree.groups[0])) ** 3.0 + 0.1)})
    page = open_page(f"/runs/{run.pk}/what-if/" + ("" if scripts else f"?w={state}"), scripts=scripts)
    if scripts:
        page.wait_for_selector("[data-ready]")
        page.evaluate("text => { shown.units = readState(text); takeWeights(); update(); settle(); }", state)
    for name in ("rises", "falls"):
        moves = page.evaluate(SEEN, name)
        assert moves
        for move in moves:
            before, after, sign, places = re.match(r"(\d+)→(\d+)([▲▼])(\d+)", move).groups()
            assert int(before) - int(after) == int(places) * (1 if sign == "▲" else -1)
    assert [swap for swap in page.evaluate(SEEN, "swaps") if not re.fullmatch(r"(\d+)▲(\d+)", swap)] == []
