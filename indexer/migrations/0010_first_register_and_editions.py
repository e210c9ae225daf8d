"""What was there before registers and editions: one register of cities, each data set an edition."""

from django.db import migrations


def number_what_is_there(apps, schema_editor):
    """Put every city into the register of the cities of China, every data set into a series."""
    of = {
        name: apps.get_model("indexer", name).objects
        for name in ("Register", "Region", "City", "DataSet", "DataSeries")
    }
    if not of["City"].exists():
        return
    register = of["Register"].create(name_zh="中国城市", name_en="Cities of China")
    of["Region"].update(register=register)
    of["City"].update(register=register)
    for data_set in of["DataSet"].order_by("pk").only("framework_id", "name_zh", "name_en", "year"):
        series, _created = of["DataSeries"].get_or_create(
            framework_id=data_set.framework_id,
            name_zh=data_set.name_zh,
            defaults={"name_en": data_set.name_en, "register": register},
        )
        others = of["DataSet"].filter(series=series)
        newest = others.filter(year=data_set.year).order_by("-edition").values("pk", "edition").first()
        before = (
            newest or others.filter(year__lt=data_set.year).order_by("-year", "-edition").values("pk").first()
        )
        of["DataSet"].filter(pk=data_set.pk).update(
            series=series,
            edition=newest["edition"] + 1 if newest else 1,
            previous=before["pk"] if before else None,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0009_registers_and_editions"),
    ]

    operations = [
        migrations.RunPython(number_what_is_there, migrations.RunPython.noop),
    ]
