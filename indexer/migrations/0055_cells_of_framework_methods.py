"""A method that a framework's file states is told from one that somebody chose whole."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A method with these choices of the index, and cells, came from a file: nothing but its cells was said.
OPEN = {
    "method__normalisation": "share",
    "method__negative": "reflect",
    "method__missing": "refuse",
    "method__aggregation": "arithmetic",
    "method__outliers": "keep",
    "method__coverage": 0,
    "method__floor": None,
    "method__digits": None,
    "method__scale": 100,
    "method__denominators": {},
    "method__bounds": {},
}


def keep_cells(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let methods of frameworks that are there already keep the cells that their files stated."""
    kept = apps.get_model("indexer", "FrameworkMethod")
    for default in kept.objects.filter(**OPEN).exclude(method__leaves={}, method__nodes={}):
        default.cells = {"leaves": default.method.leaves, "nodes": default.method.nodes}
        default.save(update_fields=["cells"])


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0054_facts_of_runs"),
    ]

    operations = [
        migrations.AddField(
            model_name="frameworkmethod",
            name="cells",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.RunPython(keep_cells, migrations.RunPython.noop),
    ]
