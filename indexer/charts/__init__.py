"""Vega-Lite specs of the product's figures; `weighting.drawing` holds their look and their rendering."""

from indexer.charts.border_map import MapArea, border_map
from indexer.charts.city import Contribution, ProfilePoint, contribution_chart, profile_chart
from indexer.charts.coherence import Bin, WeightAndImportance, dumbbell_chart, histogram_chart
from indexer.charts.concentration import lorenz_chart
from indexer.charts.fragility import PairDot, fragility_chart
from indexer.charts.groups import COLOURED, Groups
from indexer.charts.many_versions import (
    Flow,
    RankLine,
    bump_chart,
    rank_flow_chart,
    weight_ticks_chart,
)
from indexer.charts.maps import MapCell, MapDot, cell_map, score_map, shift_map
from indexer.charts.places import BAR_DIGITS, PlaceBar, place_chart
from indexer.charts.series import (
    Axes,
    Behind,
    Line,
    ScatterCell,
    SeriesPoint,
    series_scatter,
)
from indexer.charts.trends import YearLine, YearPoint, years_chart
from indexer.charts.versions import (
    CityPoint,
    NodeWeight,
    RankMove,
    ScoreMove,
    composition_chart,
    distribution_strip,
    rank_shift_chart,
    score_shift_chart,
    weights_chart,
)
from weighting.drawing import Spec, render, theme

__all__ = [
    "BAR_DIGITS",
    "COLOURED",
    "Axes",
    "Behind",
    "Bin",
    "CityPoint",
    "Contribution",
    "Flow",
    "Groups",
    "Line",
    "MapArea",
    "MapCell",
    "MapDot",
    "NodeWeight",
    "PairDot",
    "PlaceBar",
    "ProfilePoint",
    "RankLine",
    "RankMove",
    "ScatterCell",
    "ScoreMove",
    "SeriesPoint",
    "Spec",
    "WeightAndImportance",
    "YearLine",
    "YearPoint",
    "border_map",
    "bump_chart",
    "cell_map",
    "composition_chart",
    "contribution_chart",
    "distribution_strip",
    "dumbbell_chart",
    "fragility_chart",
    "histogram_chart",
    "lorenz_chart",
    "place_chart",
    "profile_chart",
    "rank_flow_chart",
    "rank_shift_chart",
    "render",
    "score_map",
    "score_shift_chart",
    "series_scatter",
    "shift_map",
    "theme",
    "weight_ticks_chart",
    "weights_chart",
    "years_chart",
]
