"""What fills a gap from before is the last value of any earlier edition, not of the one before alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0040_drafts_without_register"),
    ]

    operations = [
        migrations.AlterField(
            model_name="indexmethod",
            name="missing",
            field=models.CharField(
                choices=[
                    ("refuse", "Refuse"),
                    ("zero", "Zero: the worst normalised value"),
                    ("reweight", "Reweight what is present"),
                    ("mean", "Mean of what is present"),
                    ("median", "Median of what is present"),
                    ("last_value", "Last value of an earlier edition"),
                    ("raw_zero", "The raw value 0"),
                ],
                default="refuse",
                max_length=120,
                verbose_name="missing values",
            ),
        ),
    ]
