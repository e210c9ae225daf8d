"""Participation, written so that the database's own marks tell nobody whose ballot was written with it."""

from typing import Any

from django.db import connection
from django.db.models import Case, F, QuerySet, Value, When

from weighting.models import Ballot, Invitation
from weighting.models.ballot import random_order_key
from weighting.services.residue import forget_order_on_commit

NUMBER_BY_CHANCE = "UPDATE weighting_ballot SET rowid = %s WHERE id = %s"


def mark_participation(invitation: Invitation, **changes: Any) -> None:
    """Change one invitation of a round that its caller has locked, and have what tells of it forgotten.

    PostgreSQL marks each row with the transaction and the command that wrote it, and a ballot is written in
    the same transaction or the next. So there one command writes all invitations of the round: at no moment,
    not even where a server is killed, does one bear a mark of its own.
    """
    for name, value in changes.items():
        setattr(invitation, name, value)
    if connection.vendor == "sqlite":
        # It marks no row, and where this one lies is seen to later.
        Invitation.objects.filter(pk=invitation.pk).update(**changes)
    else:
        _written_together(invitation).update(**_changed_alone(invitation, changes))
    forget_order_on_commit()


def _written_together(invitation: Invitation) -> QuerySet[Invitation]:
    return Invitation.objects.filter(round=invitation.round_id)


def _changed_alone(invitation: Invitation, changes: dict[str, Any]) -> dict[str, Case]:
    """Return what leaves every other invitation that is written as it is."""
    fields = {field.name: field for field in Invitation._meta.fields}
    written = {}
    for name, value in changes.items():
        mine = When(pk=invitation.pk, then=Value(value, output_field=fields[name]))
        written[name] = Case(mine, default=F(name), output_field=fields[name])
    return written


def forget_place(ballot: Ballot) -> None:
    """Let the place of a new ballot's row tell nothing of when it was begun.

    SQLite numbers the rows of a table as they come. PostgreSQL's marks do tell; see the stated limits.
    """
    if connection.vendor == "sqlite":
        key = Ballot._meta.pk.get_db_prep_value(ballot.pk, connection)
        with connection.cursor() as cursor:
            cursor.execute(NUMBER_BY_CHANCE, [random_order_key(), key])
