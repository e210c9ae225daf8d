"""Participation, written so that the database's own marks tell nobody whose ballot was written with it."""

from typing import Any

from django.db import connection

from weighting.models import Ballot, Invitation
from weighting.models.ballot import random_order_key
from weighting.services.residue import forget_order_on_commit

NUMBER_BY_CHANCE = "UPDATE weighting_ballot SET rowid = %s WHERE id = %s"


def mark_participation(invitation: Invitation, **changes: Any) -> None:
    """Change one invitation of a round that its caller has locked, and have what tells of it forgotten.

    PostgreSQL marks each row with the transaction that wrote it, and a ballot is written in the same or
    the next one. On the pages of both databases what was changed last lies last. So all invitations of
    rounds under way are then written anew, and bear the same mark and lie in the order of their keys.
    """
    for name, value in changes.items():
        setattr(invitation, name, value)
    Invitation.objects.filter(pk=invitation.pk).update(**changes)
    forget_order_on_commit()


def forget_place(ballot: Ballot) -> None:
    """Let the place of a new ballot's row tell nothing of when it was begun.

    SQLite numbers the rows of a table as they come. PostgreSQL's marks do tell; see the stated limits.
    """
    if connection.vendor == "sqlite":
        key = Ballot._meta.pk.get_db_prep_value(ballot.pk, connection)
        with connection.cursor() as cursor:
            cursor.execute(NUMBER_BY_CHANCE, [random_order_key(), key])
