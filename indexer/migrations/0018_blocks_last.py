"""The block of a run as its last column: SQLite walks through a block to read what stands behind it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0017_study_failure_as_codes"),
    ]

    operations = [
        migrations.RemoveConstraint("run", "run_done_is_whole"),
        migrations.AddField("run", "block", models.BinaryField(null=True)),
        migrations.RunSQL(
            "UPDATE indexer_run SET block = node_scores", "UPDATE indexer_run SET node_scores = block"
        ),
        migrations.RemoveField("run", "node_scores"),
        migrations.RenameField("run", "block", "node_scores"),
        migrations.AddConstraint(
            "run",
            models.CheckConstraint(
                condition=Q(status="done", node_scores__isnull=False, finished_at__isnull=False)
                | (~Q(status="done") & Q(node_scores__isnull=True)),
                name="run_done_is_whole",
            ),
        ),
    ]
