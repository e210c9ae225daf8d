"""Ask whether an index holds together, from files to files; no database is opened."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from indexer.audit_files import (
    TABLES,
    UNWEIGHTED_TABLES,
    AnyAudit,
    Audit,
    AuditTable,
    UnweightedAudit,
    write_audit,
)
from indexer.management.index_files import (
    Inputs,
    add_arguments_without_weights,
    index_of,
    normalise_inputs,
    read_data_alone,
    read_inputs,
    score_inputs,
    write_together,
)
from indexer.numeric.coherence.audit import ScoredIndex
from indexer.numeric.coherence.unweighted import unweighted_index
from weighting.exports import neutralise


class Command(BaseCommand):
    """Files in, files out: the tables of an audit, all or none of them; four of five without weights."""

    help = (
        "Write correlations, groups, importance, indicators and units of an index, without a database. "
        "Where no weights are given, what the data alone say is written, and no importance."
    )
    # Some checks look at the database, which need not exist here.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments_without_weights(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and check everything, compute, and only then write."""
        if options["weights"] or options["scores"]:
            _write(options, _audit(read_inputs(options, self.stdout.write), options), TABLES)
            tables = list(TABLES)
        else:
            _write(options, _unweighted(options), UNWEIGHTED_TABLES)
            tables = list(UNWEIGHTED_TABLES)
        names = ", ".join(f"{name}.csv" for name in tables)
        self.stdout.write(_("Wrote %(names)s to %(path)s.") % {"names": names, "path": options["out"]})


def _write(options: dict[str, Any], audit: AnyAudit, tables: dict[str, AuditTable[AnyAudit]]) -> None:
    write_together(options["out"], lambda folder: write_audit(folder, audit, tables))


def _unweighted(options: dict[str, Any]) -> UnweightedAudit:
    framework, data = read_data_alone(options)
    index = unweighted_index(framework.tree, data.values, framework.directions)
    units = [neutralise(unit) for unit in data.units]
    # Files have no register, and so no codes of its units.
    return UnweightedAudit(index, units, [""] * len(units))


def _audit(inputs: Inputs, options: dict[str, Any]) -> Audit:
    tree, made = inputs.framework.tree, normalise_inputs(inputs, options)
    scored = score_inputs(inputs, made)
    scores = scored.with_leaves(tree, made.values)
    index = index_of(inputs, made.values[scored.ranked])
    return Audit(
        scored=ScoredIndex(tree, inputs.local, inputs.global_, inputs.data.values, scores, scored.scores[0]),
        index=lambda: index,
        values=index.normalised.size,
        units=[neutralise(unit) for unit in inputs.data.units],
    )
