"""Which groups of units a page looks at: a further grouping of the register, or any level for colours."""

from django import forms
from django.utils.translation import gettext as _

from indexer.selectors.cities import PROVINCE, REGION, Cities
from indexer.selectors.levels import level_choices
from weighting.forms.offers import offer_choices


def offer_groupings(form: forms.Form, cities: Cities) -> None:
    """Let the field ``level`` of a form take a grouping; a register without any has no choice to make."""
    groupings = [(grouping.code, grouping.name) for grouping in cities.groupings]
    if groupings:
        form.fields["level"] = forms.ChoiceField(label=_("Groups by"), required=False)
        offer_choices(form, "level", [("", _usual(cities)), *groupings])


def offer_colours(form: forms.Form, cities: Cities, *, usual: str) -> None:
    """Let the field ``level`` of a form take the level whose groups have colours; '' is the usual way."""
    if levels := level_choices(cities):
        form.fields["level"] = forms.ChoiceField(label=_("Colours by"), required=False)
        offer_choices(form, "level", [("", usual), *levels])


def _usual(cities: Cities) -> str:
    """Say what is looked at unless a grouping is chosen: the places that tell units apart."""
    register = cities.register
    words = {PROVINCE: register.provinces_word, REGION: register.regions_word}
    return _(", ").join(words[level] for level in reversed(cities.shown_levels)) or _("none")
