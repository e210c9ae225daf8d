"""A draft looked through: what it would store, and what keeps it back or is to be known about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer.frames import DataTable, check_columns, treatment_of
from indexer.intake.assessment import Content, Finding, Mapped, Severity, assess, content_of
from indexer.intake.clean import OF_COLUMNS
from indexer.intake.rates import why_no_sum
from indexer.intake.sheets import Sheet
from indexer.models import DataImport
from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.method.gaps import MISSING_POLICIES, Beside
from indexer.numeric.method.leaf_steps import RawColumns, normalise_leaves
from indexer.numeric.method.node_steps import may_refuse, refused_faults
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.numeric.method.plan import MethodPlan
from indexer.selectors.data_imports import (
    decisions_of,
    edition_before,
    leaf_names,
    leaves_of,
    mapped_to,
    open_decisions,
    series_of,
)
from indexer.selectors.data_sets import RawData, last_values_before, normalise_raw_data, structure_of
from indexer.selectors.faults import fault_text, units_with_values
from indexer.selectors.import_identity import corrected_edition, units_named_otherwise
from indexer.selectors.methods import stated_cells
from indexer.selectors.plans import asked_beside, plan_of
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.readers import ProblemLog
from weighting.readers.decisions import Decision
from weighting.readers.hidden import HIDDEN, LEFT_OUT
from weighting.readers.questions import question
from weighting.sentences import join_sentences

# The key under which a draft keeps that shares are meant, of all its rates or, with a code behind it, of one.
SHARES_MEANT = "shares"


@dataclass(frozen=True, eq=False)
class Review:
    """A draft looked through: what it would store, and all that is to be said about it."""

    draft: DataImport
    mapped: Mapped
    content: Content
    findings: list[Finding]

    @property
    def blockers(self) -> list[Finding]:
        """What must be corrected before the data set can be stored."""
        return [finding for finding in self.findings if finding.severity == "blocker"]

    @property
    def asks_of_shares(self) -> list[Finding]:
        """The indicators of which it is asked whether shares of their sums are meant."""
        return [finding for finding in self.blockers if finding.rule == "rate"]

    @property
    def notes(self) -> list[Finding]:
        """What to know, and perhaps to look into."""
        return [finding for finding in self.findings if finding.severity == "note"]


def review_of(draft: DataImport) -> Review:
    """Look through a draft, as it is mapped and corrected now."""
    leaves = leaves_of(draft.framework_id)
    mapped = mapped_to(draft, leaf_names(leaves))
    if draft.gathering_id:
        return _review_of_part(draft, mapped)
    content = content_of(mapped)
    rates, plan = list[Finding](), plan_of(draft.method)
    treatment = treatment_of(plan)
    findings = assess(
        mapped,
        content,
        takes_missing=treatment.takes_missing,
        takes_negative=treatment.takes_below_zero,
        look=lambda place, column: rates.extend(_rate(draft, plan, leaves[place], column)),
    )
    rates += _not_shown(draft)
    about = [*corrected_edition(draft, mapped, content), *units_named_otherwise(draft, mapped)]
    findings = _with_decisions(draft, mapped.sheet, [*about, *rates, *findings])
    wrong = _not_computable(draft, leaves, mapped, content, findings)
    return Review(draft, mapped, content, [*findings, *wrong])


def _review_of_part(draft: DataImport, mapped: Mapped) -> Review:
    """Look through a delivery: whether the edition can be computed is asked once all of it is there."""
    own = mapped.columns_by_code
    if own:
        mapped = replace(mapped, leaves=[leaf for leaf in mapped.leaves if leaf.code in own])
    content = content_of(mapped)
    findings = assess(mapped, content, takes_missing=_takes_all, takes_negative=_takes_all)
    findings += _not_shown(draft)
    return Review(draft, mapped, content, _with_decisions(draft, mapped.sheet, findings))


def _takes_all(_code: str) -> bool:
    return True


def _with_decisions(draft: DataImport, sheet: Sheet, findings: Iterable[Finding]) -> list[Finding]:
    """Put what is open in front; the cells of a column that is asked about are no faults one by one."""
    open_ones = open_decisions(draft)
    asked = {made.subject for made in open_ones if made.kind in OF_COLUMNS}

    def is_asked(finding: Finding) -> bool:
        cell = finding.cell if finding.rule == "not_a_number" else None
        return cell is not None and sheet.columns[cell[1]] in asked

    return [*map(_as_finding, open_ones), *(finding for finding in findings if not is_asked(finding))]


def _as_finding(made: Decision) -> Finding:
    message = _("%(question)s: choose in the mapping.") % {"question": question(made)}
    return Finding("blocker", "undecided", message, column=made.subject, value=_(", ").join(made.samples))


def _not_shown(draft: DataImport) -> Iterator[Finding]:
    """Rows and columns that a workbook does not show, as long as they are left out."""
    message = _("The workbook does not show this, so it is left out. The mapping offers to read it.")
    for made in decisions_of(draft):
        if made.kind in HIDDEN and made.value == LEFT_OUT:
            yield Finding("note", "left_out", message, value=_(", ").join(made.samples))


def _rate(draft: DataImport, plan: MethodPlan, leaf: Indicator, values: FloatArray) -> Iterator[Finding]:
    """A rate, an index or a percentage of which the method would take shares as nobody said it should."""
    takes_shares = NORMALISATIONS[plan.leaf_step(leaf.code).normalisation].is_part_of_total
    is_said = "normalisation" in plan.leaves.get(leaf.code, {}) or leaf.code in draft.method.denominators
    if not takes_shares or is_said:
        return
    why = why_no_sum(names=(leaf.name_zh, leaf.name_en), unit=leaf.unit, values=values)
    is_meant = not {SHARES_MEANT, f"{SHARES_MEANT}:{leaf.code}"}.isdisjoint(draft.choices)
    # A range alone tells too little to ask.
    asks = why != "range" and not is_meant
    if why:
        severity: Severity = "blocker" if asks else "note"
        yield Finding(severity, "rate", _rate_words(why, asks), column=leaf.code, value=leaf.unit)


def _rate_words(why: str, asks: bool) -> str:
    reason = {
        "unit": _("The unit says that this is a rate, an index or a percentage."),
        "name": _("The name says that this is a rate, an index, a mean or a percentage."),
        "range": _("All values lie between 0 and 1, as rates do."),
    }[why]
    sentences = [reason, _("A sum of such values over units is no total, and shares of it say little.")]
    if asks:
        sentences.append(_("Choose another normalisation, or say that shares are meant."))
    return join_sentences(sentences)


def _not_computable(
    draft: DataImport,
    leaves: list[Indicator],
    mapped: Mapped,
    content: Content,
    findings: list[Finding],
) -> list[Finding]:
    """What the method cannot compute with, of the columns that have no other fault."""
    faulty = _faulty_columns(mapped, findings)
    clean = np.array([leaf.code not in faulty for leaf in mapped.leaves], dtype=bool)
    if not content.keys or not clean.any():
        return []
    codes = [leaf.code for leaf in mapped.leaves if leaf.code not in faulty]
    directions = np.array([leaf.direction for leaf in leaves])[clean]
    treatment = treatment_of(plan_of(draft.method))
    units = tuple(mapped.labels[key] for key in content.keys)
    # No copy of what is large where all of it is clean.
    values = content.values if clean.all() else content.values[:, clean]
    table = DataTable(units, tuple(codes), values, {}, ())
    log, totals = ProblemLog(draft.file_name), content.totals[clean]
    before = _carried_into(draft, content, codes)
    check_columns(table, log, directions, totals, treatment=treatment, before=before)
    wrong = [(problem.column, problem.message) for problem in log.problems]
    bare = list(_bare_units(draft, mapped, content))
    if not wrong and not faulty and not bare:
        wrong = _never_formed(draft, table, directions, totals, before) or _optional_steps_refused(
            draft, leaves, mapped, content
        )
    stated = stated_cells(draft.framework_id) if wrong else {}
    return [
        *bare,
        *(
            Finding(
                "blocker", "not_computable", _where_stated(message, stated.get(column, {})), column=column
            )
            for column, message in wrong
        ),
    ]


def _where_stated(message: str, cells: Mapping[str, Any]) -> str:
    """Lead to the row of the framework's file that decides how a column is normalised."""
    if not {"normalisation", "transform"} & cells.keys():
        return message
    there = _(
        "Its row in the file of the framework says how it is normalised: change it there, import that file, "
        "and send these data again."
    )
    return join_sentences([message, there])


