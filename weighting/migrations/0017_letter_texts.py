"""What the mails of a round say, where it has a text of its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("weighting", "0016_one_language_is_enough"),
    ]

    operations = [
        migrations.CreateModel(
            name="LetterText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("invitation", "Invitation"), ("reminder", "Reminder")], max_length=10
                    ),
                ),
                (
                    "language",
                    models.CharField(choices=[("zh-hans", "Chinese"), ("en", "English")], max_length=8),
                ),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField(max_length=5000)),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="letter_texts",
                        to="weighting.round",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("round", "kind", "language"), name="letter_text_once")
                ],
            },
        ),
    ]
