"""Sectors that are words of a panel's own, kept with a round as they were when it opened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("weighting", "0026_experts_without_address")]

    operations = [
        migrations.AlterField(
            "expert", "sector", models.CharField(default="other", max_length=40, verbose_name="sector")
        ),
        migrations.AlterField("ballot", "sector", models.CharField(blank=True, max_length=40)),
        migrations.AddField(
            "round", "own_sectors", models.JSONField(blank=True, default=list, editable=False)
        ),
    ]
