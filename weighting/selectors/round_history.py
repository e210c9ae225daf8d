"""How a closed round came about: its dates, its panel and the weights it gave."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils.dateparse import parse_datetime

from weighting.enums import Sector
from weighting.models import Account, AuditEntry, Round, WeightVersion
from weighting.selectors.rounds import counted_ballots_of
from weighting.selectors.versions import versions_visible_to

DATED_ACTS = ["open", "extend", "close", "aggregate"]


@dataclass(frozen=True)
class DatedAct:
    """An act of the log; ``deadline`` is the new one where the act moved it."""

    act: str
    at: datetime
    deadline: datetime | None


@dataclass(frozen=True)
class Composition:
    """The panel in counts: sectors only above k, as the ballots carry them."""

    invited: int
    started: int
    sealed: int
    declared: int
    disputed: int
    sectors: list[tuple[str, int]]
    other_sectors: int


def dated_acts_of(round_: Round) -> list[DatedAct]:
    """Return the acts that set the round's dates, from the log, oldest first."""
    entries = AuditEntry.objects.filter(
        subject_type="round", subject_id=str(round_.pk), act__in=DATED_ACTS
    ).order_by("pk")
    return [
        DatedAct(entry.act, entry.at, parse_datetime(entry.detail.get("after") or "")) for entry in entries
    ]


def composition_of(round_: Round) -> Composition:
    """Count the panel of a closed round."""
    panel = round_.invitations.filter(removed=False)
    people = panel.aggregate(
        invited=Count("pk"),
        started=Count("pk", filter=Q(started=True)),
        declared=Count("pk", filter=~Q(conflict="")),
        disputed=Count("pk", filter=Q(disputed=True)),
    )
    ballots = counted_ballots_of(round_)
    sizes = Counter(ballot.sector for ballot in ballots)
    return Composition(
        invited=round_.invited_count or people["invited"],
        started=people["started"],
        sealed=round_.sealed_count or 0,
        declared=people["declared"],
        disputed=people["disputed"],
        sectors=[(Sector.name_of(sector), sizes[sector]) for sector in round_.sectors if sizes[sector]],
        other_sectors=sizes[""],
    )


def version_of(round_: Round, account: Account | None) -> WeightVersion | None:
    """Return the version that the round became, if the account may see it."""
    return versions_visible_to(account).filter(round=round_).first()
