"""The browser and the server draw the same figure: one library, one spec, the same words and marks."""

import re

import pytest
import vl_convert
from django.conf import settings

from tests.indexer.shared.test_charts import FIGURES
from weighting.drawing import PICTURE_WIDTH, VEGA_LITE

pytestmark = pytest.mark.browser

DRAW = """async (spec) => {
  const canvas = document.createElement("div");
  document.body.append(canvas);
  await window.vegaEmbed(canvas, spec, { ast: true, actions: false, renderer: "svg", defaultStyle: false });
  return canvas.querySelector("svg").outerHTML;
}"""


@pytest.fixture
def drawing_page(page):
    page.add_script_tag(path=settings.VENDOR_DIR / "vendor" / "vega.js")
    return page


def marks_of(svg):
    """Return the words of a drawing, and the kinds of its marks with how many there are of each."""
    words = sorted(re.findall(r"<(?:text|tspan)[^>]*>([^<]+)", svg))
    kinds = re.findall(r'aria-roledescription="([^"]+)"', svg)
    return words, {kind: kinds.count(kind) for kind in set(kinds)}


def test_the_browser_and_the_server_draw_the_same(drawing_page):
    for name, (figure, labels) in FIGURES.items():
        spec = {**figure, "width": PICTURE_WIDTH}
        there = marks_of(drawing_page.evaluate(DRAW, spec))
        here = marks_of(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE))

        assert there == here, name
        assert any(label in there[0] for label in labels), name
        assert sum(there[1].values()) > 1, name
