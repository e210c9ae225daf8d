"""What the statistics of a round say in sentences and single figures."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.enums import ConsensusMeasure
from weighting.models import Round
from weighting.numeric.agreement import IntraclassCorrelation
from weighting.selectors.statistics import Agreement, GroupFigures, RoundStatistics
from weighting.views.numbers import signed

SIGNIFICANT = 0.05
NONE = "–"


def finding(statistics: RoundStatistics) -> str:
    """Say in one sentence how far the panel agrees."""
    agreement = statistics.whole
    if agreement.concordance is None:
        return _("Too few ballots tell the items apart to measure agreement")
    w = f"{agreement.concordance.w:.2f}"
    if agreement.concordance.p_value >= SIGNIFICANT:
        return _("The panel agrees no more than chance would: W = %(w)s") % {"w": w}
    return _strength(agreement.concordance.w) % {"w": w}


def _strength(w: float) -> str:
    """Round W to the nearest word of R. C. Schmidt, Decision Sciences 28 (1997), table 2.

    .1 very weak, .3 weak, .5 moderate, .7 strong, .9 unusually strong.
    """
    if w < 0.2:
        return _("The panel agrees very weakly: W = %(w)s")
    if w < 0.4:
        return _("The panel agrees weakly: W = %(w)s")
    if w < 0.6:
        return _("The panel agrees moderately: W = %(w)s")
    if w < 0.8:
        return _("The panel agrees strongly: W = %(w)s")
    return _("The panel agrees unusually strongly: W = %(w)s")


def panel_words(counted: int, entered: int) -> str:
    """Say how many ballots count, and how many of them a manager entered, where any."""
    if not entered:
        return ngettext("%(counted)d ballot counted", "%(counted)d ballots counted", counted) % {
            "counted": counted
        }
    return _("%(counted)d ballots counted, %(entered)d of them entered by a manager") % {
        "counted": counted,
        "entered": entered,
    }


def group_finding(group: GroupFigures) -> str:
    """Say how many items of a group reach consensus, and which one divides the panel most."""
    count, reached = len(group.items), group.consensus_count
    said = ngettext(
        "Consensus on %(reached)d of %(count)d item", "Consensus on %(reached)d of %(count)d items", count
    )
    text = said % {"reached": reached, "count": count}
    divided = [item for item in group.items if item.iqr is not None and item.consensus is False]
    if not divided:
        return text
    widest = max(divided, key=lambda item: (item.iqr or 0, item.cv or 0))
    return _("%(consensus)s; “%(name)s” divides the panel most") % {
        "consensus": text,
        "name": widest.indicator.name,
    }


def p_text(p: float) -> str:
    """Write a p-value; what is below a thousandth is not told apart."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def consensus_words(round_: Round) -> str:
    """Say the rule of consensus that was set before the opening."""
    threshold = round_.consensus_threshold
    if round_.consensus_measure == ConsensusMeasure.IQR:
        return _("interquartile range at most %(threshold)s") % {"threshold": f"{threshold:g}"}
    return _("at least %(share)s %% of the scores are 4 or 5, or are 1 or 2") % {
        "share": f"{100 * threshold:g}"
    }


def key_figures(statistics: RoundStatistics) -> list[dict[str, str]]:
    """Return the figures at the head of the page: W and ICC(2,1) first."""
    whole = statistics.whole
    w, icc = whole.concordance, whole.icc
    return [
        {
            "label": _("Kendall's W"),
            "value": f"{w.w:.3f}" if w else NONE,
            "note": _("p %(p)s, %(experts)d ballots")
            % {"p": _equals(p_text(w.p_value)), "experts": whole.experts}
            if w
            else "",
        },
        {
            "label": _("ICC(2,1), one expert"),
            "value": signed(icc.single, 3, plus=False) if icc else NONE,
            "note": _icc_note(icc) if icc else "",
        },
        {
            "label": _("Items with consensus"),
            "value": str(statistics.consensus_count),
            "note": _("of %(count)d: %(rule)s")
            % {"count": len(statistics.items), "rule": consensus_words(statistics.round)},
        },
        {
            "label": _("Ballots counted"),
            "value": str(statistics.counted),
            "note": _counted_note(statistics),
        },
    ]


def agreement_cells(agreement: Agreement) -> dict[str, Any]:
    """Return one line of the table of agreement, as text."""
    w, icc = agreement.concordance, agreement.icc
    return {
        "items": agreement.items,
        "experts": agreement.experts,
        "w": f"{w.w:.3f}" if w else NONE,
        "chi2": f"{w.chi2:.1f}" if w else NONE,
        "degrees": w.degrees if w else NONE,
        "p": p_text(w.p_value) if w else NONE,
        "single": icc_text(icc.single, icc.single_is_interpretable) if icc else NONE,
        "average": icc_text(icc.average, icc.average_is_interpretable) if icc else NONE,
    }


def icc_text(value: float, is_interpretable: bool) -> str:
    """Write an intraclass correlation, and say so where it means nothing."""
    if is_interpretable:
        return signed(value, 3, plus=False)
    return _("%(value)s (not interpretable)") % {"value": signed(value, 3, plus=False)}


def _counted_note(statistics: RoundStatistics) -> str:
    numbers = {
        "sealed": statistics.sealed,
        "invited": statistics.round.invited_count or 0,
        "entered": statistics.entered,
    }
    if statistics.entered:
        return _("of %(sealed)d sealed, %(invited)d invited; a manager entered %(entered)d") % numbers
    return _("of %(sealed)d sealed, %(invited)d invited") % numbers


def _icc_note(icc: IntraclassCorrelation) -> str:
    note = _("ICC(2,k), the panel's mean: %(average)s") % {
        "average": icc_text(icc.average, icc.average_is_interpretable)
    }
    if icc.single_is_interpretable:
        return note
    return _("%(note)s; that of one expert is not interpretable") % {"note": note}


def _equals(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"
