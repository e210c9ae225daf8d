"""The scale of scores is said in one place; whoever keeps a copy is compared with it."""

import re
from pathlib import Path

from django.template.loader import render_to_string

from tools import verify_weight_version
from weighting.models import Score
from weighting.numeric.scale import SCALE

ROOT = Path(__file__).resolve().parents[2]
SPELT = re.compile(r"range\(1, 6\)|arange\(1(\.0)?, 6\)|1, 2, 3, 4, 5|\[1-5\]|[\"']12345[\"']")


def test_the_verifier_outside_of_the_product_counts_the_same_scores():
    assert verify_weight_version.SCALE == SCALE


def test_the_database_keeps_the_same_scores():
    (constraint,) = [c for c in Score._meta.constraints if c.name == "score_from_1_to_5"]
    assert f"'value__in', {list(SCALE)}" in str(constraint.condition)


def test_the_control_offers_the_same_scores():
    page = render_to_string("components/_scale.html", {"name": "a", "value": 2, "legend": "A"})
    assert re.findall(r'type="radio" id="a-(\d)" name="a" value="\1"', page) == [str(s) for s in SCALE]
    assert re.findall(r'value="(\w)" checked', page) == ["2"]


def test_the_scale_is_spelt_nowhere_else():
    files = [f for d in ("weighting", "indexer", "config") for f in ROOT.glob(f"{d}/**/*.py")]
    files += [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/js/**/*.js")]
    found = {str(file.relative_to(ROOT)) for file in files if SPELT.search(file.read_text())}
    assert {name for name in found if "/migrations/" not in name} == {"weighting/numeric/scale.py"}
