"""Numbers that ranges and bounds say, and what says none."""

import pytest

from weighting.readers.bounds import bounds_among


@pytest.mark.parametrize(
    ("text", "mark", "whole", "halved"),
    [
        ("<5", "", 5, 2.5),
        ("≤ 0,5", ",", 0.5, 0.25),
        ("＜１２", "", 12, 6),
        ("不足3", "", 3, 1.5),
        (">1.234", ",", 1234, 1234),
        ("95+", "", 95, 95),
        ("约 40", "", 40, 40),
        ("approx. 7.25", ".", 7.25, 7.25),
        ("3–5", "", 4, 4),
        ("1,5 - 2,5", ",", 2, 2),
        ("10至20", "", 15, 15),
    ],
)
def test_a_bound_is_the_number_that_is_written_and_a_range_its_middle(text, mark, whole, halved):
    bound = bounds_among([text], mark)[text]

    assert (bound.value(halved=False), bound.value(halved=True)) == (whole, halved)


@pytest.mark.parametrize(
    # A tie, a share, words, a range from its end, two marks of which either may be meant, and half a range.
    "text",
    ["=3", "<5%", "<5 years", "9-5", "<1,234", "<3-5", "3-", "five", "<", ""],
)
def test_where_one_says_no_number_of_its_own_none_is_offered(text):
    assert bounds_among(["<5", text], "") == {}
