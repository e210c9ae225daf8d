"""The sector of a ballot while its round is open: wanted at the close, and not to be read before.

Where one expert of a sector has sealed, a sector written on the ballots would name whose it is. So it is
written as a number that means something only together with the server's secret key.
"""

import hashlib
import hmac
from uuid import UUID

from django.conf import settings
from django.db.models import Count, QuerySet

from weighting.enums import Sector
from weighting.models import Ballot, Expert, Invitation, Round
from weighting.selectors.statements import Given, Statement

# Not told apart, then the sectors.
SECTORS = ("", *Sector.values)


def masked_sector_for(invitation: Invitation, ballot_id: UUID, *, least: int) -> int:
    """Return what a new ballot bears: its expert's sector if enough of it are invited, masked."""
    sector = invitation.expert.sector
    invited = INVITED.first(round=invitation.round_id, sector=sector)
    is_told = invited is not None and invited[0] >= least
    return (SECTORS.index(sector if is_told else "") + _mask(ballot_id)) % len(SECTORS)


def sector_of(ballot: Ballot) -> str:
    """Return the sector that a ballot bears; empty where it is not told apart."""
    return SECTORS[(ballot.masked_sector - _mask(ballot.pk)) % len(SECTORS)]


def _mask(ballot_id: UUID) -> int:
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"sector {ballot_id}".encode(), hashlib.sha256)
    return int.from_bytes(digest)


def _invited() -> QuerySet[Invitation, tuple[int]]:
    """How many of a sector are invited; no row where nobody is."""
    own = Invitation.objects.filter(
        round=Given("round", Round._meta.pk),
        expert__sector=Given("sector", Expert._meta.get_field("sector")),
        removed=False,
    )
    return own.order_by().values("round").annotate(count=Count("pk")).values_list("count")


INVITED = Statement(_invited)
