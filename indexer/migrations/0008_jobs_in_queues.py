"""Jobs in two queues, cancellable, which keep their worker and why they failed as codes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0007_studies"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="run",
            name="error",
        ),
        migrations.AddField(
            model_name="run",
            name="failure",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="run",
            name="queue",
            field=models.CharField(
                choices=[("interactive", "Interactive"), ("bulk", "Bulk")],
                default="interactive",
                max_length=11,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="worker",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AlterField(
            model_name="run",
            name="status",
            field=models.CharField(
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
    ]
