"""What its owner says of an index, and what an edition is published with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.models import IndicatorTerms, PublishedIndex
from indexer.services.published import TERMS
from weighting.forms.names import ReadersLanguageFirst
from weighting.forms.rounds import MINUTE
from weighting.models import Indicator

# By their names in the list of SPDX.
LICENCES = {
    "CC-BY-4.0": (
        gettext_lazy("CC BY 4.0: with attribution"),
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "CC-BY-SA-4.0": (
        gettext_lazy("CC BY-SA 4.0: with attribution, under the same licence"),
        "https://creativecommons.org/licenses/by-sa/4.0/",
    ),
    "CC-BY-NC-4.0": (
        gettext_lazy("CC BY-NC 4.0: with attribution, not for profit"),
        "https://creativecommons.org/licenses/by-nc/4.0/",
    ),
    "CC-BY-ND-4.0": (
        gettext_lazy("CC BY-ND 4.0: with attribution, unchanged"),
        "https://creativecommons.org/licenses/by-nd/4.0/",
    ),
    "CC0-1.0": (
        gettext_lazy("CC0 1.0: free of all conditions"),
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "ODbL-1.0": (
        gettext_lazy("ODbL 1.0: open database licence"),
        "https://opendatacommons.org/licenses/odbl/1-0/",
    ),
}


class IndexForm(ReadersLanguageFirst, forms.ModelForm):
    """Title, description and all that a reader needs to use and to cite an index."""

    licence = forms.ChoiceField(
        label=gettext_lazy("Licence"),
        required=False,
        choices=lambda: [("", "–"), *((code, label) for code, (label, _url) in LICENCES.items())],
        help_text=gettext_lazy("What others may do with the figures. It holds for what is published here."),
    )

    class Meta:
        model = PublishedIndex
        fields = ("slug", *TERMS)
        labels = {
            "slug": gettext_lazy("Web address"),
            "name_zh": gettext_lazy("Chinese title"),
            "name_en": gettext_lazy("English title"),
            "description_zh": gettext_lazy("Chinese description"),
            "description_en": gettext_lazy("English description"),
            "contact": gettext_lazy("Contact"),
            "authors": gettext_lazy("Authors: persons"),
            "institutions": gettext_lazy("Authors: institutions"),
            "publisher": gettext_lazy("Publisher"),
        }
        help_texts = {
            "slug": gettext_lazy("What comes after /i/, for good: small letters, digits and hyphens."),
            "name_zh": gettext_lazy("One language is enough; readers of the other see it too."),
            "description_zh": gettext_lazy("What the index measures, and for whom."),
            "contact": gettext_lazy("An e-mail address or the address of a page."),
            "authors": gettext_lazy("One to a line, as they are to be cited, such as Doe, Jane."),
            "institutions": gettext_lazy("One to a line. They are cited after the persons."),
            "doi": gettext_lazy("If the index is archived somewhere, such as 10.5281/zenodo.1234."),
        }
        widgets = {
            "description_zh": forms.Textarea(attrs={"rows": 4}),
            "description_en": forms.Textarea(attrs={"rows": 4}),
            "authors": forms.Textarea(attrs={"rows": 3}),
            "institutions": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # An address that was handed out stays.
            del self.fields["slug"]

    @property
    def terms(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in TERMS}


class IndicatorTermsForm(forms.ModelForm):
    """Where one indicator is from, and whether its values may be given away; a row of a table."""

    class Meta:
        model = IndicatorTerms
        fields = ("source", "licence", "is_withheld")


class IndicatorTermsTable:
    """A row for each indicator, in the order of the tree."""

    def __init__(
        self, leaves: Sequence[Indicator], said: Mapping[str, IndicatorTerms], data: Any = None
    ) -> None:
        self.rows = [
            (leaf, IndicatorTermsForm(data, instance=_said_of(leaf, said), prefix=f"t{leaf.position}"))
            for leaf in leaves
        ]
        for leaf, form in self.rows:
            for name, field in form.fields.items():
                field.widget.attrs["aria-label"] = f"{leaf.name}: {form[name].label}"

    def is_valid(self) -> bool:
        # Each is asked, so that all faults are shown at once.
        faulty = [leaf for leaf, form in self.rows if not form.is_valid()]
        return not faulty

    @property
    def terms(self) -> dict[str, IndicatorTerms]:
        return {leaf.code: form.instance for leaf, form in self.rows}


def _said_of(leaf: Indicator, said: Mapping[str, IndicatorTerms]) -> IndicatorTerms:
    """Return what the owner said of an indicator, or what its framework says where nothing was said yet."""
    return said.get(leaf.code) or IndicatorTerms(source=leaf.source, licence=leaf.licence)


class EditionForm(forms.Form):
    """Why there is an edition, and from when on strangers see it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason for this edition"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What was corrected, or which data are new. It is shown in the change log."),
    )
    embargo_until = forms.DateTimeField(
        label=gettext_lazy("Not before"),
        required=False,
        input_formats=[MINUTE],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE),
    )

    def __init__(self, data: Any = None, *, is_first: bool) -> None:
        super().__init__(data)
        if is_first:
            del self.fields["reason"]
        zone = timezone.get_current_timezone_name()
        self.fields["embargo_until"].help_text = _(
            "Leave it empty to publish at once. Until then nobody sees anything of it. Time zone: %(zone)s."
        ) % {"zone": zone}

    def clean_embargo_until(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["embargo_until"]
        if moment and moment <= timezone.now():
            raise forms.ValidationError(_("This time has passed: choose a later one, or leave it empty."))
        return moment
