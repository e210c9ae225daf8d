"""What a manager says about a round."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.forms.utils import from_current_timezone
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from weighting.enums import ConsensusMeasure, ExclusionRule, Feedback, Language, Rule
from weighting.forms.advanced import WithAdvanced
from weighting.forms.names import ReadersLanguageFirst, require_either, titles_in_either
from weighting.forms.offers import CHOOSE_FRAMEWORK, CHOOSE_PANEL, offer_choices, offer_rows
from weighting.models import Framework, Indicator, Panel, Round
from weighting.models.scoring_round import LEAST_PANEL, LEAST_QUORUM
from weighting.moments import distance_problem, minutes_for, moment_text, time_zone_choices, zone_text
from weighting.selectors.preflight import threshold_problem, too_small_panel
from weighting.sentences import join_sentences

# What a browser's date and time field sends.
MINUTE = "%Y-%m-%dT%H:%M"
ROOT_GROUP = "root"
DEFAULT_QUORUM = 5
DEFAULT_THRESHOLD = 1.0
# What a round says beside its framework, panel and groups; the fields have the model's names.
RULES = (
    "rule",
    "quorum",
    "minimum_panel",
    "time_zone",
    "languages",
    "consensus_measure",
    "consensus_threshold",
    "exclusion",
)

# What has a sensible value already, or is for those who know why they ask; the form opens them on demand.
ADVANCED = (
    "rule",
    "quorum",
    "minimum_panel",
    "languages",
    "consensus_measure",
    "consensus_threshold",
    "exclusion",
    "follows",
    "feedback",
)

TERMS = ("title_zh", "title_en", "deadline", *RULES, "follows", "feedback")


class DeadlineField(forms.DateTimeField):
    """A wall-clock time as typed; the form says in which time zone it is meant."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE)
        super().__init__(widget=widget, input_formats=[MINUTE], **kwargs)

    def to_python(self, value: Any) -> Any:
        with timezone.override(UTC):
            moment = super().to_python(value)
        return moment.replace(tzinfo=None) if moment else None


def read_deadline(wall_clock: datetime, zone: str) -> datetime:
    """Return the moment that a clock in the zone shows; refuse one past, too far off, or that never comes."""
    with timezone.override(ZoneInfo(zone)):
        moment = from_current_timezone(wall_clock)
    if moment <= timezone.now():
        now = moment_text(timezone.now(), zone)
        raise forms.ValidationError(
            _("This time has passed: it is now %(now)s. Choose a later one.") % {"now": now}
        )
    problem = distance_problem(moment)
    if problem:
        raise forms.ValidationError(problem)
    return moment


