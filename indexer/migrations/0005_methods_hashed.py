import hashlib

import rfc8785
from django.db import migrations

CHOICES = (
    "normalisation",
    "negative",
    "missing",
    "aggregation",
    "outliers",
    "skewness_limit",
    "kurtosis_limit",
    "winsorised_most",
    "denominators",
)


def hash_methods(apps, schema_editor):
    for method in apps.get_model("indexer", "IndexMethod").objects.all():
        choices = {name: getattr(method, name) for name in CHOICES}
        canonical = rfc8785.dumps({"schema": "quanheng/method/1", **choices})
        method.sha256 = hashlib.sha256(canonical).hexdigest()
        method.save(update_fields=["sha256"])


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0004_methods_in_depth"),
    ]

    operations = [
        migrations.RunPython(hash_methods, migrations.RunPython.noop),
    ]
