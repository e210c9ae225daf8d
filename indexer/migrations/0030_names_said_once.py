"""Leave the name of a unit, place or register in its own language alone, where it was stored in both."""

from django.db import migrations
from django.db.models import F

from indexer.names import language_of

MODELS = ("City", "Province", "Region", "Register")


def say_once(apps, schema_editor):
    for name in MODELS:
        model = apps.get_model("indexer", name)
        things = list(model.objects.filter(name_zh=F("name_en")).exclude(name_zh=""))
        for thing in things:
            other = "name_en" if language_of(thing.name_zh) == "zh" else "name_zh"
            setattr(thing, other, "")
        model.objects.bulk_update(things, ["name_zh", "name_en"], batch_size=500)


def say_twice(apps, schema_editor):
    for name in MODELS:
        model = apps.get_model("indexer", name)
        model.objects.filter(name_zh="").update(name_zh=F("name_en"))
        model.objects.filter(name_en="").update(name_en=F("name_zh"))


class Migration(migrations.Migration):
    dependencies = [("indexer", "0029_one_language_is_enough")]

    operations = [migrations.RunPython(say_once, say_twice)]
