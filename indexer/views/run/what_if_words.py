"""What tried weights do to the ranks, in figures and words."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer.models import City
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.weight_state import WeightStateError
from indexer.selectors.what_if import WhatIf
from indexer.views.shared.exports import place_cells, place_headings
from indexer.views.shared.tables import Cell, longest_bar
from indexer.words import score_unit
from weighting.exports import Heading
from weighting.views.numbers import signed

DIGITS = 4
MOVERS = 5
SWAPS = 5
# A page is sent with the first lines, and with so many to whoever asks for all; all units are in the API's
# answer. Where the browser computes, its script adds the others once the page stands.
MOST_ROWS, MOST_SENT = 1000, 100


def results_context(tried: WhatIf, pins: list[int], *, whole: bool = False) -> dict[str, Any]:
    """Return what the results show. Raises `CompositeError` where these weights give no ranking."""
    longest = longest_bar(tried.shown_scores)
    total, swaps = tried.swaps(SWAPS)
    rises, falls = tried.movers(MOVERS)
    by_city = {pk: position for position, pk in enumerate(tried.cities.ids)}
    held = [by_city[pin] for pin in pins if pin in by_city]
    listed, sent = lines_of(tried), lines_sent(tried, whole=whole)
    shown, swapped = tried.order[:sent], [at for swap in swaps for at in (swap.fell, swap.rose)]
    tried.cities.load({*shown, *rises, *falls, *held, *swapped})
    rows = [_row(tried, place, longest, pins) for place in shown]
    return {
        "summary": {
            "mean": f"{tried.mean_shift:.2f}",
            "moved": tried.moved,
            "swapped": total,
            "count": len(tried.cities),
        },
        "rows": rows,
        "is_cut": listed < len(tried.cities),
        "most_rows": listed,
        "sent_rows": sent,
        "has_more": sent < listed,
        "rises": [_move(tried, place) for place in rises],
        "falls": [_move(tried, place) for place in falls],
        "swaps": [{"fell": _move(tried, swap.fell), "rose": _move(tried, swap.rose)} for swap in swaps],
        "pinned": [_move(tried, place) for place in held],
    }


def lines_of(tried: WhatIf) -> int:
    """Return how many lines the page has at most."""
    return min(len(tried.cities), MOST_ROWS)


def lines_sent(tried: WhatIf, *, whole: bool) -> int:
    """Return with how many of its lines the page is sent."""
    return lines_of(tried) if whole else min(lines_of(tried), MOST_SENT)


def names_beyond_lines(tried: WhatIf, *, whole: bool) -> list[str]:
    """Name all units where the page has lines for some alone, each of which it names itself."""
    if lines_sent(tried, whole=whole) == len(tried.cities):
        return []
    return [f"{city.name} {city.code}".strip() for city in tried.cities]


def no_ranking_context(tried: WhatIf, error: CompositeError) -> dict[str, Any]:
    """Name what keeps the weights from a ranking: units that have nothing, or parts that a mean refuses."""
    if error.kind == "nothing_present":
        return {"impossible": [tried.cities[city] for city in error.cities]}
    return {"refused": [tried.nodes[node] for node in error.nodes]}


def server_words(tried: WhatIf) -> str:
    """Say why no browser computes this index, and who does."""
    words = {
        "withheld": _(
            "Some values may not be given away, so the browser cannot compute this: the server ranks all "
            "%(units)s when you send the weights, and tells no scores under them."
        ),
        "many": _(
            "The values are too many for a browser: the server ranks all %(units)s when you send the weights."
        ),
        "pairs": _(
            "The method compares all pairs of %(units)s, which are too many for a browser: the server ranks "
            "them when you send the weights."
        ),
        "rounding": _(
            "The method compares scores that a browser rounds otherwise in the last digit: the server ranks "
            "all %(units)s when you send the weights."
        ),
    }
    return words[tried.server_reason or "many"] % {"units": tried.cities.register.units}


def file_headings(tried: WhatIf) -> list[Heading]:
    """Return the columns of the file of a trial."""
    return [
        *place_headings(tried.cities),
        Heading("rank", _("Rank")),
        Heading("nominal_rank", _("Rank before")),
        Heading("shift", _("Places gained")),
        Heading("score", _("Composite score") + f" ({score_unit(tried.run.method)})"),
    ]


def file_rows(tried: WhatIf) -> Iterator[list[object]]:
    """Return one line for each unit, by rank. Raises `CompositeError` at once, before any is sent."""
    order = tried.order
    return (
        _file_row(tried, place, city) for place, city in zip(order, tried.cities.along(order), strict=True)
    )


def _file_row(tried: WhatIf, place: int, city: City) -> list[object]:
    figures = [int(tried.ranks[place]), int(tried.nominal_ranks[place]), int(tried.shifts[place])]
    score = float(tried.shown_scores[place])
    shown = None if np.isnan(score) else score * tried.run.method.scale
    return [*place_cells(tried.cities, city), *figures, shown]


def fault_words(error: WeightStateError) -> str:
    """Say what is wrong with an address, and what the page did."""
    reasons = {
        "notation": _("it is written in a notation that this software does not know"),
        "number": _("a weight is not a number of the notation"),
        "group": _("the framework has no such group"),
        "repeated": _("a group comes twice"),
        "siblings": _("the group has another number of indicators"),
        "sum": _("the weights of a group do not sum to 100 %"),
    }
    return _(
        "The weights in this address cannot be read (“%(part)s”): %(reason)s. These are the run’s own."
    ) % {
        "part": error.part[:60],
        "reason": reasons[error.kind],
    }


def _row(tried: WhatIf, place: int, longest: float, pins: list[int]) -> dict[str, Any]:
    score = float(tried.shown_scores[place])
    return {
        "place": place,
        "is_pinned": tried.cities.ids[place] in pins,
        "cell": Cell(
            signed(score * tried.run.method.scale, tried.run.method.digits_or(DIGITS), plus=False),
            percent=100 * score / longest if longest > 0 else None,
        ),
        **_move(tried, place),
    }


def _move(tried: WhatIf, place: int) -> dict[str, Any]:
    return {
        "city": tried.cities[place],
        "rank": int(tried.ranks[place]),
        "nominal": int(tried.nominal_ranks[place]),
        "shift": int(tried.shifts[place]),
    }
