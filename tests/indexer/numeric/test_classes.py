"""Classes of a map: quantiles and equal widths, with ties and single values."""

import numpy as np
import pytest

from indexer.numeric.classes import EQUAL, QUANTILE, class_bounds, classes_of

VALUES = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 100.0])


def test_quantiles_hold_as_many_and_widths_are_equal():
    quantiles, widths = class_bounds(VALUES, QUANTILE), class_bounds(VALUES, EQUAL)
    np.testing.assert_allclose(quantiles, [0, 1.8, 3.6, 5.4, 7.2, 100])
    np.testing.assert_allclose(widths, [0, 20, 40, 60, 80, 100])
    assert np.bincount(classes_of(VALUES, quantiles)).tolist() == [2, 2, 2, 2, 2]
    assert np.bincount(classes_of(VALUES, widths)).tolist() == [9, 0, 0, 0, 1]


@pytest.mark.parametrize("kind", [QUANTILE, EQUAL])
def test_ties_leave_fewer_classes(kind):
    same = np.full(4, 2.5)
    bounds = class_bounds(same, kind)
    assert bounds.tolist() == [2.5]
    assert classes_of(same, bounds).tolist() == [0, 0, 0, 0]
    tied = np.array([1.0, 1.0, 1.0, 9.0])
    found = classes_of(tied, class_bounds(tied, kind))
    assert found[0] == found[1] == found[2] < found[3]


@pytest.mark.parametrize("values", [np.array([]), np.array([1.0, np.nan])])
def test_what_has_no_classes_is_refused(values):
    with pytest.raises(ValueError, match="finite"):
        class_bounds(values, QUANTILE)
