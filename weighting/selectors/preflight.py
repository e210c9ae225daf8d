"""What is checked before a round may open, each check with its problems and their remedies."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from weighting.enums import ConsensusMeasure, Feedback, Language, RoundState
from weighting.models import Expert, Indicator, Invitation, Round
from weighting.models.scoring_round import LEAST_PANEL
from weighting.moments import distance_problem, is_time_zone
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.rounds import items_of, managers_on_panel, namesakes_on_panel

WIDEST_IQR = 4.0
NAMES = {Language.CHINESE: "name_zh", Language.ENGLISH: "name_en"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; without problems it stands in nobody's way, whatever it warns of."""

    label: Promise
    problems: list[str]
    warnings: list[str] = field(default_factory=list)


def preflight_of(round_: Round) -> list[Check]:
    """Return every check, passed or not, in the order of the form."""
    return [Check(label, find(round_), WARNINGS.get(find, _nothing)(round_)) for label, find in CHECKS]


def opening_blockers(round_: Round) -> list[str]:
    """List everything that keeps the round from opening, each with its remedy."""
    return [problem for _label, find in CHECKS for problem in find(round_)]


def _items(round_: Round) -> list[str]:
    asked = set(round_.items.order_by().values_list("indicator", flat=True))
    if not asked:
        return [_("No indicators are chosen: choose at least one group to score.")]
    groups: dict[Indicator | None, list[bool]] = {}
    for node in indicators_of(round_.framework_id):
        groups.setdefault(node.parent, []).append(node.pk in asked)
    return [
        _("The group under “%(name)s” is asked in part: ask all of it.")
        % {"name": parent.name if parent else _("the whole index")}
        for parent, flags in groups.items()
        if any(flags) and not all(flags)
    ]


def _languages(round_: Round) -> list[str]:
    if not round_.languages:
        return [_("No language is chosen: choose at least one.")]
    items = items_of(round_)
    parents = {item.parent.pk: item.parent for item in items if item.parent}
    shown = {item.pk: item for item in items} | parents
    problems = []
    for language in Language:
        nameless = [node.code for node in shown.values() if not getattr(node, NAMES[language])]
        # Where no name is in a language, all are shown in the other; a ballot of both was not meant.
        if language in round_.languages and 0 < len(nameless) < len(shown):
            problems.append(_nameless(language, nameless))
    return problems


def _nameless(language: Language, codes: list[str]) -> str:
    message = ngettext(
        "%(count)d indicator has no name in %(language)s (%(codes)s): leave the language out, or import a "
        "framework with the name.",
        "%(count)d indicators have no name in %(language)s (%(codes)s): leave the language out, or import a "
        "framework with the names.",
        len(codes),
    )
    shown = _(", ").join(codes[:5]) + ("…" if len(codes) > 5 else "")
    return message % {"count": len(codes), "language": language.label, "codes": shown}


def too_small_panel(size: int, least: int) -> str:
    """Say so of a panel that is smaller than any minimum could be made; '' of any other."""
    if size >= LEAST_PANEL:
        return ""
    message = ngettext(
        "The panel has %(size)d expert, fewer than the minimum of %(least)d: choose another panel.",
        "The panel has %(size)d experts, fewer than the minimum of %(least)d: choose another panel.",
        size,
    )
    return message % {"size": size, "least": least}


def _panel(round_: Round) -> list[str]:
    problems = []
    size = Expert.objects.filter(panel=round_.panel).count()
    if LEAST_PANEL <= size < round_.least_panel:
        problems.append(
            _(
                "The panel has %(size)d experts, fewer than the minimum of %(least)d: lower the minimum, or "
                "choose another panel."
            )
            % {"size": size, "least": round_.least_panel}
        )
    elif size < LEAST_PANEL:
        problems.append(too_small_panel(size, round_.least_panel))
    if size < round_.quorum:
        problems.append(
            ngettext(
                "The panel has %(size)d expert, fewer than the quorum of %(quorum)d: lower the quorum.",
                "The panel has %(size)d experts, fewer than the quorum of %(quorum)d: lower the quorum.",
                size,
            )
            % {"size": size, "quorum": round_.quorum}
        )
    return problems


