"""The arithmetic of the what-if page beside the server's, over random plans: the same scores and ranks."""

from dataclasses import replace

import numpy as np
import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric.uncertainty import Index
from indexer.selectors.what_if import WhatIf
from tests.indexer.plans_at_random import mixed_indices, random_weights

pytestmark = pytest.mark.browser

SCRIPT = django_settings.BASE_DIR / "static" / "js" / "what-if-index.js"
RANK = """([told, versions]) => {
  const index = new WhatIfIndex({ ...told, terms: Float64Array.from(told.terms, (term) => term ?? NaN) });
  return versions.map((local) => index.rank(local) && [[...index.scores], [...index.ranks]]);
}"""


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    page.add_script_tag(path=SCRIPT)
    yield page
    page.close()


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
def test_a_browser_ranks_every_plan_that_it_takes_as_the_server_does(page, mean, gaps):
    @settings(max_examples=30)
    @given(made=mixed_indices(gaps=gaps, inner=(mean,), copeland=False), seed=st.integers(0, 10**6))
    def compare(made, seed):
        tree, steps, values = made
        local = random_weights(tree, 4, seed)
        plain = replace(steps, floor=None)
        what_if = _what_if(tree, plain, values, local)
        assert what_if.can_be_finished
        _compare(page, what_if, local)
        # With a floor or a coverage the server computes, through the form.
        for otherwise in (replace(steps, floor=0.3), plain.with_coverage(0.5)):
            assert not _what_if(tree, otherwise, values, local).can_be_finished

    compare()


def _what_if(tree, steps, values, local):
    index = Index(tree, values, local[:, 0], steps=steps)
    return WhatIf(run=None, index=index, nodes=[], cities=None, state={})


def _compare(page, what_if, local):
    index = what_if.index
    terms = np.frombuffer(what_if.terms, dtype="<f8")
    told = {
        "parents": index.tree.parents.tolist(),
        "terms": [None if np.isnan(term) else term for term in terms.tolist()],
        "cities": len(index.normalised),
        "geometric": what_if.aggregation.sums == "logarithms",
        "missing": index.has_missing,
    }
    answers = page.evaluate(RANK, [told, local.T.tolist()])
    for version, answer in zip(local.T, answers, strict=True):
        tried = Index(index.tree, index.normalised, version, steps=index.steps)
        scores, ranks = answer
        assert ranks == tried.nominal_ranks.tolist()
        if told["geometric"] or told["missing"]:
            # Another exp, and another order of rescaling, may differ in the last place.
            np.testing.assert_array_almost_equal_nulp(np.array(scores), tried.nominal_scores, 8)
        else:
            assert scores == tried.nominal_scores.tolist()
