"""Studies are merged under a lease: one whose merging ends its workers can be given up."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0021_ranking_without_an_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="study",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="study",
            name="lease",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="study",
            name="lease_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
