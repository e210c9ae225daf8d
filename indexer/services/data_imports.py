"""A draft of data to an edition: kept, mapped, corrected, looked through, stored whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.enums import Normalisation
from indexer.intake.files import UPLOAD, Limits
from indexer.intake.registers import CityRow
from indexer.intake.sheets import Place
from indexer.models import City, DataImport, DataSeries, DataSet, Gathering, IndexMethod, Register
from indexer.selectors.data_imports import decisions_of, years_of
from indexer.selectors.import_reviews import SHARES_MEANT, review_of
from indexer.selectors.register_search import register_of
from indexer.services.binding import bound_blocks
from indexer.services.blocked_imports import storable
from indexer.services.import_editions import add_edition
from indexer.services.import_reading import (
    DataFile,
    Known,
    read_again,
    read_into,
    read_totals_into,
    suggest_targets,
)
from indexer.services.import_targets import set_columns_aside, set_targets, take_nearest
from indexer.services.kept_choices import kept_choices
from indexer.services.methods import choice_as_stated, use_method
from indexer.services.registers import register_cities
from weighting.exceptions import Refused
from weighting.models import Account, Framework, WeightVersion
from weighting.readers import FileProblems, ProblemLog
from weighting.services.audit import record_act
from weighting.services.quotas import check_quota

# The key of the decision on the year that is read.
YEAR = "year"


@dataclass(frozen=True)
class Terms:
    """What the data are about, and how they will be computed; a series brings its own name."""

    framework: Framework
    method: IndexMethod
    # Where nobody says them: as the units of the file and its years do.
    register: Register | None = None
    year: int | None = None
    name_zh: str = ""
    name_en: str = ""
    series: DataSeries | None = None
    note: str = ""
    # Whether somebody chose shares, and not the default: then they are meant of rates, too.
    shares_meant: bool = False
    # What a file of some of the indicators is delivered to, and whose figures it holds.
    gathering: Gathering | None = None
    partner: str = ""


class YearUnknown(Refused):
    """Nobody said the year of the data, and the file does not."""

    field = "year"


def start_import(
    *, data: DataFile, totals: DataFile | None, terms: Terms, actor: Account, limits: Limits = UPLOAD
) -> DataImport:
    """Read the files, suggest where columns and rows go, and keep both as a draft of the actor.

    Raises `FileProblems` with everything that keeps the files from being read at all.
    """
    return keep_within_quota(
        lambda: read_import(data=data, totals=totals, terms=terms, actor=actor, limits=limits), actor=actor
    )


def keep_within_quota(read: Callable[[], DataImport], *, actor: Account) -> DataImport:
    """Keep the draft that is read, if the account may keep one more.

    Nothing is locked while it is read, which may take seconds: on SQLite whoever saves a ballot would wait.
    """
    with transaction.atomic():
        check_drafts(actor)
    draft = read()
    with transaction.atomic():
        check_drafts(actor)
        return keep_import(draft, actor=actor)


def read_import(
    *, data: DataFile, totals: DataFile | None, terms: Terms, actor: Account, limits: Limits = UPLOAD
) -> DataImport:
    """Return a draft of the files that is not kept.

    What nobody says of the next file of a series is as it was settled for its newest edition.
    """
    draft = with_terms(DataImport(owner=actor), terms)
    kept = kept_choices(terms.series)
    data = replace(data, choices=kept.below(data.choices, data.ledger))
    log = ProblemLog(data.name)
    known = Known(draft)
    is_read = read_into(draft, data, log, limits, known)
    problems = log.problems
    if totals is not None:
        problems = [*problems, *read_totals_into(draft, totals)]
    if problems or not is_read:
        raise FileProblems(problems)
    if draft.register is None or terms.year is None:
        _take_terms_of_file(draft, terms)
        read_again(draft, draft.choices)
    else:
        suggest_targets(draft, known)
    kept.settle(draft)
    if terms.shares_meant:
        draft.choices = {**draft.choices, SHARES_MEANT: Normalisation.SHARE}
    draft.full_clean(exclude=["values"])
    return draft


def keep_import(draft: DataImport, *, actor: Account) -> DataImport:
    """Keep a draft that was read, until it is stored or thrown away."""
    with bound_blocks():
        draft.save()
    record_act(actor, "start_import", draft, file=draft.file_sha256)
    return draft


@transaction.atomic
def revise_terms(draft: DataImport, *, terms: Terms) -> DataImport:
    """Change what the data are about; for another framework, register or year the file is read anew."""
    draft = locked_import(draft)
    if draft.gathering:
        raise Refused(_("A delivery is about what its gathering is about: send the file in by itself."))
    before = (draft.framework_id, draft.register_id, draft.year)
    with_terms(draft, terms)
    if (draft.framework_id, draft.register_id) != before[:2]:
        draft.column_targets, draft.row_targets = [], []
    if draft.register is None or terms.year is None:
        _take_terms_of_file(draft, terms)
    if (draft.framework_id, draft.register_id, draft.year) != before:
        read_again(draft, {key: said for key, said in draft.choices.items() if key != YEAR})
    draft.full_clean(exclude=["values"])
    draft.save()
    return draft


@transaction.atomic
def choose_reading(draft: DataImport, *, choices: Mapping[str, str]) -> DataImport:
    """Read the file of a draft again by other choices; what was mapped and corrected by hand stays.

    Some of them may settle what the others bring up.

    Raises `FileProblems` where it cannot be read so.
    """
    draft = locked_import(draft)
    if not draft.file:
        raise Refused(_("The file is too large to be kept. Send it again with its choices."))
    offered = {made.key: made.options for made in decisions_of(draft)}
    _refuse({key: said for key, said in choices.items() if offered.get(key) and said not in offered[key]})
    if YEAR in choices and draft.year in years_of(draft):
        draft.year = int(choices[YEAR])
    read_again(draft, {**draft.choices, **choices})
    # Under a bare kind one answer holds for all of the kind.
    made = {(name, one.value) for one in decisions_of(draft) for name in (one.key, one.kind)}
    _refuse({key: said for key, said in choices.items() if key not in offered and (key, said) not in made})
    draft.save()
    return draft


def _refuse(choices: Mapping[str, str]) -> None:
    if choices:
        message = _("“%(value)s” cannot be chosen for “%(key)s”.")
        raise Refused(*(message % {"key": key, "value": value} for key, value in choices.items()))


@transaction.atomic
def settle_targets(draft: DataImport, *, columns: Mapping[int, str], rows: Mapping[int, str]) -> DataImport:
    """Let columns and rows go where somebody says, by their place; '' leaves one open.

    Raises `Refused` naming every target that there is not.
    """
    return _with_targets(draft, partial(set_targets, columns=columns, rows=rows))


@transaction.atomic
def accept_suggestions(draft: DataImport) -> DataImport:
    """Take every nearest name for what was meant."""
    return _with_targets(draft, take_nearest)


@transaction.atomic
def leave_out_columns(draft: DataImport) -> DataImport:
    """Leave out every column that stands for no indicator yet: a publisher's file has many."""
    return _with_targets(draft, set_columns_aside)


