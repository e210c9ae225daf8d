"""A file sent in and mapped in one go, as commands do."""

from collections.abc import Mapping

from django.db import transaction

from indexer.intake.files import UPLOAD, Limits
from indexer.models import DataImport
from indexer.services.data_imports import (
    DataFile,
    Terms,
    accept_suggestions,
    leave_out_columns,
    places_said,
    settle_targets,
    start_import,
)
from weighting.models import Account


@transaction.atomic
def map_import(
    *,
    data: DataFile,
    totals: DataFile | None,
    terms: Terms,
    actor: Account,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    limits: Limits = UPLOAD,
    accept: bool = False,
    leave_out: bool = False,
) -> DataImport:
    """Start an import and map it in one go; what then is stored is for the caller to say.

    ``columns`` and ``units`` say by their heads and labels where columns and rows go; with
    ``accept`` nearest names are taken. Raises `FileProblems` or `Refused`.
    """
    draft = start_import(data=data, totals=totals, terms=terms, actor=actor, limits=limits)
    settle_targets(
        draft,
        columns=places_said(draft.columns, columns or {}),
        rows=places_said(draft.units, units or {}),
    )
    if accept:
        accept_suggestions(draft)
    if leave_out:
        leave_out_columns(draft)
    return draft
