"""What the audit of a large ranking finds is kept."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0053_facts_of_data_sets"),
    ]

    operations = [
        migrations.CreateModel(
            name="RunFacts",
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
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="facts", to="indexer.run"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["status", "lease_until"], name="runfacts_waiting")],
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
                        name="runfacts_running_has_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("block__isnull", False), ("status", "done")),
                            models.Q(models.Q(("status", "done"), _negated=True), ("block__isnull", True)),
                            _connector="OR",
                        ),
                        name="run_facts_done_are_whole",
                    ),
                ],
            },
        ),
    ]
