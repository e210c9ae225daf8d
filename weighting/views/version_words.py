"""What a comparison of versions says in words."""

import math

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.models import Indicator, WeightVersion
from weighting.selectors.version_comparison import VersionChange, VersionComparison
from weighting.views.numbers import signed

PERCENT = 100
# A float's rounding: 0.1 + 0.2 and 0.3 are the same weight.
SAME = 1e-12
SHOWN_GROUPS = 2


def version_name(version: WeightVersion) -> str:
    """Name a version by number and label."""
    if version.number is None:
        return _("draft, %(label)s") % {"label": version.label}
    return _("version %(number)s, %(label)s") % {"number": version.number, "label": version.label}


def group_name(parent: Indicator | None) -> str:
    """Say between whose children weight moves."""
    if parent is None:
        return _("among the sub-indices")
    return _("inside “%(name)s”") % {"name": parent.name}


def finding(compared: VersionComparison) -> str:
    """Say in a sentence how much weight the versions place differently."""
    furthest = compared.furthest
    if furthest.distance <= SAME:
        return _("The versions weigh every indicator alike")
    words = {"share": percent(furthest.distance), "version": version_name(furthest.version)}
    if len(compared.versions) == 2:
        return _("%(share)s %% of the weight moves between the two versions") % words
    return _("Up to %(share)s %% of the weight moves: most in %(version)s") % words


def change_sentences(compared: VersionComparison, change: VersionChange) -> list[str]:
    """Say what changed since the base, from the numbers alone."""
    base = version_name(compared.base)
    if change.distance <= SAME:
        return [_("Every indicator weighs what it weighed in %(base)s.") % {"base": base}]
    return [
        _("%(share)s %% of the weight moved to other indicators since %(base)s.")
        % {"share": percent(change.distance), "base": base},
        _where(change),
        *_extremes(compared, change),
        _how_many(compared, change),
    ]


def percent(share: float, *, like: float | None = None) -> str:
    """Write a share in percent, with the digits that tell it, or one to write it like, from nothing."""
    return f"{share * PERCENT:.{digits_for(share if like is None else like)}f}"


def digits_for(largest: float) -> int:
    """Return 2 digits of a percentage point, or as many as show the largest share."""
    if largest <= SAME:
        return 2
    return max(2, min(10, 1 - math.floor(math.log10(largest * PERCENT))))


def _where(change: VersionChange) -> str:
    """Name the groups in which most of the distance arises, each with its part."""
    named = [part for part in change.parts if part.distance > SAME]
    first = [
        _("%(share)s %% %(group)s")
        % {"share": percent(part.distance, like=change.distance), "group": group_name(part.parent)}
        for part in named[:SHOWN_GROUPS]
    ]
    rest = sum(part.distance for part in named[SHOWN_GROUPS:])
    words = {"groups": _(", ").join(first), "rest": percent(rest, like=change.distance)}
    if not rest:
        return _("It moved %(groups)s.") % words
    return _("It moved %(groups)s, and %(rest)s %% elsewhere.") % words


def _extremes(compared: VersionComparison, change: VersionChange) -> list[str]:
    leaves = compared.tree.leaves
    moves = change.global_[leaves]
    gained, lost = int(leaves[moves.argmax()]), int(leaves[moves.argmin()])
    return [
        _("“%(name)s” gains most: from %(before)s %% to %(after)s %% of the index.")
        % _from_to(compared, change, gained),
        _("“%(name)s” loses most: from %(before)s %% to %(after)s %% of the index.")
        % _from_to(compared, change, lost),
    ]


def _from_to(compared: VersionComparison, change: VersionChange, node: int) -> dict[str, str]:
    before = compared.global_[node, 0]
    digits = digits_for(abs(float(change.global_[node])))
    return {
        "name": compared.nodes[node].name,
        "before": f"{before * PERCENT:.{digits}f}",
        "after": f"{(before + change.global_[node]) * PERCENT:.{digits}f}",
    }


def _how_many(compared: VersionComparison, change: VersionChange) -> str:
    moves = change.global_[compared.tree.leaves]
    up, down = int((moves > SAME).sum()), int((moves < -SAME).sum())
    rising = ngettext("%(count)s indicator gains", "%(count)s indicators gain", up) % {"count": up}
    falling = ngettext("%(count)s loses", "%(count)s lose", down) % {"count": down}
    kept = len(moves) - up - down
    staying = ngettext("%(count)s keeps its weight", "%(count)s keep their weight", kept) % {"count": kept}
    return _("%(rising)s, %(falling)s, %(staying)s.") % {
        "rising": rising,
        "falling": falling,
        "staying": staying,
    }


def points(change: float, digits: int) -> str:
    """Write a change of a share in percentage points."""
    return signed(change * PERCENT, digits)


def largest_change(compared: VersionComparison) -> float:
    """Return the largest change of any weight, local or global, against the base."""
    return max(
        float(max(np.abs(change.local).max(), np.abs(change.global_).max())) for change in compared.changes
    )
