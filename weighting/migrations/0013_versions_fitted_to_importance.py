"""A version may come from weights that were fitted to importance."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("weighting", "0012_round_of_least_panel")]

    operations = [
        migrations.AlterField(
            "weightversion",
            "source",
            models.CharField(
                choices=[
                    ("round", "Closed scoring round"),
                    ("imported", "Imported file"),
                    ("implied", "Implied by published totals"),
                    ("equal", "Equal weights"),
                    ("pooled", "Several closed rounds, pooled"),
                    ("edited", "Edited by hand from another version"),
                    ("entropy", "Proposal from the data: entropy"),
                    ("critic", "Proposal from the data: CRITIC"),
                    ("pca", "Proposal from the data: principal components"),
                    ("balanced", "Proposal from the data: fitted to importance"),
                ],
                max_length=8,
            ),
        ),
    ]
