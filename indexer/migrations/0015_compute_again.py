"""Finished runs wait again: their results are stored in another form.

Leaves are no longer stored with each run, so the bytes that a result's checksum covers are others.
The sweeper has the runs computed when the product starts.
"""

from django.db import migrations


def compute_again(apps, schema_editor):
    apps.get_model("indexer", "CityScore").objects.all().delete()
    finished = apps.get_model("indexer", "Run").objects.filter(status="done")
    finished.update(status="queued", node_scores=None, finished_at=None, result_sha256="", attempts=0)


class Migration(migrations.Migration):
    dependencies = [("indexer", "0014_outside_series")]

    operations = [migrations.RunPython(compute_again, compute_again)]
