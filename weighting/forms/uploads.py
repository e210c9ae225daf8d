"""Files that a manager sends in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.forms.carrying import CarryingFileField, CarryingFileInput
from weighting.forms.names import NamedForm

MEGABYTE = 1024 * 1024
MAX_UPLOAD = 10 * MEGABYTE


class TableFileField(CarryingFileField):
    """A CSV file of so many bytes; an empty one is left to the reader, which says what is missing."""

    widget = CarryingFileInput(attrs={"accept": ".csv,text/csv"})

    def __init__(self, *, most_bytes: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most_bytes = most_bytes

    def clean(self, data: Any, initial: Any = None) -> Any:
        file, most = super().clean(data, initial), self.most_bytes or MAX_UPLOAD
        if isinstance(file, UploadedFile) and file.size and file.size > most:
            raise ValidationError(
                _("The file has %(size).1f MB; at most %(limit)d MB are taken. Leave out what is not needed.")
                % {"size": file.size / MEGABYTE, "limit": most / MEGABYTE}
            )
        return file


class SheetFileField(TableFileField):
    """A workbook, a CSV file, or a package of tables."""

    widget = CarryingFileInput(
        attrs={
            "accept": ".xlsx,.xls,.ods,.csv,.tsv,.txt,.zip,.gz,text/csv,"
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        }
    )


class FrameworkImportForm(NamedForm):
    """A framework file and what to call it."""

    file = SheetFileField(
        label=gettext_lazy("Framework file (CSV or XLSX)"),
        help_text=gettext_lazy(
            "One row for each indicator. Columns: code, parent; optional: name_zh, name_en, direction "
            "(1 or -1), unit, definition_zh, definition_en, source, licence, note. An empty parent makes a "
            "sub-index. Also taken: a column for each level (Pillar, Indicator), COINr’s iMeta, the workbook "
            "of the COIN Tool, and Frictionless packages."
        ),
    )


class PanelImportForm(forms.Form):
    """A panel file and what to call it."""

    name = forms.CharField(label=gettext_lazy("Name of the panel"), max_length=200)
    file = SheetFileField(
        label=gettext_lazy("Panel file (XLSX or CSV)"),
        help_text=gettext_lazy(
            "One row for each expert. Columns: name (where it is empty the address stands for it); optional: "
            "email (who has none gets the link from you, such as in a chat), code (else they are numbered), "
            "organisation, sector (academic, industry, government, other, or up to twelve of your own), "
            "language (zh-hans or en). Telephone numbers are not kept. Of a workbook the first visible sheet "
            "is read; CSV in UTF-8 or GBK."
        ),
    )


class SheetBallotsForm(forms.Form):
    """The filled-in forms of several experts in one file."""

    file = SheetFileField(
        label=gettext_lazy("Filled-in forms (XLSX)"),
        help_text=gettext_lazy(
            "The form for several experts, with a score for every item in the column of each expert whose "
            "form you have. Columns that stay empty are passed over."
        ),
    )


class SheetBallotForm(forms.Form):
    """One expert's filled-in form."""

    file = SheetFileField(
        label=gettext_lazy("Filled-in form (XLSX)"),
        help_text=gettext_lazy(
            "The form downloaded for this round, with a score for every item. A ballot on paper is typed "
            "into one first."
        ),
    )
