"""The changes of weights that turn neighbours of a large ranking round are kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0055_cells_of_framework_methods"),
    ]

    operations = [
        migrations.AddField(
            model_name="runfacts",
            name="changes",
            field=models.BinaryField(null=True),
        ),
    ]
