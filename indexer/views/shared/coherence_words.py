"""What the audit of a group found, in sentences: what it means, and what a careful person might do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.numeric.coherence.correlations import FLAGS
from indexer.numeric.coherence.indicators import FEW, MANY
from indexer.numeric.method.treatment import OutlierRule, Shape
from indexer.selectors.coherence import GroupView, MemberView
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.views.numbers import signed

PERCENT = 100
NAMED = 3
# A weight that is more than half as much again as its importance, or less than two thirds of it.
FAR, SAME_SIDE, TINY = 1.5, 1.1, 1e-12
# Half a percentage point between weight and importance is no gap.
NO_GAP = 0.005
# What is usually asked of a scale, and where its members say the same.
LOW_ALPHA, HIGH_ALPHA = 0.7, 0.95
# Alpha without a member that is higher by so much is worth a sentence.
HIGHER = 0.02
LIMITS = OutlierRule()


@dataclass(frozen=True)
class Finding:
    """What was found, and what it means with what might be done; ``grave`` ones come first."""

    text: str
    advice: str
    is_grave: bool = False


def findings_of(view: GroupView) -> list[Finding]:
    """Return what is remarkable about a group, the grave first."""
    found = [*findings_on_importance(view), *findings_on_members(view), *findings_on_values(view)]
    return sorted(found, key=lambda finding: not finding.is_grave)


def findings_on_members(view: MemberView) -> list[Finding]:
    """Return what is remarkable about how the members of a group go together."""
    return [*_of_pairs(view), *_of_elsewhere(view), *_of_alpha(view), *_of_components(view)]


def whole_name(view: MemberView) -> str:
    """Return what stands above the group."""
    return view.parent.name if view.parent else _("Composite score")


def widest_gap(view: GroupView) -> str:
    """Say of the member whose weight and importance lie furthest apart how far they do."""
    at = _furthest(view.shares, view.weights)
    if at is None:
        return _("%(name)s has nothing to hold beside its weight") % {"name": whole_name(view)}
    words = _weight_words(view, at)
    if abs(view.shares[at] - view.weights[at]) < NO_GAP:
        return _("%(whole)s: the members are as important as they weigh") % words
    return _("%(name)s has %(weight)s of the weight and %(importance)s of the importance") % words


def headline(view: GroupView) -> str:
    """Say the same of the variance, where that is shared out among the members."""
    at = _furthest(view.variance, view.weights)
    if at is None or abs(view.variance[at] - view.weights[at]) < NO_GAP:
        return widest_gap(view)
    words = _weight_words(view, at)
    return _("%(name)s has %(weight)s of the weight and %(variance)s of the variance") % words


def _furthest(shares: FloatArray, weights: FloatArray) -> int | None:
    if len(shares) < 2 or np.isnan(shares).all():
        return None
    return int(np.nanargmax(np.abs(shares - weights)))


def _weight_words(view: GroupView, at: int) -> dict[str, str]:
    return {
        "name": view.members[at].name,
        "whole": whole_name(view),
        "weight": percent(view.weights[at]),
        "importance": percent(view.shares[at]),
        "variance": percent(view.variance[at]),
    }


def percent(share: float, digits: int = 1) -> str:
    """Write a part of one in percent; – where there is none."""
    return "–" if np.isnan(share) else f"{signed(float(share) * PERCENT, digits, plus=False)} %"


def is_far(view: GroupView, at: int) -> bool:
    """Whether a member accounts for far more or far less than it weighs.

    By its importance or by its part of the variance, and by the other one on the same side: where all
    members move together their importance is the same, and says nothing of their weights.
    """
    told = np.array([view.shares[at], view.variance[at]])
    told, weight = told[~np.isnan(told)], view.weights[at]
    if not len(told) or not weight > 0:
        return False
    return _all_beyond(told / weight) or _all_beyond(weight / np.maximum(told, TINY))


def _all_beyond(ratios: FloatArray) -> bool:
    return bool(ratios.max() > FAR and ratios.min() > SAME_SIDE)


def findings_on_importance(view: GroupView) -> Iterator[Finding]:
    """Say of the members that decide far more or less than they weigh how far they do."""
    told = view.shares if np.isnan(view.variance).any() else view.variance
    far = [at for at in range(len(view.members)) if is_far(view, at)]
    for at in sorted(far, key=lambda at: -abs(told[at] - view.weights[at]))[:NAMED]:
        words = _weight_words(view, at)
        if np.isnan(view.variance[at]):
            text = _("“%(name)s” has %(weight)s of the weight and %(importance)s of the importance.") % words
        else:
            text = (
                _(
                    "“%(name)s” has %(weight)s of the weight, %(importance)s of the importance and"
                    " %(variance)s of the variance of “%(whole)s”."
                )
                % words
            )
        less = _(
            "It decides less than its weight promises, because it varies little or goes its own way."
            " If it is meant to count for what it weighs, give it more weight, or look at how it is"
            " normalised."
        )
        more = _(
            "It decides more than its weight says, because it varies much or moves with the others."
            " If that is not meant, give it less weight, or look at how it is normalised."
        )
        yield Finding(text, less if told[at] < view.weights[at] else more, is_grave=True)


def _of_pairs(view: MemberView) -> Iterator[Finding]:
    said = {
        "bad": (
            lambda count: ngettext(
                "%(count)d pair contradicts itself: %(pairs)s.",
                "%(count)d pairs contradict each other, most of all %(pairs)s.",
                count,
            ),
            _(
                "What raises one lowers the other, and their mean hides both. Check the directions first;"
                " then consider separate groups, or an aggregation in which one cannot make up for the"
                " other."
            ),
        ),
        "redundant": (
            lambda count: ngettext(
                "%(count)d pair says nearly the same: %(pairs)s.",
                "%(count)d pairs say nearly the same, most of all %(pairs)s.",
                count,
            ),
            _(
                "They count one thing twice. Where all follow the size of a unit, divide them by population"
                " or output; otherwise keep one of them, or halve their weights."
            ),
        ),
        "weak": (
            lambda count: ngettext(
                "%(count)d pair is hardly related: %(pairs)s.",
                "%(count)d pairs are hardly related, least of all %(pairs)s.",
                count,
            ),
            _(
                "One of the two may belong to another group, or show another side of this one. It may stay"
                " for what it means; then say so, and do not read the score as one property."
            ),
        ),
    }
    for flag, (sentence, advice) in said.items():
        pairs = _flagged_pairs(view, flag)
        if pairs:
            count = len(pairs)
            text = sentence(count) % {"count": count, "pairs": _pair_words(view, pairs)}
            yield Finding(text, advice, is_grave=flag == "bad")


def _flagged_pairs(view: MemberView, flag: str) -> list[tuple[int, int]]:
    """Return the pairs of members with a flag, the furthest beyond its limit first."""
    members = view.group.members
    flags = view.coherence.scored.flags[np.ix_(members, members)]
    pairs = np.argwhere(np.triu(flags == FLAGS.index(flag), 1))
    strength = view.pearson[pairs[:, 0], pairs[:, 1]]
    order = np.argsort(-strength if flag == "redundant" else strength, kind="stable")
    return [(int(a), int(b)) for a, b in pairs[order]]


def _pair_words(view: MemberView, pairs: Sequence[tuple[int, int]]) -> str:
    return _("; ").join(
        _("“%(a)s” and “%(b)s” (r = %(r)s)")
        % {
            "a": view.members[a].name,
            "b": view.members[b].name,
            "r": signed(view.pearson[a, b], 2, plus=False),
        }
        for a, b in pairs[:NAMED]
    )


def _of_elsewhere(view: MemberView) -> Iterator[Finding]:
    if view.parent is None:
        return
    scored, nodes = view.coherence.scored, view.coherence.nodes
    own = view.pearson[:-1, -1]
    for at, node in enumerate(view.group.members.tolist()):
        others = np.flatnonzero(scored.flags[node] == FLAGS.index("elsewhere"))
        others = others[(scored.tree.depth[others] < scored.tree.depth[node])]
        if not len(others):
            continue
        best = int(others[scored.pearson[node, others].argmax()])
        words = {
            "name": nodes[node].name,
            "other": nodes[best].name,
            "r": signed(scored.pearson[node, best], 2, plus=False),
            "own": signed(own[at], 2, plus=False),
        }
        yield Finding(
            _("“%(name)s” goes with “%(other)s” (r = %(r)s) more than with its own group (r = %(own)s).")
            % words,
            _(
                "It may stand in the wrong group. Ask what it measures before moving it: correlation is not"
                " meaning."
            ),
        )


def _of_alpha(view: MemberView) -> Iterator[Finding]:
    found = view.group.consistency
    if np.isnan(found.alpha):
        return
    words = {"alpha": signed(found.alpha, 2, plus=False)}
    if found.alpha < LOW_ALPHA:
        yield Finding(
            _("Cronbach's alpha is %(alpha)s: the members have little in common.") % words,
            _(
                "A group may hold different things on purpose; then its score is a sum, and no property of a"
                " unit. Otherwise look at the weak correlations first."
            ),
            is_grave=True,
        )
    elif found.alpha > HIGH_ALPHA:
        yield Finding(
            _("Cronbach's alpha is %(alpha)s: the members say nearly the same.") % words,
            _("Their weights hardly matter, and fewer of them would do. Keep those that are measured best."),
        )
    else:
        yield Finding(
            _("Cronbach's alpha is %(alpha)s: the members go together as a score of them assumes.") % words,
            _(
                "0.7 is usually asked for. It rises with the number of members, so that it proves little of"
                " many."
            ),
        )
    if np.isnan(found.without).all():
        return
    at = int(np.nanargmax(found.without))
    if found.without[at] > found.alpha + HIGHER:
        words |= {"name": view.members[at].name, "without": signed(found.without[at], 2, plus=False)}
        yield Finding(
            _("Without “%(name)s” alpha would rise from %(alpha)s to %(without)s.") % words,
            _("It fits the others least. Check its direction and its unit before its place in the group."),
        )


def _of_components(view: MemberView) -> Iterator[Finding]:
    found = view.group.components
    if len(view.members) < 2 or np.isnan(found.first_share):
        return
    words = {"count": found.kept, "share": percent(found.first_share, 0)}
    if found.kept > 1:
        yield Finding(
            _("%(count)s components have an eigenvalue above 1; the first explains %(share)s.") % words,
            _(
                "The group measures more than one thing. The loadings below show along which line it could"
                " be split."
            ),
        )
    else:
        yield Finding(
            _("One component explains %(share)s of what the members show.") % words,
            _("They measure one thing, as far as correlations can tell.")
            if found.first_share > 2 / 3
            else _("No second one stands out, and much is left to each member alone."),
        )
    against = [view.members[at] for at in np.flatnonzero(found.loadings[:, 0] < 0)]
    if against:
        yield Finding(
            _("Against the first component: %(names)s.") % {"names": names_in_words(against)},
            _("Check the direction: perhaps less of it is better, or the other way round."),
            is_grave=True,
        )


def findings_on_values(view: MemberView) -> Iterator[Finding]:
    """Judge the raw values of the members that have any."""
    scored, units = view.coherence.scored, view.coherence.units
    leaves = {int(node): position for position, node in enumerate(scored.tree.leaves)}
    chosen = np.array(
        [leaves[node] for node in view.group.members.tolist() if node in leaves], dtype=np.int64
    )
    if not len(chosen):
        return
    facts = scored.indicators
    if names := _leaf_names(view, chosen[facts.available[chosen] < FEW]):
        yield Finding(
            _("Fewer than %(part)s of the %(units)s have a value of %(names)s.")
            % {"part": percent(FEW, 0), "units": units, "names": names},
            _("What is filled in then decides as much as what was measured. Look for a fuller source."),
            is_grave=True,
        )
    if names := _leaf_names(view, chosen[np.nan_to_num(facts.repeats[chosen]) > MANY]):
        yield Finding(
            _("More than half of the %(units)s have the same value of %(names)s.")
            % {"units": units, "names": names},
            _("It tells few of them apart, whatever it weighs."),
        )
    skewed = [is_skewed(facts.shapes[leaf]) for leaf in chosen]
    if names := _leaf_names(view, chosen[np.array(skewed)]):
        yield Finding(
            _("A few %(units)s lie far out on %(names)s.") % {"units": units, "names": names},
            _(
                "Skewness beyond 2 and kurtosis beyond 3.5: these few decide the correlations, too. Look at"
                " the distribution, and consider logarithms or winsorising in the method."
            ),
        )


def is_skewed(shape: Shape) -> bool:
    """Whether a few values lie so far out that they decide what the others say."""
    return abs(shape.skewness) > LIMITS.skewness and shape.kurtosis > LIMITS.kurtosis


def _leaf_names(view: MemberView, leaves: IntArray) -> str:
    nodes = view.coherence.scored.tree.leaves[leaves]
    return names_in_words([view.coherence.nodes[node] for node in nodes.tolist()])


def names_in_words(nodes: Sequence[Indicator]) -> str:
    """Name the first few, and count the others."""
    named = _(", ").join(f"“{node.name}”" for node in nodes[:NAMED])
    more = len(nodes) - NAMED
    if more <= 0:
        return named
    words = {"names": named, "count": more}
    return ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", more) % words
