"""The findings of an import in words: on the page and as a file."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from indexer.intake.assessment import Finding
from indexer.intake.mapping import LeafNames
from indexer.method_words import method_words, name_and_code
from indexer.models import DataImport
from weighting.exports import Fact, Heading
from weighting.models.named import in_own_language


def report_columns() -> list[Heading]:
    """Return the columns of the file."""
    return [
        Heading("kind", _("Kind")),
        Heading("rule", _("Rule")),
        Heading("row", _("Row")),
        Heading("unit", _("Unit")),
        Heading("column", _("Column")),
        Heading("value", _("Value")),
        Heading("message", _("What to do")),
    ]


def report_facts(draft: DataImport) -> list[Fact]:
    """Return what the report is about."""
    return [
        Fact("file", _("File"), draft.file_name),
        Fact("file_sha256", _("SHA-256 of the file"), draft.file_sha256),
        Fact("data_set", _("Data set"), draft.name),
        Fact("year", _("Year"), draft.year),
        Fact("method", _("Method"), method_words(draft.method)),
    ]


def rule_words(rule: str) -> str:
    """Name a rule of the report."""
    return {
        "correction": _("stored already"),
        "renamed": _("another name"),
        "unmapped": _("not matched"),
        "duplicate": _("given twice"),
        "no_column": _("no column"),
        "total": _("no total"),
        "not_a_number": _("no number"),
        "missing": _("missing"),
        "negative": _("negative"),
        "constant": _("constant"),
        "outliers": _("outliers"),
        "unit_jump": _("another unit"),
        "jump": _("moved far"),
        "repeated": _("repeated"),
        "left_out": _("left out"),
        "undecided": _("to be decided"),
        "rate": _("no sum"),
        "not_computable": _("cannot be computed"),
    }[rule]


def finding_rows(findings: Iterable[Finding], leaves: Iterable[LeafNames]) -> list[dict[str, Any]]:
    """Return findings as the page lists them, each with its indicator by name and its field."""
    names = {leaf.code: in_own_language(leaf.name_zh, leaf.name_en) for leaf in leaves}
    return [
        {
            "finding": finding,
            "column": name_and_code(finding.column, names),
            "rule": rule_words(finding.rule),
            "field": f"cell-{finding.cell[0]}-{finding.cell[1]}" if finding.cell else "",
            "filled": finding.value if finding.proposal is None else finding.proposal,
        }
        for finding in findings
    ]


def report_rows(findings: Iterable[Finding]) -> Iterator[tuple[object, ...]]:
    """Yield the lines of the file."""
    for finding in findings:
        yield (
            _("blocker") if finding.severity == "blocker" else _("note"),
            rule_words(finding.rule),
            finding.line or "",
            finding.unit,
            finding.column,
            finding.value,
            finding.message,
        )
