"""Two figures of all units of a run against each other: scores of its nodes, or an outside series."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.models import OutsideSeries, Run
from indexer.numeric.comparison.association import Association, Line, associate, fit_line, quadrants
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.series import series_beside, unpack_series
from weighting.models import Account, Indicator
from weighting.numeric.arrays import FloatArray, IntArray

# What goes before the number of a series where a node's code may stand, too.
SERIES = "series:"


@dataclass(frozen=True, eq=False)
class NodePair:
    """Two figures of the units that have both, as they are shown; arrays are over these."""

    subject: NodeScores
    across: Indicator | OutsideSeries
    upwards: Indicator | None

    @property
    def codes(self) -> tuple[str, str]:
        """What stands for each in an address; '' for the composite."""
        across = self.across
        code = f"{SERIES}{across.pk}" if isinstance(across, OutsideSeries) else across.code
        return code, self.upwards.code if self.upwards else ""

    @cached_property
    def positions(self) -> IntArray:
        return np.flatnonzero(np.isfinite(self._both).all(axis=0))

    @cached_property
    def x(self) -> FloatArray:
        """Of the units that have both, (units,); files and pages ask for it unit by unit."""
        return self._both[0, self.positions]

    @cached_property
    def y(self) -> FloatArray:
        return self._both[1, self.positions]

    @cached_property
    def association(self) -> Association:
        return associate(self.x, self.y)

    @cached_property
    def line(self) -> Line | None:
        """None where the units determine none."""
        try:
            return fit_line(self.x, self.y)
        except ValueError:
            return None

    @cached_property
    def residuals(self) -> FloatArray:
        """Studentised; 0 without a line."""
        return np.zeros(len(self.x)) if self.line is None else np.nan_to_num(self.line.studentised)

    @cached_property
    def medians(self) -> tuple[float, float]:
        """Of both figures, over the units that have both; at least one has."""
        return float(np.median(self.x)), float(np.median(self.y))

    @cached_property
    def quadrants(self) -> IntArray:
        """Where each unit stands about the medians, as positions in `QUADRANTS`."""
        return quadrants(self.x, self.y) if len(self.positions) else np.empty(0, dtype=np.int64)

    @cached_property
    def _both(self) -> FloatArray:
        return np.stack([self._of(self.across), self._of(self.upwards)])

    def _of(self, figure: Indicator | OutsideSeries | None) -> FloatArray:
        if isinstance(figure, OutsideSeries):
            known = unpack_series(figure)
            return np.array([known.get(pk, np.nan) for pk in self.subject.cities.ids])
        return self.subject.scores_on(figure) * self.subject.scale


def series_key(run: Run, account: Account | None) -> str:
    """Name what an answer says of the series beside a run, which may be described anew."""
    named = series_beside(run, account).values_list("pk", "name_zh", "name_en", "unit", "year")
    return repr(list(named))
