"""The sentences of a round's method report, written from its numbers."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.enums import ExclusionRule, Rule
from weighting.models import Round
from weighting.selectors.round_history import Composition
from weighting.selectors.statistics import RoundStatistics
from weighting.views.statistics_words import SIGNIFICANT, consensus_words


def purpose_of(statistics: RoundStatistics) -> list[str]:
    """Say what the round was for."""
    round_, groups = statistics.round, len(statistics.groups)
    words = {"framework": round_.framework.name, "items": len(statistics.items), "groups": groups}
    asked = ngettext(
        "The round weighs the indicators of “%(framework)s”: %(items)d items in %(groups)d sibling group, "
        "each scored from 1 (very unimportant) to 5 (very important).",
        "The round weighs the indicators of “%(framework)s”: %(items)d items in %(groups)d sibling groups, "
        "each scored from 1 (very unimportant) to 5 (very important).",
        groups,
    )
    blind = _(
        "Every expert scored alone. Until the close nobody, the round's managers included, could read a "
        "score, a mean or a ranking; managers saw only who had started and who had sealed."
    )
    return [
        *filter(None, [asked % words, blind, _entered_sentence(statistics.entered)]),
        _rule_sentence(round_),
    ]


def _entered_sentence(count: int) -> str:
    """Say of whose scores somebody else knew before the close."""
    if not count:
        return ""
    words = ngettext(
        "The exception is %(count)d ballot that came on a form: whoever entered it saw its scores.",
        "The exception is %(count)d ballots that came on forms: whoever entered them saw their scores.",
        count,
    )
    return words % {"count": count}


def terms_of(round_: Round) -> list[tuple[str, str]]:
    """List the rules that were fixed before the first ballot."""
    return [
        (_("Rule"), round_.get_rule_display()),
        (_("Quorum"), str(round_.quorum)),
        (_("Minimum panel k"), str(round_.minimum_panel)),
        (_("Consensus"), consensus_words(round_)),
        (_("Exclusion"), str(ExclusionRule(round_.exclusion).label)),
        (_("Feedback to a following round"), round_.feedback_text),
        (_("Questionnaire hash"), round_.questionnaire_hash),
    ]


def limits_of(statistics: RoundStatistics, composition: Composition) -> list[str]:
    """Say what the figures do not bear."""
    sentences = [
        _response_sentence(composition),
        _agreement_sentence(statistics),
        _exclusion_sentence(statistics),
        _abstention_sentence(statistics),
        _withheld_sentence(statistics),
        _flag_sentence(statistics),
        _sector_sentence(statistics, composition),
        _(
            "Cronbach's alpha is not reported: with many raters it is close to 1 whatever they answer. "
            "Quartiles are interpolated linearly between the ordered scores."
        ),
        _(
            "Whoever could read the database file while the round was open could have read its ballots; the "
            "product does not protect against its own operator."
        ),
    ]
    return [sentence for sentence in sentences if sentence]


def _rule_sentence(round_: Round) -> str:
    if round_.rule == Rule.NORMALISED_SUM:
        return _(
            "The local weight of an item is the sum of its scores divided by the sum of all scores in its "
            "group; every expert scored every item."
        )
    return _(
        "The local weight of an item is its mean score divided by the sum of the mean scores in its group; "
        "an expert could abstain on any item."
    )


def _response_sentence(composition: Composition) -> str:
    share = 100 * composition.sealed / composition.invited if composition.invited else 0
    return _(
        "%(sealed)d of %(invited)d invited experts sealed a ballot (%(share)s %%). What the others think is "
        "unknown."
    ) % {"sealed": composition.sealed, "invited": composition.invited, "share": f"{share:.0f}"}


def _agreement_sentence(statistics: RoundStatistics) -> str:
    w = statistics.whole.concordance
    if w is None:
        return _("Agreement over all items could not be measured.")
    if w.p_value >= SIGNIFICANT:
        return _(
            "The experts' orders of the items agree no more than chance would: the weights rest on the "
            "average of different views."
        )
    return _(
        "A p-value below 0.05 says only that the experts do not answer at random; W says how far they agree."
    )


def _exclusion_sentence(statistics: RoundStatistics) -> str:
    if not statistics.excluded:
        return ""
    said = ngettext(
        "%(count)d sealed ballot is left out of every figure by the exclusion rule.",
        "%(count)d sealed ballots are left out of every figure by the exclusion rule.",
        statistics.excluded,
    )
    return said % {"count": statistics.excluded}


def _abstention_sentence(statistics: RoundStatistics) -> str:
    if not statistics.abstentions:
        return ""
    said = ngettext(
        "There is %(count)d abstention; agreement is measured on the %(experts)d ballots without any.",
        "There are %(count)d abstentions; agreement is measured on the %(experts)d ballots without any.",
        statistics.abstentions,
    )
    return said % {"count": statistics.abstentions, "experts": statistics.whole.experts}


def _withheld_sentence(statistics: RoundStatistics) -> str:
    withheld = sum(not item.is_reported for item in statistics.items)
    if not withheld:
        return ""
    said = ngettext(
        "%(count)d item was answered by fewer than %(least)d experts, so its figures are withheld.",
        "%(count)d items were answered by fewer than %(least)d experts, so their figures are withheld.",
        withheld,
    )
    return said % {"count": withheld, "least": statistics.round.least_panel}


def _flag_sentence(statistics: RoundStatistics) -> str:
    if not statistics.flags:
        return _("No ballot shows a sign of careless answering.")
    said = ngettext(
        "%(count)d ballot shows a sign of careless answering. It counts all the same: a sign proves nothing.",
        "%(count)d ballots show signs of careless answering. They count all the same: a sign proves nothing.",
        len(statistics.flags),
    )
    return said % {"count": len(statistics.flags)}


def _sector_sentence(statistics: RoundStatistics, composition: Composition) -> str:
    if not composition.other_sectors:
        return ""
    said = ngettext(
        "%(count)d ballot belongs to no reported sector: sectors of fewer than %(least)d ballots, and any "
        "that would give them away, are not told apart.",
        "%(count)d ballots belong to no reported sector: sectors of fewer than %(least)d ballots, and any "
        "that would give them away, are not told apart.",
        composition.other_sectors,
    )
    return said % {"count": composition.other_sectors, "least": statistics.round.least_panel}
