"""What was settled about the file of a series' last edition, for the next file of the series."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.intake.years import says_year
from indexer.models import DataImport, DataSeries, DataSet
from indexer.services.import_targets import places_said, settled
from weighting.readers.decisions import Decisions

# What next year's file shows by itself, though its layout is the same.
OF_ONE_FILE = {"encoding", "separator", "header", "header_rows", "year"}
BLOCKS = ("values", "totals", "auxiliary")
CHOSEN = "chosen"


@dataclass(frozen=True)
class Kept:
    """How the file of an edition was read, and where its columns and rows were sent by hand."""

    edition: DataSet | None = None
    reading: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.reading or self.columns or self.rows)

    def below(self, choices: Mapping[str, str], ledger: Decisions | None) -> dict[str, str]:
        """Return choices over those that were kept, in the ledger of whoever looks at the file, too."""
        if ledger:
            ledger.choices = {**self.reading, **ledger.choices}
        return {**self.reading, **choices}

    def settle(self, draft: DataImport) -> None:
        """Send the columns and rows of a draft where those of the same head and name went."""
        columns, rows = places_said(draft.columns, self.columns), places_said(draft.units, self.rows)
        draft.column_targets = settled(draft.column_targets, columns)
        draft.row_targets = settled(draft.row_targets, rows)


def _is_of_one_file(key: str, value: str) -> bool:
    return key.partition(":")[0] in OF_ONE_FILE or (key == "sheet" and says_year(value))


def kept_choices(series: DataSeries | None) -> Kept:
    """Return what the newest edition of a series says of its file; nothing of a series that begins."""
    editions = DataSet.objects.filter(series=series).defer(*BLOCKS).order_by("-year", "-edition")
    edition = editions.first() if series else None
    if edition is None:
        return Kept()
    said = edition.mapping
    reading = said.get("choices", {}).items()
    return Kept(
        edition,
        {key: value for key, value in reading if not _is_of_one_file(key, value)},
        {head: to for head, to, how in said.get("columns", []) if how == CHOSEN},
        {unit: to for _line, unit, to, how in said.get("rows", []) if how == CHOSEN},
    )
