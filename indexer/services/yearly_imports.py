"""A file of several years to an edition of each, in one act."""

from copy import copy

from django.db import transaction
from django.utils.translation import gettext as _

from indexer.models import DataImport, DataSet
from indexer.selectors.data_imports import review_of, years_of
from indexer.services.data_imports import ImportBlocked, locked_import, read_again
from indexer.services.import_editions import add_edition
from weighting.exceptions import Refused
from weighting.models import Account

MOST_BLOCKERS = 50


@transaction.atomic
def store_every_year(draft: DataImport, *, actor: Account) -> list[DataSet]:
    """Make an edition of each year of a draft's file, the earliest first: of all years, or of none.

    Columns and rows go where they go in the year that was mapped. Raises `Refused` naming, by year,
    everything that keeps any of them back.
    """
    draft = locked_import(draft)
    years = years_of(draft)
    _check_kind(draft, years)
    stored: list[DataSet] = []
    blockers: list[str] = []
    for year in years:
        try:
            stored.append(_store_year(draft, year, actor))
        except Refused as refusal:
            blockers += [
                _("%(year)s: %(problem)s") % {"year": year, "problem": one} for one in refusal.blockers
            ]
    if blockers:
        raise Refused(*blockers[:MOST_BLOCKERS])
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


def _store_year(draft: DataImport, year: int, actor: Account) -> DataSet:
    """Read the file for one year, as the draft is mapped, and store it."""
    one = copy(draft)
    if year != draft.year:
        # Cells were corrected in the year that was shown.
        one.corrections = []
    one.year = year
    read_again(one, {**draft.choices, "year": str(year)})
    review = review_of(one)
    if review.blockers:
        raise ImportBlocked(review)
    return add_edition(one, review, actor=actor)
