"""All names of a city as searches and sorting compare them."""

from django.db import migrations

import indexer.models.city


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0018_blocks_last"),
    ]

    operations = [
        migrations.AddField(
            model_name="city",
            name="folded_names",
            field=indexer.models.city.FoldedNames(default="", editable=False),
        ),
    ]
