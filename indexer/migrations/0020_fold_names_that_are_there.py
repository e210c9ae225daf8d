"""Fold the names of the cities that are there."""

from django.db import migrations


def fold_names(apps, schema_editor):
    model = apps.get_model("indexer", "City")
    cities = list(model.objects.all())
    for city in cities:
        model._meta.get_field("folded_names").pre_save(city, add=False)
    model.objects.bulk_update(cities, ["folded_names"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0019_folded_names"),
    ]

    operations = [
        migrations.RunPython(fold_names, migrations.RunPython.noop),
    ]
