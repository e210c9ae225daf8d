"""Figures of provinces and regions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from weighting.drawing import UP, Spec, field, figure
from weighting.lettering import with_plain_names

# With which a score is printed beside its bar where the index states none.
BAR_DIGITS = 2
# Of the longest bar, what is left beside it for its figure, on a wide and on a narrow screen.
ROOM = (0.12, 0.3)


@dataclass(frozen=True)
class PlaceBar:
    """A place, how many units it has and what it scores."""

    name: str
    cities: int
    score: float


@with_plain_names
def place_chart(
    bars: Sequence[PlaceBar], *, units_word: str, digits: int, title: str, subtitle: str, source: str
) -> Spec:
    """Draw one bar for each place, in the order given, and its score with so many digits."""
    scores = [bar.score for bar in bars]
    high, low = max([0.0, *scores]), min([0.0, *scores])
    wide, narrow = (_layers(low, high, room * (high - low), units_word, digits) for room in ROOM)
    rows = [asdict(bar) for bar in bars]
    return figure(rows, wide, title=title, subtitle=subtitle, source=source, step=22, narrow_layers=narrow)


def _layers(low: float, high: float, room: float, units_word: str, digits: int) -> list[Spec]:
    x = {
        "field": "score",
        "type": "quantitative",
        "scale": {"nice": False, "domain": [low - room if low < 0 else 0, high + room] if room else [0, 1]},
        "axis": {"title": None, "format": "~r", "tickCount": 6},
    }
    tooltip = [
        field("name", _("Place")),
        field("cities", capfirst(units_word), "quantitative"),
        field("score", _("Score"), "quantitative", ".5~r"),
    ]
    return [
        {
            "mark": {"type": "bar", "height": {"band": 0.7}, "color": UP},
            "encoding": {"x": x, "tooltip": tooltip},
        },
        *(_figures(x, test, align, shift, digits) for test, align, shift in _SIDES),
    ]


_SIDES = [("datum.score >= 0", "left", 6), ("datum.score < 0", "right", -6)]


def _figures(x: Spec, test: str, align: str, shift: int, digits: int) -> Spec:
    return {
        "transform": [{"filter": test}],
        "mark": {"type": "text", "align": align, "dx": shift},
        "encoding": {"x": x, "text": {"field": "score", "type": "quantitative", "format": f".{digits}f"}},
    }