def takes_bare_units(draft: DataImport, codes: Iterable[str]) -> bool:
    """Whether the method can do with units that have no value: it fills some in, or leaves them unranked."""
    treatment = treatment_of(plan_of(draft.method))
    policies = (MISSING_POLICIES[treatment.step(code).imputation] for code in codes)
    return treatment.may_be_empty or not all(policy.leaves_gaps for policy in policies)


def _bare_units(draft: DataImport, mapped: Mapped, content: Content) -> Iterator[Finding]:
    """Name the units that have no value, where the method cannot do with any."""
    if takes_bare_units(draft, (leaf.code for leaf in mapped.leaves)):
        return
    message = _("The unit has no value at all. Fill some in, or leave the row out in the mapping.")
    for place in np.flatnonzero(np.isnan(content.values).all(axis=1)):
        row = content.rows[place]
        line, unit = mapped.sheet.lines[row], mapped.sheet.units[row]
        yield Finding("blocker", "not_computable", message, line, unit)


def _faulty_columns(mapped: Mapped, findings: Iterable[Finding]) -> set[str]:
    """Return the columns that something else keeps back, by their codes and by their heads."""
    faulty = {finding.column for finding in findings if finding.severity == "blocker" and finding.column}
    # What is asked is asked of a column by its head.
    places = mapped.columns_by_code.items()
    return faulty | {code for code, place in places if mapped.sheet.columns[place] in faulty}


