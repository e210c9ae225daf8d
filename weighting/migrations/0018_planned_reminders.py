"""Reminders that the clock writes at a time before the deadline."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("weighting", "0017_letter_texts"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlannedReminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("before", models.DurationField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("written", "written: the table of experts says what became of each mail"),
                            ("passed", "passed over: another went out within the hour, or all were used"),
                            ("no_server", "not sent: no mail server is set up"),
                        ],
                        default="planned",
                        max_length=10,
                    ),
                ),
                (
                    "planned_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="planned_reminders",
                        to="weighting.round",
                    ),
                ),
            ],
            options={
                "ordering": ["-before"],
                "constraints": [
                    models.UniqueConstraint(fields=("round", "before"), name="planned_reminder_once")
                ],
            },
        ),
    ]