def _with_targets(draft: DataImport, settle: Callable[[DataImport], None]) -> DataImport:
    draft = locked_import(draft)
    settle(draft)
    draft.save(update_fields=["column_targets", "row_targets"])
    return draft


@transaction.atomic
def correct_cells(draft: DataImport, *, cells: Mapping[Place, str]) -> DataImport:
    """Write cells anew, by (row, column); the file stays as it was sent."""
    draft = locked_import(draft)
    height, width = len(draft.units), len(draft.columns)
    known = {(row, column): text for row, column, text in draft.corrections}
    for (row, column), text in cells.items():
        if not (0 <= row < height and 0 <= column < width):
            raise Refused(_("The file has no such cell. Reload the page."))
        known[row, column] = text.strip()[:100]
    draft.corrections = [[row, column, text] for (row, column), text in sorted(known.items())]
    draft.save(update_fields=["corrections"])
    return draft


@transaction.atomic
def settle_rates(draft: DataImport, *, normalisation: str) -> DataImport:
    """Normalise the whole index otherwise, or say that shares of rates, indices and percentages are meant."""
    draft = locked_import(draft)
    if normalisation == Normalisation.SHARE:
        asked = {f"{SHARES_MEANT}:{one.column}": normalisation for one in review_of(draft).asks_of_shares}
        draft.choices = {**draft.choices, **asked}
    else:
        own = choice_as_stated(draft.method, draft.framework_id)
        draft.method = use_method(**{**vars(own), "normalisation": normalisation})
    draft.save(update_fields=["choices", "method"])
    return draft