def _optional_steps_refused(
    draft: DataImport, leaves: list[Indicator], mapped: Mapped, content: Content
) -> list[tuple[str, str]]:
    """What denominators or the treatment of outliers cannot do with sound columns."""
    if not draft.method.is_prepared:
        return []
    raw = RawData(
        codes=[leaf.code for leaf in leaves],
        directions=np.array([leaf.direction for leaf in leaves]),
        values=content.values,
        totals=content.totals,
        beside=content.beside,
        units=[mapped.labels[key] for key in content.keys],
        before=_carried_into(draft, content, [leaf.code for leaf in leaves]),
    )
    try:
        normalise_raw_data(raw, draft.method)
    except NormalisationError as error:
        names = {leaf.code: leaf.name for leaf in leaves}
        return [
            (
                "",
                fault_text(
                    f.kind, codes=[names.get(code, code) for code in f.codes], units=units_with_values(f)
                ),
            )
            for f in error.faults
        ]
    return []


def _carried_into(draft: DataImport, content: Content, codes: Sequence[str]) -> FloatArray | None:
    """Return the last values of earlier editions, (units, leaves), where the method carries them."""
    if not asked_beside(plan_of(draft.method), codes).earlier:
        return None
    earlier = edition_before(series_of(draft), draft.year)
    return last_values_before(earlier, [int(key) for key in content.keys], codes)


def _never_formed(
    draft: DataImport,
    table: DataTable,
    directions: IntArray,
    totals: FloatArray,
    before: FloatArray | None,
) -> list[tuple[str, str]]:
    """Return the columns that a mean above them cannot use, and why."""
    plan, tree = plan_of(draft.method), structure_of(draft.framework_id).tree
    if not may_refuse(tree, plan.node_steps(tree)):
        return []
    raw = RawColumns(table.values, directions, table.codes, table.units, totals, beside=Beside(before=before))
    try:
        values = normalise_leaves(raw, plan.leaf_steps(tree)).values
    except NormalisationError:
        return []
    words: dict[str, str] = {
        "not_positive": _(
            "This mean needs normalised values above zero. Correct the column, state a floor, or choose the "
            "arithmetic mean."
        ),
        "below_zero": _("This mean takes no values below zero. Correct the column or choose another one."),
    }
    faults = refused_faults(tree, table.codes, values, plan.node_steps(tree), table.units)
    return [(fault.codes[0], words[fault.kind]) for fault in faults]
