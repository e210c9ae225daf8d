"""A register that comes in as a file."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from indexer.forms.data_sets import FrameworkChoice
from indexer.intake.new_units import UnitFacts
from indexer.models import Register
from indexer.services.registers import RegisterWords
from weighting.forms.names import NamedForm, ReadersLanguageFirst, names_in_either, require_either
from weighting.forms.offers import offer_choices, offer_rows
from weighting.forms.uploads import MEGABYTE, SheetFileField


def _word(label: Any, help_text: Any = "") -> forms.CharField:
    """Return the field of a word that pages call units or their groups by."""
    return forms.CharField(label=label, max_length=40, required=False, help_text=help_text)


def _words_for_units() -> tuple[forms.CharField, forms.CharField, forms.CharField]:
    """Return the fields of the words for units: Chinese, English, and English for several."""
    return (
        _word(gettext_lazy("Chinese word for a unit")),
        _word(
            gettext_lazy("English word for a unit"),
            gettext_lazy("Such as university; pages then speak of universities."),
        ),
        _word(gettext_lazy("English word for several units")),
    )


class RegisterImportForm(ReadersLanguageFirst, forms.Form):
    """The file, and either a register to add to or the words of a new one."""

    register = FrameworkChoice(
        label=gettext_lazy("Add to"),
        queryset=Register.objects.none(),
        required=False,
        empty_label=gettext_lazy("a new register, named below"),
    )
    name_zh, name_en = names_in_either()
    unit_zh, unit_en, units_en = _words_for_units()
    province_zh = _word(gettext_lazy("Chinese word for a group"))
    province_en = _word(
        gettext_lazy("English word for a group"),
        gettext_lazy("What the columns province_zh and province_en name; one language is enough."),
    )
    region_zh = _word(gettext_lazy("Chinese word for a group of groups"))
    region_en = _word(gettext_lazy("English word for a group of groups"))
    file = SheetFileField(
        # A tenth of a kilobyte for each of the most units, with both names, a code, groups and a place.
        most_bytes=20 * MEGABYTE,
        label=gettext_lazy("Register file (CSV or XLSX)"),
        help_text=gettext_lazy(
            "One row for each unit. Columns: name_zh or name_en or both; optional: code, province_zh, "
            "province_en, region_zh, region_en, aliases (separated by semicolons), latitude, longitude; and "
            "any further groups, in columns such as group_income, or group_income_zh and group_income_en."
        ),
    )

    def __init__(self, *args: Any, registers: QuerySet[Register]) -> None:
        super().__init__(*args)
        offer_rows(self, "register", registers)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("register"):
            require_either(self, cleaned)
        return cleaned

    def into(self) -> Register | RegisterWords:
        """Return the register that is added to, or what a new one is called."""
        said = self.cleaned_data
        return said["register"] or RegisterWords(
            **{name: said[name] for name in RegisterWords.__dataclass_fields__}
        )


class CorrectionForm(forms.Form):
    """A file that corrects a register, and why."""

    reason = forms.CharField(
        label=gettext_lazy("Why it is corrected"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands beside the edition, for readers of what was computed before."),
    )
    adds = forms.BooleanField(
        label=gettext_lazy("Add the units that are not there"),
        required=False,
        help_text=gettext_lazy("Without it a name that the register does not have is refused."),
    )
    file = SheetFileField(
        most_bytes=20 * MEGABYTE,
        label=gettext_lazy("Corrected units (CSV or XLSX)"),
        help_text=gettext_lazy(
            "The columns of a register’s file; only the units and cells that change have to be there, and an "
            "empty cell leaves what there is. A unit is found by its code or name; one without a code that "
            "gets another name is found by its former one, in a column was. Aliases that are given replace "
            "those that there are; a former name stays one."
        ),
    )


class NewRegisterForm(NamedForm):
    """What a register of the units of a file is called, and which columns say more of them."""

    unit_zh, unit_en, units_en = _words_for_units()
    code = forms.ChoiceField(label=gettext_lazy("Column of their codes"), required=False)
    group = forms.ChoiceField(
        label=gettext_lazy("Column that groups them"),
        required=False,
        help_text=gettext_lazy("Such as the country of a university: pages then compare the groups."),
    )
    province_zh = _word(gettext_lazy("Chinese word for a group"))
    province_en = _word(
        gettext_lazy("English word for a group"),
        gettext_lazy("Such as country; left empty, groups are called as their column is."),
    )

    def __init__(self, *args: Any, facts: UnitFacts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, heads in (("code", facts.codes), ("group", facts.groups)):
            offer_choices(self, name, [("", gettext_lazy("none")), *((head, head) for head in heads)])

    def words(self) -> RegisterWords:
        """Return what the register is called; its groups have no groups of their own."""
        said = self.cleaned_data
        return RegisterWords(
            **{name: said[name] for name in RegisterWords.__dataclass_fields__ if name in said}
        )
