"""Facts of large data sets are kept; matrices are stored so that parts of them can be read.

PostgreSQL compresses what it can, and has to open all that stands before a part of it. Matrices that are there
already stay as they are: nothing is written again.
"""

import django.db.models.deletion
from django.db import migrations, models


def _store_as(way):
    def alter(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'ALTER TABLE indexer_dataset ALTER COLUMN "values" SET STORAGE {way}')

    return alter


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0052_shares_of_the_total"),
    ]

    operations = [
        migrations.CreateModel(
            name="DataFacts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=9,
                    ),
                ),
                (
                    "queue",
                    models.CharField(
                        choices=[("interactive", "Interactive"), ("bulk", "Bulk")],
                        default="interactive",
                        max_length=11,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("queued_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("failure", models.JSONField(blank=True, default=list)),
                ("worker", models.CharField(blank=True, max_length=100)),
                ("block", models.BinaryField(null=True)),
                (
                    "data_set",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="facts",
                        to="indexer.dataset",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["status", "lease_until"], name="datafacts_waiting")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease__isnull", False),
                                ("lease_until__isnull", False),
                                ("status", "running"),
                            ),
                            models.Q(
                                models.Q(("status", "running"), _negated=True),
                                ("lease__isnull", True),
                                ("lease_until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="datafacts_running_has_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("block__isnull", False), ("status", "done")),
                            models.Q(models.Q(("status", "done"), _negated=True), ("block__isnull", True)),
                            _connector="OR",
                        ),
                        name="data_facts_done_are_whole",
                    ),
                ],
            },
        ),
        migrations.RunPython(_store_as("EXTERNAL"), _store_as("EXTENDED")),
    ]
