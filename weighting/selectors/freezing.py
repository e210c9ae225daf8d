"""What a manager should know of a draft before freezing it, though it does not stand in the way."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.exceptions import NotReported
from weighting.models import Round, WeightVersion
from weighting.selectors.pooling import rounds_behind
from weighting.selectors.statistics import round_statistics
from weighting.selectors.versions import weighted_nodes_of


def freezing_notes(version: WeightVersion) -> list[str]:
    """List unscored groups, and ballots with signs of careless answering, which count all the same."""
    rounds = rounds_behind(version)
    if not rounds:
        return []
    unscored = {
        node.indicator.parent.name
        for node in weighted_nodes_of(version)
        if not node.asked and node.indicator.parent
    }
    notes = [
        _("Nobody was asked about “%(name)s”: it is split equally.") % {"name": name}
        for name in sorted(unscored)
    ]
    flagged = sum(_flagged(round_) for round_ in rounds)
    if flagged:
        notes.append(
            ngettext(
                "%(count)d ballot shows signs of careless answering. It counts, as the round's rule says; "
                "look at the statistics of the round.",
                "%(count)d ballots show signs of careless answering. They count, as the round's rule says; "
                "look at the statistics of the round.",
                flagged,
            )
            % {"count": flagged}
        )
    return notes


def _flagged(round_: Round) -> int:
    try:
        return len(round_statistics(round_).flags)
    except NotReported:
        return 0
