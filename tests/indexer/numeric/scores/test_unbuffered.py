import numpy as np
import pytest

from indexer.numeric.scores.unbuffered import unbuffered


def test_the_buffer_is_as_it_was_afterwards_and_after_a_failure():
    before = np.getbufsize()
    with unbuffered():
        assert np.getbufsize() < before
    with pytest.raises(ZeroDivisionError), unbuffered():
        raise ZeroDivisionError
    assert np.getbufsize() == before


@pytest.mark.parametrize("cities", [1, 7, 351, 5000])
def test_products_and_sums_keep_their_bits(cities):
    rng = np.random.default_rng(3)
    weights, rows, sums = rng.random((40, 1)), rng.normal(size=cities), rng.normal(size=(40, cities))
    expected = [[total + weight * value for total, value in zip(line, rows.tolist(), strict=True)]
                for line, weight in zip(sums.tolist(), weights[:, 0].tolist(), strict=True)]  # fmt: skip
    with unbuffered():
        sums += np.multiply(weights, rows)
    assert sums.tolist() == expected
