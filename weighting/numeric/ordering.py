"""The order in which a ballot shows the items of a section."""

from hashlib import sha256

import numpy as np

from weighting.numeric.arrays import IntArray


def display_order(seed: int, order_key: int, n: int) -> IntArray:
    """Return a permutation of 0 .. n-1: the item shown first, second, ... within a section of n.

    The items are sorted by the SHA-256 of seed, key and place, so the order can be found again
    with any library on any machine; a generator's shuffle is promised by no library to stay.

    Parameters
    ----------
    seed : int
        The round's; it is kept with the round.
    order_key : int
        The ballot's.
    n : int
        Items in the section.

    Raises
    ------
    ValueError
        For a negative n.
    """
    if n < 0:
        raise ValueError(f"a section cannot have {n} items")
    keys = [sha256(f"{seed}|{order_key}|{n}|{position}".encode()).digest() for position in range(n)]
    return np.array(sorted(range(n), key=keys.__getitem__), dtype=np.int64)
