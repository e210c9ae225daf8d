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
from weighting.models import Ballot, Expert, Invitation, Panel, Round
from weighting.selectors.statements import Given, Statement


def own_sectors_of(panel: Panel) -> list[str]:
    """Return the panel's own sectors, by the codes of its experts."""
    own = panel.experts.exclude(sector__in=Sector.values).order_by("code")
    return list(dict.fromkeys(own.values_list("sector", flat=True)))


def masked_sector_for(invitation: Invitation, ballot_id: UUID, *, round_: Round) -> int:
    """Return what a new ballot bears: its expert's sector if enough of it are invited, masked.

    A word that came to the panel after the round opened is not told apart in it.
    """
    numbered, sector = _numbered(round_), invitation.expert.sector
    invited = INVITED.first(round=round_.pk, sector=sector)
    is_told = sector in numbered and invited is not None and invited[0] >= round_.least_panel
    return (numbered.index(sector if is_told else "") + _mask(ballot_id)) % len(numbered)


def sector_of(ballot: Ballot, round_: Round) -> str:
    """Return the sector that a ballot bears; empty where it is not told apart."""
    numbered = _numbered(round_)
    return numbered[(ballot.masked_sector - _mask(ballot.pk)) % len(numbered)]


def _numbered(round_: Round) -> tuple[str, ...]:
    """Not told apart, then the sectors, whose number is fixed while the round is open."""
    return ("", *round_.sectors)


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
