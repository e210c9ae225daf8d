"""What is asked of whole matrices, held against NumPy's own words."""

import numpy as np
import pytest

from weighting.numeric.arrays import WIDE, span_of

SHAPES = [(0, 3), (1, 1), (5, 2), (1023, 7), (2000, 1), (351, 135), (7, WIDE), (3, 0), (2000, 0)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_span_of_columns_is_that_of_each_by_itself(shape, order):
    rng = np.random.default_rng(1)
    values = np.asarray(rng.normal(size=shape), order=order)
    values[rng.random(shape) < 0.2] = np.nan
    values[:, :1] = np.nan
    values[-1:, 1:2] = np.inf
    low, high = span_of(values)
    for place, column in enumerate(values.T):
        present = column[~np.isnan(column)]
        found = (present.min(), present.max()) if len(present) else (np.nan, np.nan)
        np.testing.assert_array_equal((low[place], high[place]), found)
    assert len(low) == len(high) == shape[1]
