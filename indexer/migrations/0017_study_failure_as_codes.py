"""Why a study failed is stored as codes, and put into the reader's language when it is shown.

The sentences that were stored until now were in the language of the worker. They go: a study
that failed without a code says that it ended unexpectedly, and can be tried again.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indexer", "0016_scores_by_run_and_city")]

    operations = [
        migrations.RemoveField(model_name="study", name="error"),
        migrations.AddField(
            model_name="study", name="failure", field=models.JSONField(blank=True, default=list)
        ),
    ]
