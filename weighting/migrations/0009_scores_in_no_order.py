"""The numbers of answers no longer tell in which order they were given."""

from django.db import migrations, models

import weighting.models.ballot


class Migration(migrations.Migration):
    dependencies = [("weighting", "0008_claims")]

    operations = [
        migrations.AlterField(
            "score",
            "id",
            models.BigIntegerField(
                default=weighting.models.ballot.random_order_key,
                editable=False,
                primary_key=True,
                serialize=False,
            ),
        ),
    ]
