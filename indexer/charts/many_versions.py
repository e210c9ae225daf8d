"""Figures of the ranks of many versions side by side."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.charts.versions import NodeWeight
from weighting.drawing import (
    DOWN,
    NARROW,
    PALETTE,
    SERIES,
    SMALL,
    UP,
    WIDE,
    Spec,
    field,
    field_of_points,
    figure,
    with_narrow,
)
from weighting.lettering import (
    LABEL,
    broken_into_lines,
    lines_expression,
    looked_up,
    text_width,
    with_plain_names,
)

# More versions than this leave no room for the rank at every bend.
FEW = 6
HEIGHT = 420
# Pixels from one unit to the next, from the first and the last to the edge, beside the names of the
# first and last version, and between two versions at the least; a rank alone takes less than a name.
STEP, EDGE, SPACE, LEAST, RANK_ROOM = 26, 22, 18, 56, 38
# More versions than this are not named above the drawing.
MOST_NAMED = 12
# Lines of a version's name over its place, their height, and the pixels between two names.
MOST_LINES, NAME_LINE, KEY_GAP = 3, 14, 10
# Pixels beside the flow, for the bands.
BAND_ROOM = 70
# In so many parts a band of flow bends from one version to the next, and all bands of a drawing beside each
# other: where there are many versions each has less room, and at last goes straight.
BENDS, MOST_BENDS = 8, 48
BAR = 0.06


@dataclass(frozen=True)
class RankLine:
    """A unit's rank under each of several versions, the base first; marked ones stand out."""

    name: str
    ranks: Sequence[int]
    marked: bool = False


@dataclass(frozen=True)
class Flow:
    """The units that go from one band of ranks to another between two versions.

    ``step`` counts the versions from 0; ``origin`` is the units' band under the first version.
    """

    step: int
    origin: int
    before: int
    after: int
    cities: int


@with_plain_names
def bump_chart(
    lines: Sequence[RankLine],
    versions: Sequence[str],
    *,
    unit_word: str,
    title: str,
    subtitle: str,
    source: str,
) -> Spec:
    """Join the ranks of each unit under several versions.

    Heights are places among the units shown, which keeps labels apart; the labels give the ranks.
    """
    ways = [_("ends higher"), _("ends lower"), _("ends where it began")]
    rows = _bump_rows(lines, versions, ways)
    room = SPACE + max(text_width(str(row["label"]), SMALL) for row in rows)
    # Where both names leave no room for the lines, the right one is read from its line.
    is_short = NARROW - 2 * room < LEAST * (len(versions) - 1)
    after = RANK_ROOM if is_short else room
    layers = [*_bump_marks(lines, ways, unit_word), *_bump_labels(versions)]
    named, ranked = (_line_label(versions[-1], align="left", dx=10, field=f) for f in ("label", "rank"))
    drawn = field_of_points(
        rows,
        [*layers, named],
        title=title,
        subtitle=subtitle,
        source=source,
        height=STEP * (len(lines) - 1) + 2 * EDGE,
    )
    shared = _bump_heights_and_colours(ways)
    return {
        **with_narrow(
            drawn,
            layers=[*layers, ranked if is_short else named],
            beside=0,
            encoding={"x": _version_axis(versions, room, after, NARROW), **shared},
        ),
        "encoding": {"x": _version_axis(versions, room, room, WIDE), **shared},
    }


def _bump_heights_and_colours(ways: Sequence[str]) -> Spec:
    y = {
        "field": "place",
        "type": "quantitative",
        "axis": None,
        "scale": {"reverse": True, "nice": False, "padding": EDGE},
    }
    return {"y": y, "color": _by_way(ways, [UP, DOWN, PALETTE["chart-axis"]])}


def _by_way(ways: Sequence[str], looks: Sequence[str]) -> Spec:
    """Tell up, down and neither apart."""
    return {"field": "way", "type": "nominal", "scale": {"domain": ways, "range": looks}}


