"""Rounds that nobody was asked in yet are given the least k that there is now.

Those that are open or over keep the number that their panel was told; they show nothing below the least k.
"""

from django.db import migrations

LEAST_PANEL = 4
BEFORE_THE_OPENING = ("draft", "ready")


def raise_drafts(apps, schema_editor):
    rounds = apps.get_model("weighting", "Round").objects.using(schema_editor.connection.alias)
    drafts = rounds.filter(state__in=BEFORE_THE_OPENING, minimum_panel__lt=LEAST_PANEL)
    drafts.update(minimum_panel=LEAST_PANEL)


class Migration(migrations.Migration):
    dependencies = [("weighting", "0010_join_links")]

    operations = [migrations.RunPython(raise_drafts, migrations.RunPython.noop, elidable=True)]
