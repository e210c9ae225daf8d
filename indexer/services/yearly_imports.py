"""A file of several years to an edition of each, in one act."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.enums import StoredYears
from indexer.intake.mapping import ASIDE
from indexer.models import DataImport, DataSet
from indexer.selectors.data_imports import leaf_names_of, series_of, years_of, years_stored
from indexer.selectors.import_reviews import Review, review_of, takes_bare_units
from indexer.services.blocked_imports import ImportBlocked
from indexer.services.data_imports import locked_import
from indexer.services.data_sets import SameData
from indexer.services.import_editions import add_edition
from indexer.services.import_reading import read_again
from indexer.services.import_targets import set_columns_aside
from weighting.exceptions import Refused
from weighting.models import Account, WeightVersion

MOST_BLOCKERS = 50


@dataclass(frozen=True)
class YearsStored:
    """The editions that were made, the earliest first.

    ``empty`` are the years of which the file holds no value, ``kept`` those that stay as they are stored.
    """

    editions: list[DataSet]
    empty: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class AlreadyStored:
    """What becomes of the years that are stored already; ``reason`` is that of a corrected edition."""

    choice: str = StoredYears.STOP
    reason: str = ""


class YearsBlocked(Refused):
    """No year was stored; ``rules`` are those that keep any of them back."""

    def __init__(self, blockers: Sequence[str], rules: set[str]) -> None:
        self.rules = rules
        super().__init__(*blockers[:MOST_BLOCKERS])


@transaction.atomic
def store_every_year(
    draft: DataImport,
    *,
    actor: Account,
    versions: Sequence[WeightVersion] | None = None,
    already: AlreadyStored | None = None,
) -> YearsStored:
    """Make an edition of each year of which a draft's file holds a value: of all of them, or of none.

    Columns and rows go where they go in the year that was mapped. ``already`` says what becomes of years
    that the series has. Raises `Refused` naming, by year, everything that keeps any of them back. They are
    computed under the frozen ``versions``, or under all.
    """
    draft, already = locked_import(draft), already or AlreadyStored()
    years, held = years_of(draft), years_stored(draft)
    _check_kind(draft, years)
    _check_stored(held, already)
    series = series_of(draft)
    made = YearsStored([], kept=held if already.choice == StoredYears.SKIP else [])
    refused: dict[int, Refused] = {}
    for year in years:
        if year in made.kept:
            continue
        corrects = already.reason if year in held else ""
        try:
            _add(made, year, _store_year(draft, year, corrects, actor, versions))
        except Refused as refusal:
            if isinstance(refusal, SameData) and series and refusal.series_id == series.pk:
                made.kept.append(year)
            else:
                refused[year] = refusal
    _check_stored_any(made, refused)
    draft.delete()
    return made


def _check_stored_any(made: YearsStored, refused: Mapping[int, Refused]) -> None:
    """Refuse all where any year was refused, or where nothing is new."""
    blockers = [
        _("%(year)s: %(problem)s") % {"year": year, "problem": one}
        for year, refusal in refused.items()
        for one in refusal.blockers
    ]
    rules = {
        rule for refusal in refused.values() if isinstance(refusal, ImportBlocked) for rule in refusal.rules
    }
    if not blockers and not made.editions:
        blockers = [_nothing_new(made)]
    if blockers:
        raise YearsBlocked(blockers, rules)


def _check_kind(draft: DataImport, years: list[int]) -> None:
    if draft.gathering:
        raise Refused(_("This import is a delivery: deliver it to its gathering."))
    if len(years) < 2:
        raise Refused(_("The file does not hold several years. Store the one edition that it holds."))
    if not draft.file:
        raise Refused(_("The file is too large to be kept. Send it again with its choices."))
    if draft.totals:
        raise Refused(_("The totals are of one year. Store each year by itself, with its own."))


def _check_stored(held: Collection[int], already: AlreadyStored) -> None:
    """Refuse years that are stored until somebody says what becomes of them, and why they are corrected."""
    years = {"years": _(", ").join(map(str, held))}
    if held and already.choice == StoredYears.STOP:
        words = _(
            "Editions of %(years)s are stored already. Leave these years as they are, or store them as "
            "corrected editions with a reason."
        )
        raise YearsBlocked([words % years], {"stored"})
    if held and already.choice == StoredYears.CORRECT and not already.reason.strip():
        words = _("Say why %(years)s are corrected: readers of the editions before see it.")
        raise YearsBlocked([words % years], {"stored"})


def _nothing_new(made: YearsStored) -> str:
    if made.kept:
        return _("Every year of the file that holds a value is stored already, and stays as it is.")
    return _("The file holds no value of any year.")


def _add(stored: YearsStored, year: int, edition: DataSet | None) -> None:
    if edition is None:
        stored.empty.append(year)
    else:
        stored.editions.append(edition)


def _store_year(
    draft: DataImport,
    year: int,
    corrects: str,
    actor: Account,
    versions: Sequence[WeightVersion] | None,
) -> DataSet | None:
    """Read the file for one year, as the draft is mapped, and store it, unless it holds no value.

    The reason for which it ``corrects`` an edition stands in the place of the note on all of them.
    Publishers keep a column for the year that they have not gathered yet. A unit without a value that year is
    left out of it, unless somebody chose to keep such units or the method can do with them.
    """
    one = copy(draft)
    if year != draft.year:
        # Cells were corrected in the year that was shown.
        one.corrections = []
    one.year, one.note = year, corrects or draft.note
    choices = {**draft.choices, "year": str(year)}
    if not takes_bare_units(draft, (leaf.code for leaf in leaf_names_of(draft.framework_id))):
        choices.setdefault("empty_units", "left out")
    read_again(one, choices)
    # The year that was mapped does not show the columns that others have beside the indicators.
    set_columns_aside(one, but=draft.columns)
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
