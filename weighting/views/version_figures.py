"""The figure of a comparison of versions: a dumbbell for each indicator that moves most."""

from django.utils.translation import gettext as _

from weighting.drawing import PALETTE, SHAPES, Figure, Spec, field, figure
from weighting.selectors.frameworks import distinct_names
from weighting.selectors.version_comparison import VersionComparison
from weighting.views.version_words import PERCENT, digits_for, version_name

ROWS = 20
STEP = 26
# As many as there are colours and shapes to tell them apart.
MOST_DRAWN = len(SHAPES)


def movers_figure(compared: VersionComparison) -> Figure | None:
    """Return the figure of the indicators that move most, and its table; None when none moves."""
    movers = compared.movers[:ROWS].tolist()
    if not movers:
        return None
    known = distinct_names(compared.nodes)
    names = {node: known[compared.nodes[node].code] for node in movers}
    columns = _drawn(compared)
    versions = [compared.versions[column] for column in columns]
    subtitle = _("weight in the index, %%; the %(count)s indicators that move most") % {"count": len(movers)}
    widest = float(compared.global_[movers[0]].max() - compared.global_[movers[0]].min())
    digits = digits_for(widest)
    title = _("“%(name)s” moves most: by %(points)s percentage points") % {
        "name": names[movers[0]],
        "points": f"{widest * PERCENT:.{digits}f}",
    }
    rows = [
        {
            "name": name,
            "weights": [f"{compared.global_[node, column] * PERCENT:.{digits}f}" for column in columns],
        }
        for node, name in names.items()
    ]
    spec = _dumbbells(compared, names, columns, title=title, subtitle=subtitle)
    return Figure(title, subtitle, spec, rows, [version_name(version) for version in versions])


def _drawn(compared: VersionComparison) -> list[int]:
    """Return the columns of the base and of the versions furthest from it, in their order."""
    places = range(1, len(compared.versions))
    furthest = sorted(places, key=lambda place: -compared.changes[place - 1].distance)[: MOST_DRAWN - 1]
    return [0, *sorted(furthest)]


def _dumbbells(
    compared: VersionComparison, names: dict[int, str], columns: list[int], *, title: str, subtitle: str
) -> Spec:
    versions = [version_name(compared.versions[column]) for column in columns]
    values = [
        {
            "name": name,
            "version": label,
            "percent": float(compared.global_[node, column] * PERCENT),
            "low": float(compared.global_[node, columns].min() * PERCENT),
            "high": float(compared.global_[node, columns].max() * PERCENT),
        }
        for node, name in names.items()
        for label, column in zip(versions, columns, strict=True)
    ]
    x = {"field": "percent", "type": "quantitative", "scale": {"zero": False, "nice": True, "padding": 16}}
    version = {"field": "version", "type": "nominal", "scale": {"domain": versions}}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "strokeWidth": 3, "color": PALETTE["chart-grid"]},
            "encoding": {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
            "encoding": {
                "x": {**x, "axis": {"title": None, "tickCount": 6}},
                "color": version,
                "shape": version,
                "tooltip": [
                    field("name", _("Indicator")),
                    field("version", _("Weight version")),
                    field("percent", _("Weight, %"), "quantitative", ".4~f"),
                ],
            },
        },
    ]
    source = " · ".join([compared.base.framework.name, *versions])
    return figure(values, layers, title=title, subtitle=subtitle, source=source, step=STEP)
