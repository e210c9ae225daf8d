"""Ask whether an index holds together, from files to files; no database is opened."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from indexer.audit_files import TABLES, Audit, write_audit
from indexer.management.index_files import (
    Inputs,
    add_arguments,
    index_of,
    normalise_inputs,
    read_inputs,
    score_inputs,
    write_together,
)
from indexer.numeric.coherence.audit import ScoredIndex
from weighting.exports import neutralise


class Command(BaseCommand):
    """Files in, files out: the five tables of an audit, all or none of them."""

    help = "Write correlations, groups, importance, indicators and units of an index, without a database."
    # Some checks look at the database, which need not exist here.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and check everything, compute, and only then write."""
        inputs = read_inputs(options, self.stdout.write)
        audit = _audit(inputs, options)
        write_together(options["out"], lambda folder: write_audit(folder, audit))
        names = ", ".join(f"{name}.csv" for name in TABLES)
        self.stdout.write(_("Wrote %(names)s to %(path)s.") % {"names": names, "path": options["out"]})


def _audit(inputs: Inputs, options: dict[str, Any]) -> Audit:
    tree, made = inputs.framework.tree, normalise_inputs(inputs, options)
    scored = score_inputs(inputs, made)
    scores = scored.with_leaves(tree, made.values)
    return Audit(
        scored=ScoredIndex(tree, inputs.local, inputs.global_, inputs.data.values, scores, scored.scores[0]),
        index=index_of(inputs, made.values[scored.ranked]),
        units=[neutralise(unit) for unit in inputs.data.units],
    )
