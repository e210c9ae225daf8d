"""What an analyst sends in to add a data set, and what is chosen and corrected on its way."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.enums import Aggregation, Missing, Negative, Normalisation
from indexer.intake.files import MEGABYTE, UPLOAD
from indexer.intake.registers import CityRow
from indexer.intake.sheets import Place
from indexer.models import DataImport, DataSeries, Register
from indexer.selectors.data_imports import series_visible_to
from indexer.selectors.registers import counted_registers
from indexer.services.data_imports import Terms
from indexer.services.import_reading import DataFile
from indexer.services.methods import (
    MethodChoice,
    choice_left_open,
    choice_of,
    choose_instead,
    method_blockers,
    use_method,
)
from weighting.forms.advanced import WithAdvanced
from weighting.forms.carrying import CarryingFileField, CarryingFileInput
from weighting.forms.names import (
    NamedForm,
    ReadersLanguageFirst,
    ask_either,
    in_either,
    names_in_either,
    require_either,
)
from weighting.forms.offers import offer_rows
from weighting.forms.uploads import SheetFileField
from weighting.models import Account, Framework
from weighting.readers.decisions import Decisions
from weighting.readers.encodings import ENCODINGS
from weighting.requests import read_id
from weighting.selectors.frameworks import frameworks_visible_to

METHOD = ("normalisation", "negative", "missing", "aggregation")


class FrameworkChoice(forms.ModelChoiceField):
    """Things with two names, by their name in the reader's language."""

    def label_from_instance(self, thing: Any) -> str:
        return str(thing.name)


class MethodChoiceField(forms.ChoiceField):
    """A choice of the method; left open, it is as the framework's method says."""

    def __init__(self, *, choices: Any, **kwargs: Any) -> None:
        open_choice = [("", gettext_lazy("as the framework’s method says"))]
        super().__init__(choices=[*open_choice, *choices], required=False, **kwargs)


class DataFileField(CarryingFileField):
    """A file of data; what it holds is left to the reader, which says what is wrong with it."""

    widget = CarryingFileInput(
        attrs={
            "accept": ".csv,.tsv,.txt,.xlsx,.xls,.ods,.parquet,.zip,.gz,text/csv,"
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        }
    )

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile) and file.size and file.size > UPLOAD.bytes:
            raise ValidationError(
                _("The file has %(size).1f MB; at most %(limit)d MB are taken. Leave out what is not needed.")
                % {"size": file.size / MEGABYTE, "limit": UPLOAD.bytes / MEGABYTE}
            )
        return file


