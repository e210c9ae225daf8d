"""Vega-Lite specs of the figures of a round."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.utils.translation import gettext as _

from weighting.drawing import PALETTE, Spec, field, figure
from weighting.lettering import with_plain_names
from weighting.numeric.scale import SCALE

NEUTRAL = 3
# Strong at the ends, light beside the middle: the order of the parts says the same without colour.
COLOURS = [PALETTE[name] for name in ("series-6", "series-2", "chart-grid", "series-5", "series-1")]
# What can be read on each; on 2 and 4 it is dark in a dark scheme too, so it stands in no palette.
INKS = [PALETTE["chart-paper"], "#111", PALETTE["chart-ink"], "#111", PALETTE["chart-paper"]]
# A narrower part has no room for its number.
LEAST_LABELLED = 9
ROW = 28


@dataclass(frozen=True)
class ScoreDistribution:
    """How many ballots gave an item each score from 1 to 5."""

    name: str
    counts: Sequence[int]

    @property
    def answers(self) -> int:
        return sum(self.counts)


@with_plain_names
def distribution_chart(items: Sequence[ScoreDistribution], *, title: str, subtitle: str, source: str) -> Spec:
    """Stack the shares of the scores 1 to 5 around the middle of the 3s, one line per item."""
    words = score_words()
    rows = [row for item in items for row in _parts(item, words)]
    x = {
        "field": "start",
        "type": "quantitative",
        "scale": {"nice": False},
        "axis": {"title": None, "tickCount": 5, "labelExpr": "abs(datum.value) + ' %'"},
    }
    part = {"field": "score", "type": "ordinal"}
    tooltip = [
        field("name", _("Indicator")),
        field("score", _("Score")),
        field("count", _("Ballots"), "quantitative"),
        field("share", _("Share, %"), "quantitative", ".1f"),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.72}},
            "encoding": {
                "x": x,
                "x2": {"field": "end"},
                "color": {**part, "scale": {"domain": words, "range": COLOURS}},
                "tooltip": tooltip,
            },
        },
        {
            "transform": [{"filter": f"datum.share >= {LEAST_LABELLED}"}],
            "mark": {"type": "text", "fontSize": 11},
            "encoding": {
                "x": {"field": "middle", "type": "quantitative"},
                "text": {"field": "count"},
                "color": {
                    "condition": [
                        {"test": {"field": "score", "equal": word}, "value": ink}
                        for word, ink in zip(words, INKS, strict=True)
                    ],
                    "value": PALETTE["chart-ink"],
                },
            },
        },
    ]
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=ROW)


def score_words() -> list[str]:
    """Name the five scores; both ends carry the words of the ballot."""
    return [_("1 very unimportant"), "2", "3", "4", _("5 very important")]


def _parts(item: ScoreDistribution, words: list[str]) -> list[dict[str, Any]]:
    shares = [100 * count / item.answers for count in item.counts]
    ends = list(accumulate(shares))
    middle = ends[NEUTRAL - 1] - shares[NEUTRAL - 1] / 2
    return [
        {
            "name": item.name,
            "score": words[score - 1],
            "count": item.counts[score - 1],
            "share": share,
            "start": end - share - middle,
            "end": end - middle,
            "middle": end - share / 2 - middle,
        }
        for score, share, end in zip(SCALE, shares, ends, strict=True)
    ]
