"""The arithmetic of the what-if page beside the server's, over random plans: the same scores and ranks."""

import re

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.template.loader import render_to_string
from hypothesis import given, settings

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.index import Index
from indexer.selectors import what_if as what_if_selectors
from indexer.selectors.data_sets import Structure
from indexer.selectors.what_if import WhatIf
from tests.indexer.plans_at_random import MEANS, mixed_indices, random_weights
from weighting.numeric.tree import build_tree
from weighting.views.numbers import signed

pytestmark = pytest.mark.browser

STATIC = django_settings.BASE_DIR / "static"
SCALE, DIGITS = 100, 4
RANK = """([scale, digits, cases]) => cases.map(([told, versions]) => {
  const index = new WhatIfIndex({ ...told, terms: Float64Array.from(told.terms, (term) => term ?? NaN) });
  return versions.map((local) => index.rank(local)
    ? [[...index.scores], [...index.ranks], [...index.scores].map((score) => fixed(score * scale, digits))]
    : index.fault);
})"""


@pytest.fixture(scope="module")
def page(browser):
    """A page that holds the scripts of the sliders in their order, all but the one that wires them."""
    page = browser.new_page()
    names = re.findall(
        r'src="[^"]*?(js/[\w-]+)\.[^"]*"', render_to_string("indexer/run/_what_if_scripts.html")
    )
    assert names[-1] == "js/what-if"
    for name in names[:-1]:
        page.add_script_tag(path=STATIC / f"{name}.js")
    yield page
    page.close()


@pytest.mark.parametrize("gaps", [False, True])
def test_a_browser_ranks_every_plan_that_it_takes_as_the_server_does(page, gaps):
    plans = plans_of(mixed_indices(gaps=gaps), 50) + plans_of(mixed_indices(gaps=gaps, copeland=False), 30)
    for mean in MEANS:
        plans += plans_of(mixed_indices(gaps=gaps, inner=(mean,), copeland=False), 8)
    taken = [(tried, weights_of(tried)) for tried in plans if not tried.comparing_reason]
    assert len(plans) - len(taken) in range(1, len(plans) // 4)
    told = [[told_of(tried), local.T.tolist()] for tried, local in taken]
    answers = page.evaluate(RANK, [SCALE, DIGITS, told])
    for (tried, local), answered in zip(taken, answers, strict=True):
        for version, answer in zip(local.T, answered, strict=True):
            compare(Index(tried.index.tree, tried.index.normalised, version, steps=tried.index.steps), answer)


def plans_of(strategy, count):
    found = []

    @settings(max_examples=count)
    @given(strategy)
    def collect(made):
        tree, steps, values = made
        found.append(what_if(tree, steps, values))

    collect()
    return found


def what_if(tree, steps, values):
    local = random_weights(tree, 1, 0)[:, 0]
    tried = WhatIf(
        run=None,
        structure=Structure(tree, np.ones(len(tree.leaves))),
        own=local,
        nodes=[],
        cities=None,
        state={},
    )
    # No run is behind it that says how its values become scores.
    vars(tried).update(formed=steps, index=Index(tree, values, local, steps=steps), cities=range(len(values)))
    return tried


def weights_of(tried):
    """Some weights above zero, and some of which the first of each group is zero."""
    tree = tried.index.tree
    local = random_weights(tree, 4, 1)
    for group in tree.groups:
        if len(group) > 1:
            local[group[0], -1] = 0
            local[group, -1] /= local[group, -1].sum()
    return local


def told_of(tried):
    """What the page's script is told of an index."""
    index, terms = tried.index, np.frombuffer(tried.terms, dtype="<f8")
    formed = index.formed
    return {
        "parents": index.tree.parents.tolist(),
        "terms": [None if np.isnan(term) else term for term in terms.tolist()],
        "cities": len(index.normalised),
        "formed": {"codes": formed.aggregations, "whole": formed.whole, "floor": formed.floor},
        "missing": index.has_missing,
    }


def compare(index, answer):
    if answer == "nothing_present":
        with pytest.raises(CompositeError, match="nothing of any weight"):
            _ = index.nominal_scores
        return
    expected = index.nominal_scores
    scores, ranks, texts = answer
    assert ranks == index.nominal_ranks.tolist()
    assert texts == [
        signed(score * SCALE, DIGITS, plus=False).replace("−", "-") for score in expected.tolist()
    ]
    if has_the_same_bits(index):
        assert scores == expected.tolist()
    else:
        np.testing.assert_allclose(scores, expected, rtol=1e-13)


def has_the_same_bits(index):
    """Whether all is formed of sums, products and quotients in one order; rescaled means have another."""
    codes = {index.formed.whole, *index.formed.aggregations} - {""}
    is_rescaled = index.formed.is_uniform and index.has_missing
    return not is_rescaled and all(AGGREGATIONS[code].is_exact for code in codes)


def test_a_browser_knows_every_aggregation(page):
    codes = [*AGGREGATIONS, *(f"{family}:3" for family in AGGREGATIONS.families)]
    known = page.evaluate(
        "codes => codes.map(code => !!(aggregationOf(code).combine || aggregationOf(code).finish))", codes
    )
    assert known == [True] * len(codes)


def test_a_mean_of_what_is_not_above_zero_is_refused_as_the_server_refuses_it(page):
    tree = build_tree(["a", "b", "a1", "a2"], ["", "", "a", "a"])
    steps = NodeSteps(("arithmetic", "", "", ""), "geometric", (0.0,) * 4)
    values = np.array([[1.0, -1.0, 3.0], [2.0, 1.0, 1.0], [3.0, 2.0, 2.0]])
    tried = what_if(tree, steps, values)
    versions = [[0.5, 0.5, 0.9, 0.1], [0.5, 0.5, 0.2, 0.8]]
    (answers,) = page.evaluate(RANK, [SCALE, DIGITS, [[told_of(tried), versions]]])
    for local, answer in zip(versions, answers, strict=True):
        made = Index(tree, values, np.array(local), steps=steps)
        if answer == "refused":
            with pytest.raises(CompositeError) as raised:
                _ = made.nominal_scores
            assert (raised.value.kind, raised.value.nodes) == ("not_positive", (0,))
        else:
            compare(made, answer)
    assert [answer == "refused" for answer in answers] == [True, False]


def test_numbers_halfway_between_two_are_written_as_the_server_writes_them(page):
    numbers = [(number / 8, digits) for number in range(60) for digits in range(4)] + [
        (0.15, 1),
        (2.675, 2),
        (1e15 + 0.5, 0),
        (0.0, 2),
        (5e-324, 4),
    ]
    written = page.evaluate("numbers => numbers.map(([number, digits]) => fixed(number, digits))", numbers)
    assert written == [f"{number:.{digits}f}" for number, digits in numbers]


def test_the_server_compares_units_where_a_browser_might_see_other_ties(monkeypatch):
    tree = build_tree(["a", "b", "a1", "a2"], ["", "", "a", "a"])
    values = np.array([[1.0, 1.0, 3.0], [2.0, 1.0, 1.0], [3.0, 2.0, 2.0]])

    def reason(inner):
        return what_if(tree, NodeSteps((inner, "", "", ""), "copeland", (0.0,) * 4), values).comparing_reason

    assert {
        reason(inner) for inner in ("arithmetic", "harmonic", "mpi", "minimum", "power:2", "power:-1")
    } == {""}
    assert {reason(inner) for inner in ("geometric", "power:3", "power:-2")} == {"rounding"}
    monkeypatch.setattr(what_if_selectors, "MAX_COMPARISONS", 8)
    assert reason("arithmetic") == "pairs"
