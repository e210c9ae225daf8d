"""A file of several years to an edition of each, in one act."""

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.intake.mapping import ASIDE
from indexer.models import DataImport, DataSet
from indexer.selectors.data_imports import Review, review_of, years_of
from indexer.services.data_imports import ImportBlocked, locked_import, read_again
from indexer.services.import_editions import add_edition
from weighting.exceptions import Refused
from weighting.models import Account, WeightVersion

MOST_BLOCKERS = 50


class YearsStored(NamedTuple):
    """The editions that were made, the earliest first, and the years of which the file holds no value."""

    editions: list[DataSet]
    empty: list[int]


class YearsBlocked(Refused):
    """No year was stored; ``rules`` are those that keep any of them back."""

    def __init__(self, blockers: Sequence[str], rules: set[str]) -> None:
        self.rules = rules
        super().__init__(*blockers[:MOST_BLOCKERS])


@transaction.atomic
def store_every_year(
    draft: DataImport, *, actor: Account, versions: Sequence[WeightVersion] | None = None
) -> YearsStored:
    """Make an edition of each year of which a draft's file holds a value: of all of them, or of none.

    Columns and rows go where they go in the year that was mapped. Raises `Refused` naming, by year,
    everything that keeps any of them back. They are computed under the frozen ``versions``, or under all.
    """
    draft = locked_import(draft)
    years = years_of(draft)
    _check_kind(draft, years)
    stored = YearsStored([], [])
    blockers: list[str] = []
    rules: set[str] = set()
    for year in years:
        try:
            edition = _store_year(draft, year, actor, versions)
        except Refused as refusal:
            rules |= refusal.rules if isinstance(refusal, ImportBlocked) else set()
            blockers += [
                _("%(year)s: %(problem)s") % {"year": year, "problem": one} for one in refusal.blockers
            ]
        else:
            _add(stored, year, edition)
    if not blockers and not stored.editions:
        blockers = [_("The file holds no value of any year.")]
    if blockers:
        raise YearsBlocked(blockers, rules)
    draft.delete()
    return stored


def _check_kind(draft: DataImport, years: list[int]) -> None:
    if draft.gathering:
        raise Refused(_("This import is a delivery: deliver it to its gathering."))
    if len(years) < 2:
        raise Refused(_("The file is not of several years. Store the one edition that it holds."))
    if not draft.file:
        raise Refused(_("The file is too large to be kept. Send it again with its choices."))
    if draft.totals:
        raise Refused(_("The national totals are of one year. Store each year by itself, with its own."))


def _add(stored: YearsStored, year: int, edition: DataSet | None) -> None:
    if edition is None:
        stored.empty.append(year)
    else:
        stored.editions.append(edition)


def _store_year(
    draft: DataImport, year: int, actor: Account, versions: Sequence[WeightVersion] | None
) -> DataSet | None:
    """Read the file for one year, as the draft is mapped, and store it, unless it holds no value.

    Publishers keep a column for the year that they have not gathered yet.
    """
    one = copy(draft)
    if year != draft.year:
        # Cells were corrected in the year that was shown.
        one.corrections = []
    one.year = year
    read_again(one, {**draft.choices, "year": str(year)})
    review = review_of(one)
    if _is_empty(review):
        return None
    if review.blockers:
        raise ImportBlocked(review)
    return add_edition(one, review, actor=actor, versions=versions)


def _is_empty(review: Review) -> bool:
    """Whether no cell of an indicator holds anything, of whatever unit."""
    sheet = review.mapped.sheet
    used = [
        place for place, match in enumerate(review.mapped.columns) if match.is_settled and match.to != ASIDE
    ]
    has_text = any(column in used for _row, column in sheet.texts)
    return not has_text and bool(np.isnan(sheet.values[:, used]).all())
