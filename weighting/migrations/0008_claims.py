"""Ballots are found by the hash of their holder's secret, and no longer through their invitation.

Nothing is lost: a ballot that was begun before keeps its link as ``unclaimed_ballot`` until its expert
opens it again, which claims it and erases the link. Closed rounds stay as they are.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("weighting", "0007_api_tokens")]

    operations = [
        migrations.RenameField("invitation", "ballot", "unclaimed_ballot"),
        migrations.AlterField(
            "invitation",
            "unclaimed_ballot",
            models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="weighting.ballot",
            ),
        ),
        migrations.AddField(
            "invitation",
            "claim",
            models.CharField(default=None, editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AddField("invitation", "disputed", models.BooleanField(default=False)),
        migrations.AddField(
            "ballot",
            "lock",
            models.CharField(default=None, editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            "ballot", "earlier_lock", models.CharField(blank=True, default="", editable=False, max_length=64)
        ),
        migrations.AddField(
            "ballot", "masked_sector", models.PositiveSmallIntegerField(default=0, editable=False)
        ),
    ]
