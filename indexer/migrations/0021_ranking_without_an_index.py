"""Rankings without an index of their own: a page sorts the rows of one run, every recompute wrote it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0020_fold_names_that_are_there"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="cityscore", name="city_score_by_rank"),
    ]
