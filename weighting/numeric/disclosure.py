"""Which groups of a panel are large enough to be reported, the remainder included."""

from collections.abc import Mapping


def reportable_groups(sizes: Mapping[str, int], *, least: int, rest: int = 0) -> frozenset[str]:
    """Return the groups whose figures may stand beside those of the whole.

    Whole minus reported groups is a figure too: while the remainder has somebody, but fewer
    than ``least``, the smallest reported group is withheld as well (complementary
    suppression), the last by name among equals.

    Parameters
    ----------
    sizes : mapping of str to int
        Ballots per group.
    least : int
        The fewest ballots that a figure may be made of.
    rest : int
        Ballots of the whole that belong to none of the groups.

    References
    ----------
    L. Willenborg & T. de Waal, Elements of Statistical Disclosure Control (2001), chapter 6.
    """
    if least < 1 or rest < 0 or any(size < 0 for size in sizes.values()):
        raise ValueError(f"sizes {dict(sizes)}, rest {rest}, least {least}")
    reported = {group for group, size in sizes.items() if size >= least}
    hidden = rest + sum(size for group, size in sizes.items() if group not in reported)
    while 0 < hidden < least and reported:
        smallest = min(sorted(reported, reverse=True), key=lambda group: sizes[group])
        reported.remove(smallest)
        hidden += sizes[smallest]
    return frozenset(reported)
