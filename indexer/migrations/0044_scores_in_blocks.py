"""Scores and ranks of a run in two blocks in place of a row for each city."""

from collections.abc import Iterator
from typing import Any

import django.db.models.deletion
import numpy as np
from django.db import migrations, models

TOGETHER = 500


def pack_rows(apps: Any, schema_editor: Any) -> None:
    """Write the blocks of every finished run, in the order of its data set's cities."""
    packed = apps.get_model("indexer", "RunScores").objects.using(schema_editor.connection.alias)
    rows_of = apps.get_model("indexer", "CityScore").objects.using(schema_editor.connection.alias)
    waiting = []
    for run, city_ids in _finished_runs(apps, schema_editor):
        scores, ranks = np.full(len(city_ids), np.nan), np.zeros(len(city_ids), dtype=np.uint32)
        place = {city_id: index for index, city_id in enumerate(city_ids)}
        for city, score, rank in rows_of.filter(run=run).values_list("city_id", "score", "rank"):
            scores[place[city]], ranks[place[city]] = score, rank
        blocks = {"scores": scores.astype("<f8").tobytes(), "ranks": ranks.astype("<u4").tobytes()}
        waiting.append(packed.model(run_id=run, **blocks))
        if len(waiting) == TOGETHER:
            packed.bulk_create(waiting)
            waiting = []
    packed.bulk_create(waiting)


def unpack_rows(apps: Any, schema_editor: Any) -> None:
    """Write a row for each city that has a score."""
    packed = apps.get_model("indexer", "RunScores").objects.using(schema_editor.connection.alias)
    rows = apps.get_model("indexer", "CityScore").objects.using(schema_editor.connection.alias)
    for run, city_ids in _finished_runs(apps, schema_editor):
        block = packed.get(run=run)
        scores, ranks = np.frombuffer(block.scores, dtype="<f8"), np.frombuffer(block.ranks, dtype="<u4")
        found = zip(city_ids, scores.tolist(), ranks.tolist(), strict=True)
        rows.bulk_create(
            [
                rows.model(run_id=run, city_id=city, score=score, rank=rank)
                for city, score, rank in found
                if rank
            ],
            batch_size=5_000,
        )


def _finished_runs(apps: Any, schema_editor: Any) -> Iterator[tuple[int, list[int]]]:
    data_sets = apps.get_model("indexer", "DataSet").objects.using(schema_editor.connection.alias)
    runs = apps.get_model("indexer", "Run").objects.using(schema_editor.connection.alias)
    for data_set, city_ids in data_sets.order_by("pk").values_list("pk", "city_ids"):
        finished = runs.filter(data_set=data_set, status="done").order_by("pk")
        for run in finished.values_list("pk", flat=True):
            yield run, city_ids


class Migration(migrations.Migration):
    dependencies = [("indexer", "0043_words_for_groups_of_units")]

    operations = [
        migrations.CreateModel(
            name="RunScores",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="composite",
                        serialize=False,
                        to="indexer.run",
                    ),
                ),
                ("scores", models.BinaryField()),
                ("ranks", models.BinaryField()),
            ],
        ),
        migrations.RunPython(pack_rows, unpack_rows),
    ]
