"""What the index side does when something is announced, in the same transaction.

Freezing a version or adding a data set writes the job rows; a framework whose file says how its nodes are
treated has that as its method.
"""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from indexer.dispatch import queue_runs_of_data_set, queue_runs_of_version
from indexer.method_cells import cell_text, note_lasting_faults, read_method_cells
from indexer.models import DataSet
from indexer.numeric.method.plan import WHOLE
from indexer.selectors.methods import stated_cells
from indexer.services.methods import take_cells, take_over_method
from indexer.signals import data_set_added
from weighting.models import Account, Framework, WeightVersion
from weighting.readers import FrameworkRow, FrameworkTable, ProblemLog
from weighting.signals import (
    framework_added,
    framework_met,
    framework_read,
    framework_written,
    weight_version_frozen,
)


@receiver(weight_version_frozen)
def compute_frozen_version(version: WeightVersion, **_kwargs: Any) -> None:
    """Compute every data set under a version that was just frozen."""
    queue_runs_of_version(version)


@receiver(data_set_added)
def compute_added_data_set(
    data_set: DataSet, versions: Sequence[WeightVersion] | None, **_kwargs: Any
) -> None:
    """Compute a data set that was just added under the versions chosen, else under every frozen one."""
    queue_runs_of_data_set(data_set, versions)


@receiver(framework_read)
def check_method_columns(
    rows: tuple[FrameworkRow, ...], outline: FrameworkTable | None, log: ProblemLog, **_kwargs: Any
) -> None:
    """Note the cells of the method's columns that say nothing known, or what no index could do."""
    cells = read_method_cells(rows, log)
    if outline is not None and not cells.is_empty:
        note_lasting_faults(cells, outline, log)


@receiver(framework_added)
def keep_method_of_framework(
    framework: Framework, table: FrameworkTable, actor: Account, came_from: Framework | None, **_kwargs: Any
) -> None:
    """Let data sets of a framework start from the method that its file states, or that it was copied with."""
    cells = read_method_cells(table.rows, ProblemLog(framework.name))
    if not cells.is_empty:
        take_cells(framework, cells, actor=actor)
    elif came_from is not None:
        take_over_method(came_from, framework, table.tree, actor=actor)


@receiver(framework_written)
def say_method_of_framework(framework: Framework, **_kwargs: Any) -> dict[str, dict[str, str]]:
    """Return how nodes are said to be treated, as the columns of the method in a file."""
    return {
        code: {column: cell_text(value) for column, value in cells.items()}
        for code, cells in stated_cells(framework.pk).items()
        if code != WHOLE
    }


@receiver(framework_met)
def change_method_of_framework(
    framework: Framework, table: FrameworkTable, actor: Account, **_kwargs: Any
) -> bool:
    """Let the file of a tree that is there change how its indicators and groups are treated."""
    cells = read_method_cells(table.rows, ProblemLog(framework.name))
    return not cells.is_empty and take_cells(framework, cells, actor=actor)
