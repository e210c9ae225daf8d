"""Leave room on PostgreSQL's pages for invitations that are written anew.

Whenever one of a round changes all are written anew. Where the new row finds room on the page of the old one,
the indexes need not learn of it: three hundred rows with seven indexes each were what claims and seals waited for.
"""

from django.db import migrations

SET, RESET = "SET (fillfactor = 40)", "RESET (fillfactor)"


def _alter(schema_editor, clause):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE weighting_invitation {clause}")


def leave_room(apps, schema_editor):
    _alter(schema_editor, SET)


def leave_none(apps, schema_editor):
    _alter(schema_editor, RESET)


class Migration(migrations.Migration):
    dependencies = [("weighting", "0023_former_codes_of_copies")]

    operations = [migrations.RunPython(leave_room, leave_none)]
