"""Participation, written so that the database's own marks tell nobody whose ballot was written with it."""

from typing import Any

from django.db import connection
from django.db.models import Case, F, Value, When

from weighting.models import Ballot, Invitation
from weighting.models.ballot import random_order_key
from weighting.services.residue import forget_order_on_commit

NUMBER_BY_CHANCE = "UPDATE weighting_ballot SET rowid = %s WHERE id = %s"


def mark_participation(invitation: Invitation, **changes: Any) -> None:
    """Change one invitation of a round that its caller has locked, and write all others anew as they are.

    PostgreSQL marks each row with the transaction that wrote it, and a ballot is written in the same or
    the next one. After this all invitations of the round bear the same mark, and lie in no order of
    their own. Where the database keeps what stood there before, that is emptied.
    """
    fields = {field.name: field for field in Invitation._meta.fields}
    written = {}
    for name, value in changes.items():
        mine = When(pk=invitation.pk, then=Value(value, output_field=fields[name]))
        written[name] = Case(mine, default=F(name), output_field=fields[name])
        setattr(invitation, name, value)
    Invitation.objects.filter(round=invitation.round_id).update(**written)
    forget_order_on_commit()


def forget_place(ballot: Ballot) -> None:
    """Let the place of a new ballot's row tell nothing of when it was begun.

    SQLite numbers the rows of a table as they come. PostgreSQL's marks do tell; see the stated limits.
    """
    if connection.vendor == "sqlite":
        key = Ballot._meta.pk.get_db_prep_value(ballot.pk, connection)
        with connection.cursor() as cursor:
            cursor.execute(NUMBER_BY_CHANCE, [random_order_key(), key])
