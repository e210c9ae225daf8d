"""Results of runs, written whole: every city's score and rank, the inner nodes, and the end."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from indexer.enums import RunStatus
from indexer.models import DataSet, Run
from indexer.numeric.blocks import result_checksum
from indexer.services.leases import rows_held
from weighting.numeric.arrays import FloatArray, IntArray

# A row of the binary COPY of PostgreSQL: its number of fields, then length and value of each.
COPIED_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("run_size", ">i4"),
        ("run", ">i8"),
        ("city_size", ">i4"),
        ("city", ">i8"),
        ("score_size", ">i4"),
        ("score", ">f8"),
        ("rank_size", ">i4"),
        ("rank", ">i4"),
    ]
)
COPY_HEAD, COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
INSERT = 'INSERT INTO indexer_cityscore (run_id, city_id, score, "rank") VALUES (%s, %s, %s, %s)'
COPY = 'COPY indexer_cityscore (run_id, city_id, score, "rank") FROM STDIN (FORMAT BINARY)'
END = (
    "UPDATE indexer_run SET status = %s, lease = NULL, lease_until = NULL, finished_at = %s,"
    " data_sha256 = %s, code_version = %s, manifest_hash = %s, node_scores = %s, result_sha256 = %s"
    " WHERE id = %s"
)


@dataclass(frozen=True, eq=False)
class Results:
    """What runs came to: (runs, cities), the same, and (runs, inner nodes, cities)."""

    runs: Sequence[Run]
    scores: FloatArray
    ranks: IntArray
    inner: FloatArray
    # Positions of the inner nodes in the framework.
    positions: IntArray
    # A checksum of the block and scores of each run: see `checksums`.
    sha256: Sequence[str]


@transaction.atomic
def store_results(results: Results, data_set: DataSet) -> int:
    """Write whole results, except where the lease has passed to somebody else; return how many."""
    held = rows_held(results.runs)
    kept = [place for place, run in enumerate(results.runs) if run.pk in held]
    if kept:
        insert_scores(results, data_set, kept)
        _end_runs(results, data_set, kept)
    return len(kept)


def insert_scores(results: Results, data_set: DataSet, kept: Sequence[int]) -> None:
    """Insert a row per city that has a score; a model object for each would take most of a recompute."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django leaves the errors of a COPY to the driver; here they must be known for what they are.
            with connection.wrap_database_errors, cursor.copy(COPY) as copy:
                copy.write(_copied_rows(results, data_set, kept))
            return
        for place in kept:
            scores, ranks = results.scores[place].tolist(), results.ranks[place].tolist()
            rows = zip(repeat(results.runs[place].pk), data_set.city_ids, scores, ranks, strict=False)
            cursor.executemany(INSERT, [row for row in rows if row[3]])


def _copied_rows(results: Results, data_set: DataSet, kept: Sequence[int]) -> bytes:
    rows = np.empty((len(kept), len(data_set.city_ids)), dtype=COPIED_ROW)
    rows["fields"], rows["rank_size"] = 4, 4
    rows["run_size"] = rows["city_size"] = rows["score_size"] = 8
    rows["run"] = np.array([results.runs[place].pk for place in kept])[:, np.newaxis]
    rows["city"] = np.array(data_set.city_ids)
    rows["score"], rows["rank"] = results.scores[kept], results.ranks[kept]
    return COPY_HEAD + rows[rows["rank"] > 0].tobytes() + COPY_END


def checksums(scores: FloatArray, inner: FloatArray, positions: IntArray) -> list[str]:
    """Return the checksum of each run's block and scores."""
    return [
        result_checksum(_block(nodes, positions), of_run) for of_run, nodes in zip(scores, inner, strict=True)
    ]


def _block(nodes: FloatArray, positions: IntArray) -> bytes:
    """Return the inner nodes of a run, (inner nodes, cities), as its row keeps them."""
    head = np.array([len(positions), *positions], dtype="<i8").tobytes()
    return head + np.ascontiguousarray(nodes, dtype="<f8").data


def _end_runs(results: Results, data_set: DataSet, kept: Sequence[int]) -> None:
    """End run after run, so that the block of one alone is in memory."""
    now: Any = connection.ops.adapt_datetimefield_value(timezone.now())
    with binding_cursor() as cursor:
        for place in kept:
            run = results.runs[place]
            made_by = (data_set.sha256, settings.CODE_VERSION, run.weight_version.manifest_hash)
            outcome = (_block(results.inner[place], results.positions), results.sha256[place], run.pk)
            cursor.execute(END, (RunStatus.DONE.value, now, *made_by, *outcome))


@contextmanager
def binding_cursor() -> Iterator[Any]:
    """Give a cursor that hands blocks over as they are.

    Django writes them into the statement on PostgreSQL, where a block then is several times over.
    """
    if connection.vendor == "postgresql":
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            yield cursor
    else:
        with connection.cursor() as cursor:
            yield cursor