def _bump_marks(lines: Sequence[RankLine], ways: Sequence[str], unit_word: str) -> list[Spec]:
    """Return the layers of the lines and of their bends."""
    tooltip = [
        field("name", capfirst(unit_word)),
        field("version", _("Weight version")),
        field("rank", _("Rank"), "quantitative"),
    ]
    shape = _by_way(ways, ["triangle-up", "triangle-down", "circle"])
    return [
        {
            "mark": {"type": "line", "strokeWidth": 2},
            "encoding": {"detail": {"field": "name"}, **_emphasis(lines)},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": {"shape": shape, "tooltip": tooltip, **_emphasis(lines)},
        },
    ]


def _bump_labels(versions: Sequence[str]) -> list[Spec]:
    """Name the lines under the first version; between it and the last say ranks, where they have room."""
    between = versions[1:-1] if len(versions) <= FEW else []
    return [
        _line_label(versions[0], align="right", dx=-10),
        *(_line_label(version, field="rank", align="center", dx=0, dy=-11) for version in between),
    ]


def _bump_rows(lines: Sequence[RankLine], versions: Sequence[str], ways: Sequence[str]) -> list[Spec]:
    """Return a row per version and unit; ``ways`` are the words for up, down and neither."""
    higher, lower, same = ways
    # The sign of the shift, 1, -1 or 0, picks the way.
    signs = {line.name: (line.ranks[0] > line.ranks[-1]) - (line.ranks[0] < line.ranks[-1]) for line in lines}
    return [
        {
            "name": line.name,
            "version": version,
            "rank": line.ranks[i],
            "place": position,
            "way": {1: higher, -1: lower, 0: same}[signs[line.name]],
            "label": f"{line.name} {line.ranks[i]}",
            "marked": line.marked,
        }
        for i, version in enumerate(versions)
        for position, line in enumerate(sorted(lines, key=lambda line: line.ranks[i]))
    ]


@with_plain_names
def rank_flow_chart(
    flows: Sequence[Flow],
    bands: Sequence[str],
    versions: Sequence[str],
    *,
    units_word: str,
    title: str,
    subtitle: str,
    source: str,
) -> Spec:
    """Draw how many units go from band to band of ranks, coloured by the band they begin in."""
    sizes = _band_sizes(flows, len(bands), len(versions))
    placed = _places_of(flows, sizes)
    last = len(versions) - 1
    bends = max(1, min(BENDS, MOST_BENDS // max(last, 1)))
    rows = [row for flow, ends in placed for row in _ribbon(flow, ends, bands, versions, bends)]
    labels = _band_labels(sizes, bands)
    y = {
        "field": "low",
        "type": "quantitative",
        "axis": None,
        "scale": {"reverse": True, "nice": False, "zero": False},
    }
    colours = [SERIES[band % len(SERIES)] for band in range(len(bands))]
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": 0.7},
            "encoding": {
                "y2": {"field": "high"},
                "detail": {"field": "flow"},
                "color": {
                    "field": "origin",
                    "type": "nominal",
                    "scale": {"domain": list(bands), "range": colours},
                    "legend": {"title": None},
                },
                "tooltip": [
                    field("way", _("Versions")),
                    field("origin", _("Ranks under the base")),
                    field("move", _("From ranks to ranks")),
                    field("cities", capfirst(units_word), "quantitative"),
                ],
            },
        },
        *(
            {
                "data": {"values": [label for label in labels if label["x"] == place]},
                "mark": {"type": "text", "align": align, "dx": dx, "color": PALETTE["chart-ink"]},
                "encoding": {"text": {"field": "text"}},
            }
            for place, align, dx in ((0, "right", -8), (last, "left", 8))
        ),
    ]
    drawn = field_of_points(rows, layers, title=title, subtitle=subtitle, source=source, height=HEIGHT)
    narrow = {"x": _flow_axis(versions, NARROW), "y": y}
    return {
        **with_narrow(drawn, layers=layers, beside=0, encoding=narrow),
        "encoding": {"x": _flow_axis(versions, WIDE), "y": y},
    }


