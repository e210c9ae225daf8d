"""What storing a data set will set going: runs, a worker's time, and room in the database."""

from dataclasses import dataclass

from django.db import connection

from weighting.models import Framework, Indicator

# Of a unit and run: its score and its rank, and its score on an inner node.
BYTES, BYTES_OF_NODE = 12, 8
# Seconds of one worker for a unit and run, and for each of its scores on inner nodes; and for a cell that is
# loaded and normalised: as docs/performance.md and docs/scale.md measure them.
SECONDS = {"sqlite": (9e-7, 4.5e-8), "postgresql": (1.8e-6, 1.2e-7)}
SECONDS_OF_CELL = 5e-8


@dataclass(frozen=True)
class Forecast:
    """Of one edition under a number of frozen versions: runs, seconds of one worker, bytes stored."""

    runs: int
    seconds: float
    bytes: int


def forecast_of(framework: Framework, *, units: int, versions: int) -> Forecast:
    """Return what an edition of so many units under so many versions will take, from measured costs."""
    nodes = Indicator.objects.filter(framework=framework)
    leaves, inner = nodes.filter(is_leaf=True).count(), nodes.filter(is_leaf=False).count()
    of_unit, of_node = SECONDS[connection.vendor]
    seconds = versions * units * (of_unit + of_node * inner)
    if versions:
        seconds += units * leaves * SECONDS_OF_CELL
    # The block of inner nodes says how many there are, and which.
    of_run = units * (BYTES + BYTES_OF_NODE * inner) + BYTES_OF_NODE * (1 + inner)
    return Forecast(versions, seconds, versions * of_run)
