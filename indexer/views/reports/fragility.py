"""What a report says of how little it takes to turn neighbours round, from the numbers."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.models import Run
from indexer.selectors.fragility import Fragility, NotLinear, fragility_of
from indexer.views.run.fragility import SMALL, fragile_rows

ROWS = 10


def report_fragility(run: Run) -> Fragility | None:
    """Return the critical weights of a run; None where none are exact, or of one unit."""
    try:
        fragility = fragility_of(run)
    except NotLinear:
        return None
    return fragility if fragility.count else None


def fragile_figure(fragility: Fragility | None) -> dict[str, Any] | None:
    """Return the neighbours that change places most easily, as a table; None where no weight alone can."""
    rows = fragile_rows(fragility, ROWS) if fragility else []
    return {"title": _("The neighbours that change places most easily"), "rows": rows} if rows else None


def fragile_sentences(fragility: Fragility | None) -> list[str]:
    """Say how many neighbours a percentage point turns round, and who changes places most easily."""
    if fragility is None:
        return []
    weakest = fragile_rows(fragility, 1)
    if not weakest and fragility.unsolved:
        return []
    if not weakest:
        return [_("No single weight turns any two neighbours round, whatever it is.")]
    return [_within(fragility), _weakest(weakest[0])]


def _within(fragility: Fragility) -> str:
    within = fragility.within(SMALL)
    words = {"within": within, "count": fragility.count}
    if not within:
        return (
            ngettext(
                "The one pair of neighbours does not change places when one weight moves by a "
                "percentage point.",
                "None of %(count)s pairs of neighbours changes places when one weight moves by a "
                "percentage point.",
                fragility.count,
            )
            % words
        )
    if fragility.count == 1:
        return _("The one pair of neighbours changes places when one weight moves by a percentage point.")
    return (
        ngettext(
            "%(within)s of %(count)s pairs of neighbours changes places when one weight moves by a "
            "percentage point.",
            "%(within)s of %(count)s pairs of neighbours change places when one weight moves by a "
            "percentage point.",
            within,
        )
        % words
    )


def _weakest(row: dict[str, Any]) -> str:
    words = {"upper": row["upper"].name, "lower": row["lower"].name, "rank": row["rank"]}
    if row["is_tied"]:
        return _("%(upper)s and %(lower)s share rank %(rank)s already.") % words
    words |= {"name": row["node"].name, "before": row["weights"][0], "after": row["weights"][1]}
    return (
        _(
            "Most easily %(upper)s, rank %(rank)s, falls behind %(lower)s: when the weight of “%(name)s” "
            "in its group goes from %(before)s %% beyond %(after)s %%."
        )
        % words
    )
