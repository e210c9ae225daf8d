"""Participation, written so that the database's own marks tell nobody whose ballot was written with it."""

from typing import Any

from django.db.models import Case, F, Value, When

from weighting.models import Invitation
from weighting.services.residue import forget_order_on_commit


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
