"""What single nodes were said to do is kept beside what somebody chose of the index as a whole."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def tell_whole(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Methods that kept no cells were chosen whole; what they do otherwise is all that is known to be said."""
    kept = apps.get_model("indexer", "FrameworkMethod")
    for default in kept.objects.filter(cells={}).select_related("method"):
        default.cells = {"leaves": default.method.leaves, "nodes": default.method.nodes}
        default.is_whole = True
        default.save(update_fields=["cells", "is_whole"])


def forget_whole(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Methods that were chosen whole had no cells."""
    apps.get_model("indexer", "FrameworkMethod").objects.filter(is_whole=True).update(cells={})


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0058_states_of_runs_by_data_set"),
    ]

    operations = [
        migrations.AddField(
            model_name="frameworkmethod",
            name="is_whole",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(tell_whole, forget_whole),
    ]
