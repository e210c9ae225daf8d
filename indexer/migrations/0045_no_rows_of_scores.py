"""The rows of scores go, once their blocks stand."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("indexer", "0044_scores_in_blocks")]

    operations = [migrations.DeleteModel(name="CityScore")]
