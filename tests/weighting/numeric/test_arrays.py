"""What is asked of whole matrices, held against NumPy's own words."""

import numpy as np
import pytest

from weighting.numeric.arrays import WIDE, by_column, span_of

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


@pytest.mark.parametrize("operation", [np.subtract, np.divide])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(1, 3), (2 * WIDE, 1), (WIDE + 1, 5), (WIDE, 7), (3, WIDE), (0, 4)])
def test_each_column_goes_with_its_number(shape, order, operation):
    rng = np.random.default_rng(1)
    values = np.array(rng.normal(size=shape), order=order)
    values[rng.random(shape) < 0.1] = np.nan
    numbers = rng.normal(size=shape[1])
    assert by_column(operation, values, numbers).tobytes() == operation(values, numbers).tobytes()