@transaction.atomic
def change_import(
    draft: DataImport,
    *,
    columns: Mapping[int, str],
    rows: Mapping[int, str],
    cells: Mapping[Place, str],
    accept: bool,
    choices: Mapping[str, str] | None = None,
    leave_out: bool = False,
    rates: str = "",
) -> DataImport:
    """Read anew by choices, settle targets, take suggestions, and correct cells: all of it, or nothing.

    ``rates`` is the normalisation that settles what is asked of rates.
    """
    if choices:
        draft = choose_reading(draft, choices=choices)
    draft = settle_targets(draft, columns=columns, rows=rows)
    if accept:
        draft = accept_suggestions(draft)
    if leave_out:
        draft = leave_out_columns(draft)
    draft = correct_cells(draft, cells=cells)
    return settle_rates(draft, normalisation=rates) if rates else draft


@transaction.atomic
def add_unit(draft: DataImport, *, row: int, unit: CityRow, actor: Account) -> City:
    """Add a unit to the register and let a row go to it."""
    (city,) = register_cities([unit], actor=actor, register=draft.register)
    settle_targets(draft, columns={}, rows={row: str(city.pk)})
    return city


@transaction.atomic
def store_import(
    draft: DataImport, *, actor: Account, versions: Sequence[WeightVersion] | None = None
) -> DataSet:
    """Make an edition of a draft that nothing keeps back; the draft goes, its mapping stays.

    It is computed under the frozen ``versions``, or under all of them.

    Raises `ImportBlocked` with all blockers, or `Refused` when the same data is stored already.
    """
    draft = locked_import(draft)
    data_set = store_read(draft, actor=actor, versions=versions)
    draft.delete()
    return data_set


def store_read(
    draft: DataImport, *, actor: Account, versions: Sequence[WeightVersion] | None = None
) -> DataSet:
    """Make an edition of a draft, which need not be kept, in a transaction of the caller."""
    if draft.gathering:
        raise Refused(_("This import is a delivery: deliver it to its gathering."))
    return add_edition(draft, storable(draft), actor=actor, versions=versions)


def check_drafts(actor: Account) -> None:
    """Refuse one more import of an account that keeps as many as it may."""
    check_quota(
        DataImport.objects.filter(owner=actor),
        most=settings.MOST_IMPORT_DRAFTS,
        words=_("You keep %(count)d imports as drafts: store or discard one first."),
        actor=actor,
    )


def locked_import(draft: DataImport) -> DataImport:
    """Lock the row of a draft; its file and its values, which are large, are fetched when they are read."""
    locked = DataImport.objects.select_for_update(of=("self",)).select_related(
        "framework", "register", "series", "method", "gathering"
    )
    found = locked.defer("file", "values").filter(pk=draft.pk).first()
    if found is None:
        raise Refused(_("This import was stored or thrown away meanwhile."))
    return found


def with_terms(draft: DataImport, terms: Terms) -> DataImport:
    """Let a draft be about something."""
    series = terms.series
    draft.gathering, draft.partner = terms.gathering, terms.partner
    draft.framework, draft.note = terms.framework, terms.note
    if terms.year is not None:
        draft.year = terms.year
    draft.register = series.register if series else terms.register
    draft.method, draft.series = terms.method, series
    draft.name_zh = series.name_zh if series else terms.name_zh
    draft.name_en = series.name_en if series else terms.name_en
    if series and series.framework_id != terms.framework.pk:
        raise Refused(
            _("“%(name)s” belongs to another framework. Choose that one, or begin a new series.")
            % {"name": series.name}
        )
    return draft


def _take_terms_of_file(draft: DataImport, terms: Terms) -> None:
    """Complete what nobody said: the register that has the units of the file, and its last year."""
    draft.register = draft.register or register_of(draft.units)
    if terms.year is None:
        said = [
            int(made.value) for made in decisions_of(draft) if made.key == YEAR and made.value.isdecimal()
        ]
        years = years_of(draft) or said
        if not years:
            raise YearUnknown(_("The file does not say of which year it is. Fill in the year of the data."))
        draft.year = years[-1]
