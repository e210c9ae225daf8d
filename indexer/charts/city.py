"""Figures of one unit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

from weighting.drawing import DOWN, PALETTE, UP, Spec, field, figure
from weighting.lettering import with_plain_names

_SIGNED = "datum.value === 0 ? '0' : datum.label"


@dataclass(frozen=True)
class Contribution:
    """What one indicator adds to the change of a score, through its weight and through its value."""

    name: str
    branch: str
    through_weights: float
    through_values: float

    @property
    def total(self) -> float:
        return self.through_weights + self.through_values


@with_plain_names
def contribution_chart(
    parts: Sequence[Contribution], *, values: str, title: str, subtitle: str, source: str
) -> Spec:
    """Draw what each indicator adds or takes away; apart from the weights what ``values`` do, if named."""
    ways = {"through_weights": _("through the weights")} | ({"through_values": values} if values else {})
    rows = [
        {
            "name": part.name,
            "branch": part.branch,
            "way": name,
            "change": getattr(part, key),
            "total": part.total,
        }
        for part in parts
        for key, name in ways.items()
    ]
    x = {
        "field": "change",
        "type": "quantitative",
        "stack": "zero",
        "axis": {"title": None, "format": "+.3~r", "labelExpr": _SIGNED, "tickCount": 6},
    }
    sign = {"condition": {"test": "datum.change < 0", "value": DOWN}, "value": UP}
    way = {"field": "way", "type": "nominal", "scale": {"domain": list(ways.values())}}
    tooltip = [
        field("name", _("Indicator")),
        field("branch", _("Sub-index")),
        field("way", _("How")),
        field("change", _("Adds to the change"), "quantitative", "+.3~r"),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.7}},
            "encoding": {"x": x, "color": way if values else sign, "tooltip": tooltip},
        },
        {
            "mark": {"type": "rule", "color": PALETTE["chart-axis"], "strokeWidth": 1},
            "data": {"values": [{"zero": 0}]},
            "encoding": {"x": {"field": "zero", "type": "quantitative"}, "y": None},
        },
    ]
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=24)


@dataclass(frozen=True)
class ProfilePoint:
    """A unit on one score beside the means of the places it lies in, all in the same score unit."""

    name: str
    rank: int
    city: float
    province: float
    region: float
    nation: float


@with_plain_names
def profile_chart(
    points: Sequence[ProfilePoint],
    *,
    city: str,
    places: Mapping[str, str],
    units: str,
    title: str,
    subtitle: str,
    source: str,
) -> Spec:
    """Draw the unit as bars, and the means of its places and of the nation as marks of other shapes.

    ``places`` are the names of province and region, by these words; either may be left out.
    """
    named = {**places, "nation": _("all %(units)s") % {"units": units}}
    means = [
        {"name": point.name, "place": label, "value": getattr(point, key)}
        for point in points
        for key, label in named.items()
    ]
    x = {"type": "quantitative", "axis": {"title": None, "tickCount": 6, "format": "~r"}}
    bars: Spec = {
        "mark": {"type": "bar", "height": {"band": 0.6}, "color": UP, "opacity": 0.75},
        "encoding": {
            "x": {**x, "field": "city"},
            "tooltip": [
                field("name", _("Score")),
                field("city", city, "quantitative", ".3~r"),
                field("rank", _("Rank"), "quantitative"),
            ],
        },
    }
    layers = [bars, {"data": {"values": means}, **_marks_of_means(x, list(named.values()))}]
    rows = [asdict(point) for point in points]
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=28)


def _marks_of_means(x: Spec, places: list[str]) -> Spec:
    """Return the layer that marks the mean of each place by colour and shape."""
    # The nation, which comes last, looks the same wherever it is drawn.
    scales = {
        "color": [PALETTE[f"series-{n}"] for n in (2, 3, 4)][-len(places) :],
        "shape": ["diamond", "triangle-up", "circle"][-len(places) :],
    }
    mark = {"type": "point", "filled": True, "size": 90, "opacity": 1}
    return {
        "mark": {**mark, "stroke": PALETTE["chart-paper"], "strokeWidth": 1},
        "encoding": {
            "x": {**x, "field": "value"},
            **{
                channel: {"field": "place", "type": "nominal", "scale": {"domain": places, "range": range_}}
                for channel, range_ in scales.items()
            },
            "tooltip": [
                field("name", _("Score")),
                field("place", _("Mean of")),
                field("value", _("Mean"), "quantitative", ".3~r"),
            ],
        },
    }
