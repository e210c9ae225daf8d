"""Scores of cities, without a key of their own: a row per run and city, and nothing beside it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0015_compute_again"),
    ]

    operations = [
        migrations.DeleteModel(name="CityScore"),
        migrations.CreateModel(
            name="CityScore",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id", "city_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("score", models.FloatField()),
                ("rank", models.PositiveIntegerField()),
                (
                    "city",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="indexer.city",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="city_scores",
                        to="indexer.run",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["run", "rank"], name="city_score_by_rank")],
            },
        ),
    ]
