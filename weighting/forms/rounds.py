"""What a manager says about a round."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.enums import Rule
from weighting.models import Framework, Indicator, Panel, Round
from weighting.models.scoring_round import LEAST_PANEL

# What a browser's date and time field sends.
MINUTE = "%Y-%m-%dT%H:%M"
ROOT_GROUP = "root"
DEFAULT_QUORUM = 5


def _describe_time_zone() -> str:
    offset = timezone.localtime().strftime("%z")
    zone = f"{settings.TIME_ZONE.replace('_', ' ')} (UTC{offset[:3]}:{offset[3:]})"
    return _("Time zone: %(zone)s. The server's clock decides.") % {"zone": zone}


class DeadlineField(forms.DateTimeField):
    """A moment in the installation's time zone, which its help names, and not one that has passed."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE)
        super().__init__(
            widget=widget,
            help_text=lazy(_describe_time_zone, str)(),
            input_formats=[MINUTE],
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        if moment and moment <= timezone.now():
            raise forms.ValidationError(_("This time has passed: choose a later one."))
        return moment


class RoundBasisForm(forms.Form):
    """First step of a new round: what is scored, and by whom."""

    framework = forms.ModelChoiceField(label=gettext_lazy("Framework"), queryset=Framework.objects.none())
    panel = forms.ModelChoiceField(label=gettext_lazy("Panel"), queryset=Panel.objects.none())

    def __init__(
        self, *args: Any, frameworks: QuerySet[Framework], panels: QuerySet[Panel], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["framework"].queryset = frameworks  # type: ignore[attr-defined]
        self.fields["panel"].queryset = panels  # type: ignore[attr-defined]


@dataclass(frozen=True)
class GroupChoice:
    """A sibling group as the form offers it; ``indicators`` are what would be asked."""

    value: str
    label: str
    depth: int
    indicators: list[Indicator]
    is_chosen: bool


class RoundForm(forms.Form):
    """Second step: the groups to score and the rules."""

    title_zh = forms.CharField(label=gettext_lazy("Chinese title"), max_length=200)
    title_en = forms.CharField(label=gettext_lazy("English title"), max_length=200)
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
        min_value=LEAST_PANEL,
        initial=DEFAULT_QUORUM,
    )
    minimum_panel = forms.IntegerField(
        label=gettext_lazy("Minimum panel k"),
        help_text=gettext_lazy("No result is computed from fewer ballots, so that nobody's can be guessed."),
        min_value=LEAST_PANEL,
        initial=DEFAULT_QUORUM,
    )
    deadline = DeadlineField(label=gettext_lazy("Deadline"))

    def __init__(self, *args: Any, indicators: Sequence[Indicator], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._indicators = indicators
        self._parents = {f"under:{node.code}": node for node in indicators if not node.is_leaf}
        choices = [(ROOT_GROUP, _("The whole index"))]
        choices += [(value, node.name) for value, node in self._parents.items()]
        self.fields["groups"].choices = choices  # type: ignore[attr-defined]
        self.fields["groups"].initial = [value for value, _label in choices]

    def clean_groups(self) -> list[Indicator | None]:
        """Return the parents of the chosen groups; None stands for the root group."""
        return [self._parents.get(value) for value in self.cleaned_data["groups"]]

    def group_choices(self) -> Iterator[GroupChoice]:
        """Yield the groups along the tree, the root group first."""
        chosen = self["groups"].value() or []
        for value, label in self.fields["groups"].choices:  # type: ignore[attr-defined]
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

    panel = forms.ModelChoiceField(label=gettext_lazy("Panel"), queryset=Panel.objects.none())

    def __init__(self, *args: Any, round_: Round, panels: QuerySet[Panel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["panel"].queryset = panels  # type: ignore[attr-defined]
        for name in ("panel", "title_zh", "title_en", "rule", "quorum", "minimum_panel", "deadline"):
            self.fields[name].initial = getattr(round_, name)
        asked = set(round_.items.values_list("indicator__parent__code", flat=True))
        self.fields["groups"].initial = [f"under:{code}" if code else ROOT_GROUP for code in asked]


class ExtendForm(forms.Form):
    """A later deadline for an open round."""

    deadline = DeadlineField(label=gettext_lazy("New deadline"))

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deadline"].initial = round_.deadline
        self._round = round_

    def clean_deadline(self) -> Any:
        deadline = self.cleaned_data["deadline"]
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