@with_plain_names
def weight_ticks_chart(
    weights: Sequence[NodeWeight], base: str, *, title: str, subtitle: str, source: str
) -> Spec:
    """Draw one tick for the weight of a sub-index under each of many versions, the base's in ink."""
    x = {
        "field": "percent",
        "type": "quantitative",
        "scale": {"zero": False, "nice": False, "padding": 24},
        "axis": {"title": None, "tickCount": 6},
    }
    tooltip = [
        field("name", _("Indicator")),
        field("version", _("Weight version")),
        field("percent", _("Weight, %"), "quantitative", ".4~f"),
    ]
    chosen = [{"filter": {"field": "version", "equal": base}}]
    ink = {"opacity": 1, "color": PALETTE["chart-ink"]}
    layers: list[Spec] = [
        {
            "mark": {"type": "tick", "thickness": 2, "height": 18, "opacity": 0.6, "color": UP},
            "encoding": {"x": x, "tooltip": tooltip},
        },
        {
            "transform": chosen,
            "mark": {"type": "tick", "thickness": 3, "height": 26, **ink},
            "encoding": {"x": x, "tooltip": tooltip},
        },
        {
            "transform": chosen,
            "mark": {"type": "text", "dy": -20, **ink},
            "encoding": {"x": x, "text": {"field": "percent", "format": ".2f"}},
        },
    ]
    rows = [asdict(w) for w in weights]
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=54)


def _emphasis(lines: Sequence[RankLine]) -> Spec:
    """Let the marked lines stand out, where any is marked."""
    if not any(line.marked for line in lines):
        return {"opacity": {"value": 1}}
    return {"opacity": {"condition": {"test": "datum.marked", "value": 1}, "value": 0.25}}


def _version_axis(versions: Sequence[str], before: float, after: float, width: int) -> Spec:
    """Place the versions between the names of units, which take ``before`` and ``after`` pixels."""
    return {
        "field": "version",
        "type": "nominal",
        "sort": None,
        "scale": {
            "type": "point",
            "padding": 0,
            "range": [round(before), {"expr": f"width - {round(after)}"}],
        },
        "axis": {"orient": "top", "labelAngle": 0, **_version_names(versions, before, after, width)},
    }


def _version_names(
    versions: Sequence[str], before: float, after: float, width: int, *, label: str = LABEL
) -> Spec:
    """Name versions over their places; where that has no room by numbers, which a list above explains.

    ``label`` is the expression that gives the name of a version.
    """
    apart = (width - before - after) / max(1, len(versions) - 1)
    # The first and the last name are set around their places as well, and may not leave the drawing.
    room = min(apart - KEY_GAP, 2 * before, 2 * after)
    broken = [broken_into_lines(version, SMALL, room) for version in versions]
    fits = all(
        len(lines) <= MOST_LINES and all(text_width(line, SMALL) <= room for line in lines)
        for lines in broken
    )
    if fits:
        expression = lines_expression(versions, SMALL, room, label=label)
        # A name is set downwards from its first line, which stands as high as the longest needs.
        high = 8 + NAME_LINE * (max(map(len, broken)) - 1)
        look = {"title": None, "labelLimit": 0, "labelLineHeight": NAME_LINE, "labelPadding": high}
        # Without lines to break a label is the name as it is.
        expression = expression or ("" if label == LABEL else label)
        return {**look, **({"labelExpr": expression} if expression else {})}
    numbers = {version: str(number) for number, version in enumerate(versions, 1)}
    return {
        "title": _version_list(versions, width),
        "titleAnchor": "start",
        "titleAlign": "left",
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "labelExpr": looked_up(numbers, label),
    }


