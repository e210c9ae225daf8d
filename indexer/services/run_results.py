"""Results of runs, written whole: every unit's score and rank, the inner nodes, and the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from indexer.enums import RunStatus
from indexer.models import DataSet, Run
from indexer.numeric.studies.blocks import pack_composite, result_checksum
from indexer.services.binding import binding_cursor, fill_place, place_for
from indexer.services.leases import rows_held
from weighting.numeric.arrays import FloatArray, IntArray

INSERT = "INSERT INTO indexer_runscores (run_id, scores, ranks) VALUES (%s, %s, %s)"
END = (
    "UPDATE indexer_run SET status = %s, lease = NULL, lease_until = NULL, finished_at = %s,"
    " data_sha256 = %s, code_version = %s, manifest_hash = %s, result_sha256 = %s, node_scores = {place}"
    " WHERE id = %s"
)


@dataclass(frozen=True, eq=False)
class Results:
    """What runs came to: (runs, units), the same, and (runs, inner nodes, units)."""

    runs: Sequence[Run]
    scores: FloatArray
    ranks: IntArray
    inner: FloatArray
    # Positions of the inner nodes in the framework.
    positions: IntArray
    # A checksum of the block and scores of each run: see `checksums`.
    sha256: Sequence[str]

    @property
    def size(self) -> int:
        """Bytes of the scores and of the blocks, which is nearly all that is stored."""
        return int(self.scores.nbytes + self.inner.nbytes)


@transaction.atomic
def store_results(results: Results, data_set: DataSet) -> int:
    """Write whole results, except where the lease has passed to somebody else; return how many."""
    held = rows_held(results.runs)
    kept = [position for position, run in enumerate(results.runs) if run.pk in held]
    if kept:
        insert_scores(results, kept)
        _end_runs(results, data_set, kept)
    return len(kept)


def insert_scores(results: Results, kept: Sequence[int]) -> None:
    """Insert the blocks of each run."""
    rows = [
        (results.runs[place].pk, *pack_composite(results.scores[place], results.ranks[place]))
        for place in kept
    ]
    with binding_cursor() as cursor:
        cursor.executemany(INSERT, rows)


def checksums(scores: FloatArray, inner: FloatArray, positions: IntArray) -> list[str]:
    """Return the checksum of each run's block and scores."""
    return [
        result_checksum(_block(nodes, positions), of_run) for of_run, nodes in zip(scores, inner, strict=True)
    ]


def _block(nodes: FloatArray, positions: IntArray) -> list[memoryview]:
    """Return the inner nodes of a run, (inner nodes, units), as its row keeps them, in two parts."""
    head = np.array([len(positions), *positions], dtype="<i8")
    parts = (head, np.ascontiguousarray(nodes, dtype="<f8"))
    # A memoryview of nothing, as of a framework of leaves alone, cannot be cast.
    return [part.reshape(-1).view(np.uint8).data for part in parts]


def _end_runs(results: Results, data_set: DataSet, kept: Sequence[int]) -> None:
    """End run after run, so that the block of one alone is in memory."""
    now: Any = connection.ops.adapt_datetimefield_value(timezone.now())
    with binding_cursor() as cursor:
        for place in kept:
            run = results.runs[place]
            made_by = (data_set.sha256, settings.CODE_VERSION, run.weight_version.manifest_hash)
            block = _block(results.inner[place], results.positions)
            end, given = place_for(block)
            outcome = (results.sha256[place], given, run.pk)
            cursor.execute(END.format(place=end), (RunStatus.DONE.value, now, *made_by, *outcome))
            fill_place("indexer_run", "node_scores", run.pk, block)
