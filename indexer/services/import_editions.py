"""An edition of a draft as it is read now, with what is kept of the draft for good."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from indexer.models import DataImport, DataSet
from indexer.selectors.data_imports import sheet_of
from indexer.selectors.import_reviews import Review
from indexer.services.data_sets import EditionTerms, Matrix, Origin, add_data_set
from weighting.models import Account, WeightVersion


def add_edition(
    draft: DataImport, review: Review, *, actor: Account, versions: Sequence[WeightVersion] | None = None
) -> DataSet:
    """Store what a draft without blockers holds; raises `Refused` when the same data is stored already."""
    content = review.content
    codes = [leaf.code for leaf in review.mapped.leaves]
    named, mapping = draft.series or draft, mapping_of(draft, review)
    # Labels and targets of a million units are let go before the values are written, which are copied then.
    del review
    return add_data_set(
        terms=EditionTerms(
            framework=draft.framework,
            name_zh=named.name_zh,
            name_en=named.name_en,
            year=draft.year,
            method=draft.method,
            note=draft.note,
        ),
        matrix=Matrix(
            city_ids=[int(key) for key in content.keys],
            leaf_codes=codes,
            values=content.values,
            totals=dict(zip(codes, content.totals.tolist(), strict=True)),
            auxiliary=content.beside,
        ),
        actor=actor,
        origin=Origin(
            *(draft.file_name, draft.file_sha256, draft.totals_name, draft.totals_sha256),
            mapping,
        ),
        versions=versions,
    )


def mapping_of(draft: DataImport, review: Review) -> dict[str, Any]:
    """Return what is kept of a draft for good: every column and row, every correction, the notes."""
    sheet, deliveries = sheet_of(draft), draft.reading.get("deliveries", [])
    return {
        "layout": sheet.layout,
        "unit_column": sheet.unit_column,
        "columns": [
            [head, *target] for head, target in zip(sheet.columns, draft.column_targets, strict=True)
        ],
        "rows": [
            [line, unit, *target]
            for line, unit, target in zip(sheet.lines, sheet.units, draft.row_targets, strict=True)
        ],
        "corrections": [
            [sheet.lines[row], sheet.units[row], sheet.columns[column], text]
            for row, column, text in draft.corrections
        ],
        "choices": draft.choices,
        "decisions": draft.reading.get("decisions", []),
        "gaps": [
            [sheet.lines[row], sheet.units[row], sheet.columns[column], text]
            for row, column, text in draft.reading.get("gaps", [])
        ],
        "not_read": [*sheet.unread, *draft.other_sheets],
        "notes": dict(Counter(finding.rule for finding in review.notes)),
        **({"deliveries": deliveries} if deliveries else {}),
    }
