"""One run out of many in a form: the first that a text finds, and the field to search by."""

from collections.abc import Iterable, Sequence

from django import forms
from django.utils.translation import gettext_lazy, ngettext

from indexer.selectors.run_search import OfferedRuns
from weighting.forms.offers import offer_choices

LONGEST = 200


def search_field() -> forms.CharField:
    """Return the field in which runs are searched for."""
    return forms.CharField(
        label=gettext_lazy("Find versions by name"),
        max_length=LONGEST,
        required=False,
        widget=forms.TextInput({"type": "search"}),
    )


def offer_found(
    form: forms.Form,
    name: str,
    offered: OfferedRuns,
    names: Sequence[str],
    *,
    first: Iterable[tuple[str, str]] = (),
) -> None:
    """Let a field take the offered runs; where all are offered, there is nothing to search by ``find``."""
    runs = [(run.pk, text) for run, text in zip(offered.rows, names, strict=True)]
    offer_choices(form, name, [*first, *runs])
    # Of the field as it is shown: whoever cleaned the form before has made that already.
    form[name].help_text = not_offered_note(offered)
    if not offered.is_searched:
        del form.fields["find"]


def not_offered_note(offered: OfferedRuns) -> str:
    """Say how many further runs are found, '' where none is."""
    count = offered.not_offered
    if not count:
        return ""
    return ngettext(
        "%(count)s further version is not listed: find it by its name.",
        "%(count)s further versions are not listed: find them by name.",
        count,
    ) % {"count": count}