def _flow_axis(versions: Sequence[str], width: int) -> Spec:
    last = len(versions) - 1
    name = looked_up(versions, "datum.value")
    axis = _version_names(versions, BAND_ROOM, BAND_ROOM, width, label=name)
    return {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [-0.02 * last, 1.02 * last], "nice": False, "padding": BAND_ROOM},
        "axis": {"orient": "top", "grid": False, "values": list(range(len(versions))), **axis},
    }


def _version_list(versions: Sequence[str], width: int) -> list[str]:
    """Return the lines that say which version has which number."""
    if len(versions) > MOST_NAMED:
        return [_("versions by their number in the table")]
    named = [_("%(name)s: %(value)s") % {"name": n, "value": v} for n, v in enumerate(versions, 1)]
    return [line for name in named for line in broken_into_lines(name, SMALL, width)]


def _line_label(version: str, *, align: str, dx: int, dy: int = 0, field: str = "label") -> Spec:
    return {
        "transform": [{"filter": {"field": "version", "equal": version}}],
        "mark": {"type": "text", "align": align, "dx": dx, "dy": dy},
        "encoding": {"text": {"field": field}, "color": {"value": PALETTE["chart-ink"]}},
    }


def _band_sizes(flows: Sequence[Flow], bands: int, versions: int) -> list[list[int]]:
    """Count the units in each band under each version."""
    sizes = [[0] * bands for _version in range(versions)]
    for flow in flows:
        sizes[flow.step + 1][flow.after] += flow.cities
        if flow.step == 0:
            sizes[0][flow.before] += flow.cities
    return sizes


def _starts(sizes: Sequence[int]) -> list[float]:
    """Return where each band begins; a little space keeps them apart."""
    gap = 0.015 * sum(sizes)
    return [sum(sizes[:band]) + gap * band for band in range(len(sizes))]


def _places_of(
    flows: Sequence[Flow], sizes: Sequence[Sequence[int]]
) -> list[tuple[Flow, tuple[float, float]]]:
    """Return each flow with the heights at which it leaves one version and reaches the next."""
    placed = []
    for step, of_step in groupby(sorted(flows, key=lambda f: f.step), key=lambda f: f.step):
        here, leave, reach = list(of_step), _starts(sizes[step]), _starts(sizes[step + 1])
        left, reached = {}, {}
        for flow in sorted(here, key=lambda f: (f.before, f.after, f.origin)):
            left[flow] = leave[flow.before]
            leave[flow.before] += flow.cities
        for flow in sorted(here, key=lambda f: (f.after, f.before, f.origin)):
            reached[flow] = reach[flow.after]
            reach[flow.after] += flow.cities
        placed += [(flow, (left[flow], reached[flow])) for flow in here]
    return placed


def _ribbon(
    flow: Flow, ends: tuple[float, float], bands: Sequence[str], versions: Sequence[str], bends: int
) -> list[Spec]:
    """Return the outline of a flow, which bends like an S in so many parts."""
    shared = {
        "flow": f"{flow.step}:{flow.origin}:{flow.before}:{flow.after}",
        "origin": bands[flow.origin],
        "way": f"{versions[flow.step]} → {versions[flow.step + 1]}",
        "move": f"{bands[flow.before]} → {bands[flow.after]}",
        "cities": flow.cities,
    }
    outline = []
    for along in (part / bends for part in range(bends + 1)):
        low = ends[0] + (ends[1] - ends[0]) * (3 * along**2 - 2 * along**3)
        x = flow.step + BAR + along * (1 - 2 * BAR)
        high = low + flow.cities
        outline.append({**shared, "x": round(x, 4), "low": round(low, 3), "high": round(high, 3)})
    return outline


def _band_labels(sizes: Sequence[Sequence[int]], bands: Sequence[str]) -> list[Spec]:
    labels = []
    for version in (0, len(sizes) - 1):
        for band, (start, size) in enumerate(zip(_starts(sizes[version]), sizes[version], strict=True)):
            if size:
                labels.append({"x": version, "low": start + size / 2, "text": bands[band]})
    return labels