class TermsForm(ReadersLanguageFirst, forms.Form):
    """What the data are about, and how raw values become scores."""

    framework = FrameworkChoice(
        label=gettext_lazy("Framework"), queryset=Framework.objects.none(), empty_label=None
    )
    series = FrameworkChoice(
        label=gettext_lazy("Edition of"),
        queryset=DataSeries.objects.none(),
        required=False,
        empty_label=gettext_lazy("a new series, named below"),
        help_text=gettext_lazy(
            "A correction or another year of data that are here already. Where neither you nor the framework "
            "says how it is computed, it is computed as the edition before."
        ),
    )
    name_zh, name_en = names_in_either()
    year = forms.IntegerField(
        label=gettext_lazy("Year of the data"),
        min_value=1900,
        max_value=2100,
        required=False,
        help_text=gettext_lazy("Of a file that says its years, the last one is taken if this stays empty."),
    )
    register = FrameworkChoice(
        label=gettext_lazy("Register of the units"),
        queryset=Register.objects.none(),
        required=False,
        empty_label=gettext_lazy("as the units of the file say, or a new one of them"),
    )
    normalisation = MethodChoiceField(label=gettext_lazy("Normalisation"), choices=Normalisation.choices)
    negative = MethodChoiceField(
        label=gettext_lazy("Indicators where lower is better"),
        choices=Negative.choices,
        help_text=gettext_lazy("Used by shares alone."),
    )
    missing = MethodChoiceField(label=gettext_lazy("Missing values"), choices=Missing.choices)
    aggregation = MethodChoiceField(
        label=gettext_lazy("Aggregation"),
        choices=Aggregation.choices,
        help_text=gettext_lazy(
            "The framework’s method also says whether outliers are treated and indicators divided. Any "
            "data set can be computed by another method later."
        ),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Where the data come from, and what a reader must know about them."),
    )

    def __init__(
        self,
        *args: Any,
        account: Account,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        frameworks = frameworks_visible_to(account)
        offer_rows(self, "framework", frameworks)
        offer_rows(self, "register", counted_registers())
        offer_rows(self, "series", series_visible_to(account))
        self.fields["framework"].initial = frameworks.first()
        if not self["series"].value():
            ask_either(self, "name")

    def clean(self) -> dict[str, Any]:
        """Refuse at once what no data could satisfy."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("series"):
            require_either(self, cleaned)
        if cleaned.get("framework") and (blockers := method_blockers(self._method())):
            raise ValidationError(blockers)
        return cleaned

    def terms(self) -> Terms:
        """Return what was chosen."""
        said = self.cleaned_data
        return Terms(
            framework=said["framework"],
            register=said["register"],
            series=said["series"],
            name_zh=said["name_zh"],
            name_en=said["name_en"],
            year=said["year"],
            note=said["note"],
            method=use_method(**vars(self._method())),
            shares_meant=said.get("normalisation") == Normalisation.SHARE,
        )

    def _method(self) -> MethodChoice:
        """Return the method that holds where nobody chooses, with what was chosen in its place."""
        default = choice_left_open(self.cleaned_data["framework"], self.cleaned_data.get("series"))
        said = {name: self.cleaned_data[name] for name in METHOD if self.cleaned_data.get(name)}
        return choose_instead(default, said)

    @staticmethod
    def said_in(draft: DataImport) -> dict[str, Any]:
        """Return what a draft's terms are, as the form shows them."""
        names = {} if draft.series_id else {"name_zh": draft.name_zh, "name_en": draft.name_en}
        method = vars(choice_of(draft.method))
        return {
            **names,
            "framework": draft.framework_id,
            "register": draft.register_id,
            "series": draft.series_id,
            "year": draft.year,
            "note": draft.note,
            **{name: method[name] for name in METHOD},
        }


class GatheringForm(TermsForm):
    """The same of an edition that several hands deliver: no file says any of it yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].required = True
        self.fields["year"].help_text = ""
        register = cast(FrameworkChoice, self.fields["register"])
        register.empty_label = _("that of the series, for another edition of one")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not (cleaned.get("series") or cleaned.get("register")):
            self.add_error("register", _("Choose the register whose units the deliveries are about."))
        return cleaned


class RatesForm(forms.Form):
    """What is done about indicators of which a sum means nothing."""

    rates = forms.ChoiceField(
        label=gettext_lazy("How is the index to be normalised?"),
        widget=forms.RadioSelect,
        choices=[
            (Normalisation.MINMAX, gettext_lazy("all indicators by min-max, from 0 to 1")),
            (Normalisation.ZSCORE, gettext_lazy("all indicators by z-scores")),
            (Normalisation.RANK, gettext_lazy("all indicators by ranks")),
            (Normalisation.SHARE, gettext_lazy("by shares all the same: of these, too, shares are meant")),
        ],
    )


class DataSetImportForm(WithAdvanced, TermsForm):
    """The files, their names, and how raw values become scores."""

    file = DataFileField(
        label=gettext_lazy("Data (CSV, XLSX, XLS, ODS, Parquet or a package)"),
        help_text=gettext_lazy(
            "Wide: one row for each unit, its name in a column “unit”, and one column for each indicator. "
            "Long: columns unit, indicator, value. Codes or names will do: what does not fit is matched in "
            "the next step, and of a workbook or a Frictionless package the table is chosen there. At most "
            "32 MB and 2 million cells, without formulas."
        ),
    )
    totals = SheetFileField(
        label=gettext_lazy("Totals (CSV or XLSX)"),
        required=False,
        help_text=gettext_lazy(
            "Columns: code, total. Or call a row of the data “total”. Shares are taken of the total, or of "
            "the sum of the column without one."
        ),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding of a CSV file"),
        required=False,
        choices=[("", gettext_lazy("as the file shows")), *ENCODINGS.items()],
        help_text=gettext_lazy("Choose one only where the next step shows wrong characters."),
    )
    field_order = (
        "file", "framework", "series", "name_zh", "name_en", "year", "note", "encoding", "totals", "register",
        *METHOD,
    )  # fmt: skip
    advanced = ("encoding", "totals", "register", *METHOD)
    advanced_label = gettext_lazy("Advanced: encoding, totals, register and method")
    advanced_help = gettext_lazy(
        "The file or the framework decides what is left as it is; the next pages say how, and let it be "
        "changed."
    )

    def sources(self, ledger: Decisions) -> tuple[DataFile, DataFile | None]:
        """Return the data, to be read by choices of a ledger, and the totals as the service takes them."""
        data, totals = self.cleaned_data["file"], self.cleaned_data["totals"]
        encoding = self.cleaned_data["encoding"]
        if encoding:
            ledger.choices["encoding"] = encoding
        file = DataFile(data, data.name, ledger.choices, ledger)
        return file, DataFile(totals, totals.name) if totals else None


class UnitForm(NamedForm):
    """A unit that the register does not have yet."""

    code = forms.CharField(label=gettext_lazy("Official code"), max_length=20, required=False)
    region_zh, region_en = in_either(
        gettext_lazy("Region, Chinese name"), gettext_lazy("Region, English name")
    )
    province_zh = forms.CharField(
        label=gettext_lazy("Province, Chinese name"), max_length=200, required=False
    )
    province_en = forms.CharField(
        label=gettext_lazy("Province, English name"), max_length=200, required=False
    )
    latitude = forms.FloatField(label=gettext_lazy("Latitude"), min_value=-90, max_value=90, required=False)
    longitude = forms.FloatField(
        label=gettext_lazy("Longitude"), min_value=-180, max_value=180, required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for level in ("region", "province"):
            require_either(self, cleaned, level)
        if (cleaned.get("latitude") is None) != (cleaned.get("longitude") is None):
            raise ValidationError(_("Latitude and longitude go together: give both or neither."))
        return cleaned

    def row(self) -> CityRow:
        """Return the unit as the service takes it."""
        return CityRow(**self.cleaned_data)


def corrections_in(sent: Mapping[str, Any]) -> dict[Place, str]:
    """Return the cells of a posted page: cell-ROW-COLUMN."""
    cells = {}
    for name, text in sent.items():
        kind, _dash, place = name.partition("-")
        row, column = (read_id(part) for part in place.partition("-")[::2])
        if kind == "cell" and row is not None and column is not None:
            cells[row, column] = str(text)
    return cells
