"""Hand-worked and published concentrations, and what every distribution obeys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.numeric.concentration import (
    ConcentrationError,
    concentration,
    gini,
    herfindahl_index,
    lorenz_curve,
    top_shares,
)

PARTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=40).map(np.array).filter(lambda x: x.sum() > 1e-3)


def test_four_parts_worked_by_hand():
    """1 + 2 + 3 + 4: differences sum to 20 over ordered pairs, so G = 20 / (2 * 16 * 2.5)."""
    parts = np.array([3.0, 1.0, 4.0, 2.0])
    assert gini(parts) == pytest.approx(0.25, abs=1e-15)
    assert herfindahl_index(parts) == pytest.approx(0.30, abs=1e-15)
    np.testing.assert_allclose(lorenz_curve(parts), [0, 0.1, 0.3, 0.6, 1], atol=1e-15)
    np.testing.assert_allclose(top_shares(parts, [1, 2, 4, 5]), [0.4, 0.7, 1, np.nan], atol=1e-15)
    assert concentration(parts).effective == pytest.approx(10 / 3)


def test_the_example_of_the_merger_guidelines():
    """Four firms of 30, 30, 20 and 20 % have an HHI of 2,600 (U.S. Department of Justice, 2010, 5.3)."""
    assert 10_000 * herfindahl_index(np.array([30.0, 30.0, 20.0, 20.0])) == pytest.approx(2600)


@pytest.mark.parametrize("count", [1, 2, 7, 351])
def test_the_two_ends(count):
    equal, one = np.full(count, 0.3), np.eye(count)[0]
    assert gini(equal) == pytest.approx(0, abs=1e-14)
    assert concentration(equal).effective == pytest.approx(count)
    assert gini(one) == pytest.approx(1 - 1 / count)
    assert concentration(one).effective == 1


@given(PARTS, st.floats(0.5, 1e3), st.randoms())
def test_neither_scale_nor_order_matters(parts, factor, shuffler):
    other = [factor * part for part in parts]
    shuffler.shuffle(other)
    first, second = concentration(parts), concentration(np.array(other))
    assert first.gini == pytest.approx(second.gini, abs=1e-9)
    assert first.herfindahl == pytest.approx(second.herfindahl, abs=1e-9)


@given(PARTS)
def test_gini_is_the_mean_difference_and_the_area_of_the_curve(parts):
    differences = np.abs(parts[:, np.newaxis] - parts).sum() / (2 * len(parts) * parts.sum())
    curve = lorenz_curve(parts)
    area = ((curve[1:] + curve[:-1]) / 2).mean()
    assert gini(parts) == pytest.approx(differences, abs=1e-9)
    assert gini(parts) == pytest.approx(1 - 2 * area, abs=1e-9)
    assert (np.diff(curve) >= 0).all()
    assert 1 / len(parts) - 1e-12 <= herfindahl_index(parts) <= 1 + 1e-12


def test_cloning_every_part_keeps_gini_and_halves_herfindahl():
    parts = np.array([5.0, 1.0, 0.0, 2.5])
    twice = np.repeat(parts, 2)
    assert gini(twice) == pytest.approx(gini(parts))
    assert herfindahl_index(twice) == pytest.approx(herfindahl_index(parts) / 2)


@pytest.mark.parametrize("parts", [[], [0.0, 0.0], [1.0, np.nan], [1.0, np.inf], [[1.0, 2.0]]])
def test_what_is_no_total_is_refused(parts):
    with pytest.raises(ConcentrationError):
        gini(np.array(parts))


def test_negative_parts_are_named():
    with pytest.raises(ConcentrationError) as caught:
        concentration(np.array([1.0, -2.0, 3.0, -0.5]))
    assert caught.value.negative == (1, 3)


def test_a_top_of_nothing_is_refused():
    with pytest.raises(ValueError, match="below 1"):
        top_shares(np.array([1.0]), [0])