def wall_clock_of(moment: datetime, zone: str) -> datetime:
    """Return what a clock in the zone shows at a moment."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


class RoundBasisForm(forms.Form):
    """First step of a new round: what is scored, and by whom."""

    framework = forms.ModelChoiceField(
        label=gettext_lazy("Framework"), queryset=Framework.objects.none(), empty_label=CHOOSE_FRAMEWORK
    )
    panel = forms.ModelChoiceField(
        label=gettext_lazy("Panel"), queryset=Panel.objects.none(), empty_label=CHOOSE_PANEL
    )
    # An earlier round, whose rules the new one begins with.
    like = forms.ModelChoiceField(queryset=Round.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        frameworks: QuerySet[Framework],
        panels: QuerySet[Panel],
        rounds: QuerySet[Round],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "framework", frameworks)
        offer_rows(self, "panel", panels)
        offer_rows(self, "like", rounds)

    def clean_panel(self) -> Panel:
        """Say at once of a panel that no round can be held with, before all the rest is filled in."""
        panel: Panel = self.cleaned_data["panel"]
        problem = too_small_panel(panel.experts.count(), LEAST_PANEL)
        if problem:
            raise forms.ValidationError(problem)
        return panel


@dataclass(frozen=True)
class GroupChoice:
    """A sibling group as the form offers it; ``indicators`` are what would be asked."""

    value: str
    label: str
    depth: int
    indicators: list[Indicator]
    is_chosen: bool


class RoundForm(WithAdvanced, ReadersLanguageFirst, forms.Form):
    """Second step: the groups to score and the rules."""

    title_zh, title_en = titles_in_either()
    in_either = ("title",)
    advanced = ADVANCED
    advanced_label = gettext_lazy("Advanced: rules, quorum, languages, consensus and feedback")
    advanced_help = gettext_lazy(
        "Each begins with what most rounds use. None of them can be changed once the round is open."
    )
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Groups to score"),
        help_text=gettext_lazy(
            "The experts score the indicators of a group against each other. A group that is not scored "
            "is split equally and marked as such."
        ),
        widget=forms.CheckboxSelectMultiple,
    )
    rule = forms.ChoiceField(
        label=gettext_lazy("Rule"),
        help_text=gettext_lazy("How scores become weights. It cannot be changed once the round is open."),
        choices=Rule.choices,
        initial=Rule.NORMALISED_SUM,
        widget=forms.RadioSelect,
    )
    quorum = forms.IntegerField(
        label=gettext_lazy("Quorum"),
        help_text=gettext_lazy("Sealed ballots that the round needs to count."),
        min_value=LEAST_QUORUM,
        initial=DEFAULT_QUORUM,
    )
    minimum_panel = forms.IntegerField(
        label=gettext_lazy("Minimum panel k"),
        help_text=gettext_lazy(
            "No result is computed from fewer ballots, or fewer answers to an item, so that nobody's can be "
            "guessed. Where experts may abstain, invite several more."
        ),
        min_value=LEAST_PANEL,
        initial=DEFAULT_QUORUM,
    )
    deadline = DeadlineField(
        label=gettext_lazy("Deadline"),
        help_text=gettext_lazy(
            "In the time zone below. The server's clock decides; the round then closes by itself."
        ),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("The deadline is meant in it and always shown with it."),
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages of the ballot"),
        choices=Language.choices,
        initial=Language.values,
        widget=forms.CheckboxSelectMultiple,
    )
    consensus_measure = forms.ChoiceField(
        label=gettext_lazy("Consensus on an item"),
        help_text=gettext_lazy("Fixed before anybody scores, and reported for each item after the close."),
        choices=ConsensusMeasure.choices,
        initial=ConsensusMeasure.IQR,
        widget=forms.RadioSelect,
    )
    consensus_threshold = forms.FloatField(
        label=gettext_lazy("Consensus threshold"),
        help_text=gettext_lazy("Scale points for the range (often 1); a share such as 0.75 for the other."),
        initial=DEFAULT_THRESHOLD,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    exclusion = forms.ChoiceField(
        label=gettext_lazy("Ballots left out of the weights"),
        help_text=gettext_lazy("Fixed before anybody scores; how many were left out is part of the record."),
        choices=ExclusionRule.choices,
        initial=ExclusionRule.NONE,
        widget=forms.RadioSelect,
    )
    follows = forms.ModelChoiceField(
        label=gettext_lazy("Follows the round"),
        help_text=gettext_lazy(
            "A following round shows its panel what the round before it promised to feed back."
        ),
        queryset=Round.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: this round begins anew"),
    )
    feedback = forms.ChoiceField(
        label=gettext_lazy("Feedback to a following round"),
        help_text=gettext_lazy(
            "Said to the experts before they score. Where these see their own earlier scores, each one’s "
            "ballot key opens their ballot until the series ends."
        ),
        choices=Feedback.choices,
        initial=Feedback.NONE,
        widget=forms.RadioSelect,
    )

    def __init__(
        self,
        *args: Any,
        indicators: Sequence[Indicator],
        earlier: QuerySet[Round],
        like: Round | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "follows", earlier)
        if not earlier:
            del self.fields["follows"]
        # Of whoever drafts it, where they have said so; else the installation's.
        own = timezone.get_current_timezone_name()
        offer_choices(self, "time_zone", time_zone_choices(own))
        self.fields["time_zone"].initial = own
        self._offer_groups(indicators)
        # What follows a round is compared with it, so it begins with the same rules.
        followed = next((each for each in earlier if str(each.pk) == self.initial.get("follows")), None)
        if followed:
            self._begin_with(followed, RULES)
        elif like:
            self._begin_with(like, (*RULES, "feedback"))
        self._begins_as_another = bool(followed or like)

    def _offer_groups(self, indicators: Sequence[Indicator]) -> None:
        """Offer the groups of a tree, choose those whose answers change a weight, say how long all take."""
        self._indicators = indicators
        self._parents = {f"under:{node.code}": node for node in indicators if not node.is_leaf}
        choices = [(ROOT_GROUP, _("The whole index"))]
        choices += [(value, node.name) for value, node in self._parents.items()]
        self._group_choices = choices
        offer_choices(self, "groups", choices)
        # An indicator alone in its group has all of its weight, whatever anybody answers.
        sizes = Counter(f"under:{node.parent.code}" if node.parent else ROOT_GROUP for node in indicators)
        compared = [value for value, _label in choices if sizes[value] > 1]
        self.fields["groups"].initial = compared or [value for value, _label in choices]
        whole = {"count": len(indicators), "minutes": minutes_for(len(indicators))}
        self.fields["groups"].help_text = join_sentences(
            [
                str(self.fields["groups"].help_text),
                ngettext(
                    "All of them, %(count)d in number: about %(minutes)d minute.",
                    "All of them, %(count)d in number: about %(minutes)d minutes.",
                    whole["minutes"],
                )
                % whole,
            ]
        )

    def _begin_with(self, round_: Round, names: Sequence[str]) -> None:
        """Take these terms and the groups of a round for a start."""
        for name in names:
            if name in self.fields:
                self.fields[name].initial = getattr(round_, name)
        asked = set(round_.items.values_list("indicator__parent__code", flat=True))
        groups = {f"under:{code}" if code else ROOT_GROUP for code in asked}
        # Of another framework those that it has; of one with nothing in common all.
        self.fields["groups"].initial = (
            list(groups & {*self._parents, ROOT_GROUP}) or self.fields["groups"].initial
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        require_either(self, said, "title")
        deadline, zone = said.get("deadline"), said.get("time_zone")
        try:
            if deadline and zone:
                said["deadline"] = read_deadline(deadline, zone)
        except forms.ValidationError as error:
            self.add_error("deadline", error)
        self._check_threshold(said)
        return said

    def _check_threshold(self, said: dict[str, Any]) -> None:
        measure, threshold = said.get("consensus_measure"), said.get("consensus_threshold")
        if measure and threshold is not None:
            problem = threshold_problem(ConsensusMeasure(measure), threshold)
            if problem:
                self.add_error("consensus_threshold", problem)

    def clean_groups(self) -> list[Indicator | None]:
        """Return the parents of the chosen groups; None stands for the root group."""
        return [self._parents.get(value) for value in self.cleaned_data["groups"]]

    def opens_advanced(self) -> bool:
        """Whether a value was refused there, or the round begins with the rules of another."""
        return bool(set(ADVANCED) & set(self.errors)) or self._begins_as_another

    def group_choices(self) -> Iterator[GroupChoice]:
        """Yield the groups along the tree, the root group first."""
        chosen = self["groups"].value() or []
        for value, label in self._group_choices:
            parent = self._parents.get(value)
            yield GroupChoice(
                value=value,
                label=label,
                depth=parent.depth if parent else 0,
                indicators=[node for node in self._indicators if node.parent == parent],
                is_chosen=value in chosen,
            )


class RevisionForm(RoundForm):
    """The second step again for a round that is not open yet, with the panel to choose anew."""

    panel = forms.ModelChoiceField(
        label=gettext_lazy("Panel"), queryset=Panel.objects.none(), empty_label=CHOOSE_PANEL
    )

    def __init__(self, *args: Any, round_: Round, panels: QuerySet[Panel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "panel", panels)
        self._begin_with(round_, ("panel", *TERMS))
        self.fields["deadline"].initial = wall_clock_of(round_.deadline, round_.time_zone)


class ExtendForm(forms.Form):
    """A later deadline for an open round."""

    deadline = DeadlineField(label=gettext_lazy("New deadline"))

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deadline"].initial = wall_clock_of(round_.deadline, round_.time_zone)
        self.fields["deadline"].help_text = _("Time zone: %(zone)s. The server's clock decides.") % {
            "zone": zone_text(round_.time_zone, round_.deadline)
        }
        self._round = round_

    def clean_deadline(self) -> Any:
        deadline = read_deadline(self.cleaned_data["deadline"], self._round.time_zone)
        if deadline <= self._round.deadline:
            raise forms.ValidationError(_("Choose a time after the present deadline: it only moves later."))
        return deadline


class VoidForm(forms.Form):
    """Why a round is given up."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept with the round for good."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
    )
