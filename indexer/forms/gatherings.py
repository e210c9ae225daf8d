"""A partner's file of some of the indicators."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from indexer.forms.data_sets import DataFileField
from indexer.services.import_reading import DataFile
from weighting.readers.decisions import Decisions
from weighting.readers.encodings import ENCODINGS


class DeliveryForm(forms.Form):
    """The file, and whose figures it holds."""

    partner = forms.CharField(
        label=gettext_lazy("Delivered by"),
        help_text=gettext_lazy("The office or person whose figures these are; the edition names them."),
        max_length=200,
    )
    file = DataFileField(
        label=gettext_lazy("Data (CSV, XLSX, XLS, ODS, Parquet or a package)"),
        help_text=gettext_lazy(
            "Some of the indicators, of some or all units, in any shape. It is matched and checked on the "
            "next pages, then delivered."
        ),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding of a CSV file"),
        required=False,
        choices=[("", gettext_lazy("as the file shows")), *ENCODINGS.items()],
        help_text=gettext_lazy("Choose one only where the next step shows wrong characters."),
    )

    def said(self, ledger: Decisions) -> dict[str, Any]:
        """Return the file, to be read by choices of a ledger, and its partner as the service takes them."""
        file, encoding = self.cleaned_data["file"], self.cleaned_data["encoding"]
        if encoding:
            ledger.choices["encoding"] = encoding
        data = DataFile(file, file.name, ledger.choices, ledger)
        return {"data": data, "partner": self.cleaned_data["partner"]}