def _panel_without_reserve(round_: Round) -> list[str]:
    """Say that whoever stays away keeps the round from being aggregated."""
    size = Expert.objects.filter(panel=round_.panel).count()
    if size != max(round_.quorum, round_.least_panel):
        return []
    said = {"size": size, "quorum": round_.quorum, "least": round_.least_panel}
    if size == LEAST_PANEL:
        words = _(
            "One expert who stays away keeps the round from being aggregated: all %(size)d of the panel must "
            "seal. Choose a larger panel if one may stay away."
        )
    else:
        words = _(
            "One expert who stays away keeps the round from being aggregated: the panel has %(size)d "
            "experts, the quorum is %(quorum)d and the minimum %(least)d. Lower what stands at %(size)d, "
            "or choose a larger panel, if one may stay away."
        )
    return [words % said]


def _managers(round_: Round) -> list[str]:
    message = _("%(name)s manages this round and is on its panel: nobody may do both. Change one of the two.")
    unsure = _(
        "%(name)s manages this round, and an expert of this name without an e-mail address is on its panel: "
        "nobody may do both. If they are two people, give the expert’s address on the page of the panel."
    )
    return [
        *(message % {"name": name} for name in managers_on_panel(round_)),
        *(unsure % {"name": name} for name in namesakes_on_panel(round_)),
    ]


def _deadline(round_: Round) -> list[str]:
    problems = list(filter(None, [distance_problem(round_.deadline)]))
    if round_.deadline <= timezone.now():
        problems.append(_("The deadline has passed: set a later one."))
    if not is_time_zone(round_.time_zone):
        problems.append(
            _("The time zone “%(zone)s” is not known here: choose one of the list.")
            % {"zone": round_.time_zone}
        )
    return problems


def threshold_problem(measure: ConsensusMeasure, threshold: float) -> str:
    """Say what is wrong with a consensus threshold; '' when nothing is."""
    if measure == ConsensusMeasure.IQR and not 0 <= threshold <= WIDEST_IQR:
        return _("An interquartile range of scores from 1 to 5 lies between 0 and 4, not at %(value)s.") % {
            "value": f"{threshold:g}"
        }
    if measure == ConsensusMeasure.AGREEMENT and not 0 < threshold <= 1:
        return _("A share lies above 0 and is at most 1, not %(value)s: write 75 per cent as 0.75.") % {
            "value": f"{threshold:g}"
        }
    return ""


def _consensus(round_: Round) -> list[str]:
    problem = threshold_problem(ConsensusMeasure(round_.consensus_measure), round_.consensus_threshold)
    return [problem] if problem else []


def _series(round_: Round) -> list[str]:
    earlier = round_.follows
    if earlier is None:
        return []
    problems = []
    if earlier.state != RoundState.AGGREGATED:
        problems.append(_("The round that this one follows is not aggregated: aggregate it first."))
    if earlier.feedback == Feedback.NONE:
        problems.append(
            _("The round that this one follows promised its panel no feedback: nothing may be fed back now.")
        )
    if earlier.framework_id != round_.framework_id or earlier.panel_id != round_.panel_id:
        problems.append(_("A following round keeps the framework and the panel of the round before it."))
    if earlier.followed_by.exclude(pk=round_.pk).exclude(state=RoundState.VOID).exists():
        problems.append(_("Another round follows the same round already: continue that one, or void it."))
    return problems


def _removed_before(round_: Round) -> list[str]:
    """Say that whoever was taken off the round before is on the panel still, and asked again."""
    taken_off = Invitation.objects.filter(round=round_.follows, removed=True) if round_.follows else None
    names = (
        list(taken_off.order_by("expert__code").values_list("expert__name", flat=True)) if taken_off else []
    )
    if not names:
        return []
    message = ngettext(
        "%(names)s was removed from the round before and is invited again: once this round is open, remove "
        "them again if they are not to score.",
        "%(names)s were removed from the round before and are invited again: once this round is open, remove "
        "them again if they are not to score.",
        len(names),
    )
    return [message % {"names": _(", ").join(names[:5]) + ("…" if len(names) > 5 else "")}]


CHECKS: list[tuple[Promise, Callable[[Round], list[str]]]] = [
    (gettext_lazy("Whole groups of indicators are asked"), _items),
    (gettext_lazy("A language offered has all of the names, or none"), _languages),
    (gettext_lazy("The panel is large enough"), _panel),
    (gettext_lazy("No manager sits on the panel"), _managers),
    (gettext_lazy("The deadline lies ahead, in a known time zone"), _deadline),
    (gettext_lazy("The consensus rule can be met"), _consensus),
    (gettext_lazy("The series holds together"), _series),
]


def _nothing(_round: Round) -> list[str]:
    return []


WARNINGS: dict[Callable[[Round], list[str]], Callable[[Round], list[str]]] = {
    _panel: _panel_without_reserve,
    _series: _removed_before,
}
