"""Every chart page of the demonstration: no label is cut, leaves its drawing or lies on another."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# One study of every kind, and a series with outliers, beside what the demonstration brings.
ASK = """
import numpy as np
from tests.indexer.composites import scores_of
from indexer.models import Run
from indexer.services.series import SeriesTerms, add_series
from indexer.services.studies import count_waiting_parts, plan_study
from weighting.models import Account

run = Run.objects.select_related("data_set__framework", "weight_version", "method").order_by("pk").first()
analyst = Account.objects.get(role="analyst")
methods = {"normalisations": ["share", "minmax", "zscore", "rank"], "missing": ["refuse"]}
asked = {
    "jackknife": {},
    "noise": {"nu": "0.2"},
    "left_out": {"nodes": "branches"},
    "variants": {**methods, "aggregations": ["arithmetic", "geometric"], "weights": "noise"},
    "sobol": {"weights": "noise", "draws": "512"},
    "choices": {"normalisation": ["share", "minmax", "zscore", "rank"], "weights": "noise", "draws": "512"},
    "dropped": {},
    "smaa": {},
}
for kind, sent in asked.items():
    study = plan_study(run, kind=kind, sent={"draws": "500", "seed": "7", **sent}, actor=analyst)
    count_waiting_parts(study.pk)
pairs = sorted(scores_of(run).items())
values = np.array([score for _city, score in pairs]) * 2e7
values[np.argsort(values)[[-1, -2, -3, -9, -30]]] *= [6, 0.1, 8, 0.12, 9]
cities = [city for city, _score in pairs]
names = {"name_zh": "地区生产总值", "name_en": "GDP", "unit": "亿元", "year": 2016}
terms = SeriesTerms(register=run.data_set.series.register, **names)
add_series(terms=terms, city_ids=cities, values=values, actor=analyst)
"""

PAGES = [
    "/runs/1/",
    "/compare/?runs=1&runs=2",
    "/compare/?runs=1&runs=2&runs=3",
    "/compare/cities/2/?runs=1&runs=2",
    "/runs/1/places/",
    "/runs/1/cities/2/",
    "/runs/1/fragility/",
    "/runs/1/map/",
    "/runs/1/map/?against=2",
    "/runs/1/series/",
    "/runs/1/concentration/",
    "/runs/1/coherence/",
    "/runs/1/coherence/pair/",
    "/runs/1/coherence/values/",
    *(f"/studies/{number}/" for number in range(1, 9)),
    "/weight-versions/compare/?versions=1&versions=2&versions=3",
    "/rounds/1/statistics/",
]
WIDE_PAGES = ["/compare/?runs=1&runs=2&runs=3", "/runs/1/cities/2/", "/runs/1/map/", "/runs/1/series/"]

DRAWN = """() => {
  const isDrawn = (chart) => chart.querySelector("svg") && chart.querySelector("[data-drawing]").hidden;
  const charts = [...document.querySelectorAll("[data-chart]")];
  return charts.every((chart) => !chart.clientWidth || isDrawn(chart));
}"""

# The same words twice at one place are a label and its halo.
FAULTS = """() => [...document.querySelectorAll("[data-chart] svg")].flatMap((svg) => {
  const whole = svg.getBoundingClientRect();
  const outside = (box) => Math.max(
    whole.left - box.left, box.right - whole.right, whole.top - box.top, box.bottom - whole.bottom);
  const shared = (one, other, low, high) => Math.min(one[high], other[high]) - Math.max(one[low], other[low]);
  const isSame = (one, other) => Math.abs(one.left - other.left) < 1 && Math.abs(one.top - other.top) < 1;
  const labels = [...svg.querySelectorAll("text")]
    // Vega hides the figures of an axis that would meet.
    .filter((text) => text.getAttribute("opacity") !== "0" && text.textContent.trim())
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  return labels.flatMap(([words, box], place) => [
    ...(outside(box) > 1 ? [`${words} leaves the drawing by ${outside(box)}`] : []),
    ...(words.endsWith("…") ? [`${words} is cut`] : []),
    ...labels.slice(place + 1)
      .filter(([other, its]) => other !== words || !isSame(box, its))
      .filter(([, its]) => shared(box, its, "left", "right") > 1 && shared(box, its, "top", "bottom") > 3)
      .map(([other]) => `${words} lies on ${other}`),
  ]);
})"""

PLANT = """() => {
  const [first, second] = document.querySelectorAll("[data-chart] svg text");
  const copy = first.parentNode.appendChild(first.cloneNode(true));
  copy.textContent = "planted and cut…";
  second.setAttribute("transform", "translate(-400, 0)");
}"""


@pytest.fixture(scope="module")
def base_url_of_studies(product):
    """The demonstration with a study of every kind."""
    product.manage("shell", "-v", "0", "-c", ASK)
    return product.base_url


@pytest.fixture
def open_page(base_url_of_studies, as_analyst, browser):
    contexts = []

    def open_at(width, language):
        context = browser.new_context(viewport={"width": width, "height": 900}, storage_state=as_analyst)
        contexts.append(context)
        cookie = {"name": "django_language", "value": language, "url": base_url_of_studies}
        context.add_cookies([cookie])
        return context.new_page()

    yield open_at
    for context in contexts:
        context.close()


def faults_of(page, url):
    assert page.goto(url).status == 200
    page.wait_for_function(DRAWN)
    assert page.locator("[data-chart] svg text").count(), f"{url} draws nothing"
    return page.evaluate(FAULTS)


@pytest.mark.parametrize(
    ("width", "language", "paths"),
    [(390, "zh-hans", PAGES), (390, "en", PAGES), (1440, "en", WIDE_PAGES)],
)
def test_no_label_is_cut_or_leaves_its_drawing_or_lies_on_another(
    open_page, base_url_of_studies, width, language, paths
):
    page = open_page(width, language)
    found = {path: faults_of(page, base_url_of_studies + path) for path in paths}
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_a_planted_label_is_found(open_page, base_url_of_studies):
    """The control: one label on another and cut, one out of its drawing."""
    page = open_page(390, "en")
    assert faults_of(page, f"{base_url_of_studies}/runs/1/") == []
    page.evaluate(PLANT)
    found = " ".join(page.evaluate(FAULTS))
    for words in ("planted and cut… is cut", "lies on planted", "leaves the drawing"):
        assert words in found


def test_a_chart_that_cannot_be_drawn_says_so_and_its_table_stays(open_page, base_url_of_studies):
    page = open_page(390, "en")
    page.route("**/vega*.js", lambda route: route.abort())
    page.goto(f"{base_url_of_studies}/runs/1/fragility/")
    alert = page.locator("#fragility [data-failed]")
    alert.wait_for()
    assert "table below" in alert.inner_text()
    assert page.locator("#fragility ~ details table tbody tr").count() == 20
