"""Why a job failed, as codes and what they concern; words are found when somebody reads them."""

import logging
from collections.abc import Sequence

from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.studies.sobol import ConstantOutputError
from indexer.selectors.faults import Failure
from weighting.exceptions import Refused
from weighting.numeric.aggregation import AggregationError

logger = logging.getLogger(__name__)


def failure_of(error: Exception, *, codes: Sequence[str], units: Sequence[int]) -> list[Failure]:
    """Return the reasons: kind, codes of the indicators, and ids or names of the units concerned.

    ``codes`` and ``units`` are what the positions in an error of the composite stand for.
    """
    match error:
        case NormalisationError():
            return [
                {"kind": fault.kind, "codes": list(fault.codes), "units": list(fault.units)}
                for fault in error.faults
            ]
        case CompositeError():
            leaves, cities = [codes[i] for i in error.leaves], [units[i] for i in error.cities]
            return [{"kind": error.kind, "codes": leaves, "units": cities}]
        case AggregationError():
            return [
                {"kind": fault.kind, "codes": list(fault.codes), "number": fault.number}
                for fault in error.faults
            ]
        case ConstantOutputError():
            return [{"kind": "constant_output"}]
        case Refused():
            return [{"kind": "not_reported"}]
        case MemoryError():
            return [{"kind": "memory"}]
    return [{"kind": "unexpected", "number": _note(error)}]


def _note(error: Exception) -> str:
    """Log where an error without words came from, and return its type; its text may hold data."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
    logger.error("%s at %s", type(error).__name__, place)
    return type(error).__name__
