"""A file sent in and mapped in one go, as commands do."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from indexer.intake.files import UPLOAD, Limits
from indexer.models import DataImport
from indexer.services.data_imports import Terms, keep_within_quota, read_import
from indexer.services.import_reading import DataFile
from indexer.services.import_targets import places_said, set_columns_aside, set_targets, take_nearest
from weighting.models import Account


def map_import(*, actor: Account, **sent: Any) -> DataImport:
    """Read and map a file as `read_mapped` does, and keep it; what is stored is for the caller to say."""
    return keep_within_quota(partial(read_mapped, actor=actor, **sent), actor=actor)


def read_mapped(
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
    """Read a file and map it: a draft that is not kept, for what is stored at once need not lie there first.

    ``columns`` and ``units`` say by their heads and labels where columns and rows go; with
    ``accept`` nearest names are taken. Raises `FileProblems` or `Refused`.
    """
    draft = read_import(data=data, totals=totals, terms=terms, actor=actor, limits=limits)
    set_targets(
        draft,
        columns=places_said(draft.columns, columns or {}),
        rows=places_said(draft.units, units or {}),
    )
    if accept:
        take_nearest(draft)
    if leave_out:
        set_columns_aside(draft)
    return draft
