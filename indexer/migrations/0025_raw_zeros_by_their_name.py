"""Call what filled in the raw value 0 by its name; their hashes, and so their results, stay as they are."""

from django.db import migrations


def name_raw_zeros(apps, schema_editor):
    apps.get_model("indexer", "IndexMethod").objects.filter(missing="zero").update(missing="raw_zero")


def name_them_zero(apps, schema_editor):
    apps.get_model("indexer", "IndexMethod").objects.filter(missing="raw_zero").update(missing="zero")


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0024_methods_by_leaf_and_node"),
    ]

    operations = [
        migrations.RunPython(name_raw_zeros, name_them_zero),
    ]
