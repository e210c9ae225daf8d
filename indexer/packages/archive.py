"""The files of a package: a ZIP that describes itself, and a workbook with the same tables."""

import codecs
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from indexer.citations import cff, citation_of
from indexer.method_words import method_words
from indexer.models import IndexEdition, IndexMethod, Run
from indexer.numeric.method.plan import MethodPlan
from indexer.packages.contents import Contents
from indexer.packages.tables import Resource, resources_of
from indexer.selectors.plans import asked_beside, plan_of
from indexer.selectors.published import edition_of_run
from weighting.enums import Language
from weighting.exports import Fact, table_bytes, workbook_of, zip_of
from weighting.manifest import hash_bytes

# Numbers to be written for one package while somebody waits: some ten seconds for a workbook.
MOST_NUMBERS = 500_000
VERIFIER = Path(settings.BASE_DIR) / "tools" / "verify_weight_version.py"
METHOD_FIELDS = [field.name for field in IndexMethod._meta.concrete_fields if not field.primary_key]
# What the command line says of a method, by the method's own field.
OPTIONS = (
    "normalisation",
    "negative",
    "missing",
    "aggregation",
    "coverage",
    "floor",
    "scale",
    "digits",
    "outliers",
    "skewness_limit",
    "kurtosis_limit",
    "winsorised_most",
)


def is_large(run: Run) -> bool:
    """Whether a package takes longer than somebody waits for a page: an operator's command makes it."""
    leaves = len(run.data_set.leaf_codes)
    # Raw, normalised, scores and ranks; a tree has seldom more inner nodes than leaves.
    return 6 * leaves * len(run.data_set.city_ids) > MOST_NUMBERS


def package_of(run: Run) -> bytes:
    """Return everything of a finished run as a ZIP; the same run gives the same bytes."""
    return zip_of(Package(Contents(run)).files)


def workbook_of_run(run: Run) -> bytes:
    """Return the tables of the package as the sheets of a workbook."""
    package = Package(Contents(run))
    facts = [Fact(name, name, value) for name, value in package.provenance.items()]
    facts.append(Fact("method", "method", package.method["words_en"]))
    return workbook_of({resource.name: resource.table for resource in package.resources}, facts)


def state_of(run: Run) -> str:
    """Return all that the package of a run depends on, without its tables."""
    package = Package(Contents(run))
    terms = {code: [own.source, own.licence] for code, own in package.contents.terms.items()}
    return _json({"about": package.about, "citation": package.citation, "run": run.pk, "terms": terms})


@dataclass(frozen=True, eq=False)
class Package:
    """The files of a run, described."""

    contents: Contents

    @cached_property
    def resources(self) -> list[Resource]:
        return resources_of(self.contents)

    @cached_property
    def tables(self) -> dict[str, bytes]:
        """The tables as files; without the mark that spreadsheets want, which other programs trip over."""
        return {
            f"{resource.name}.csv": table_bytes("csv", resource.table).removeprefix(codecs.BOM_UTF8)
            for resource in self.resources
        }

    @cached_property
    def edition(self) -> IndexEdition | None:
        """The newest edition that publishes the run, whose owner says what may be done with it."""
        return edition_of_run(self.contents.run)

    @property
    def title(self) -> str:
        named: Any = self.edition.index if self.edition else self.contents.run.data_set
        return " / ".join(dict.fromkeys(filter(None, (named.name_zh, named.name_en))))

    @cached_property
    def files(self) -> dict[str, bytes]:
        """All files by name."""
        texts = {
            "datapackage.json": _json(self.descriptor),
            "method.json": _json(self.method),
            "README.md": render_to_string("indexer/package/README.md", self.words),
        }
        if self.citation:
            texts["CITATION.cff"] = self.citation
        if self.command:
            texts["command.txt"] = f"{self.command}\n"
        return {
            **self.tables,
            **{name: text.encode() for name, text in texts.items()},
            "manifest.json": bytes(self.contents.run.weight_version.manifest or b""),
            VERIFIER.name: VERIFIER.read_bytes(),
        }

    @property
    def provenance(self) -> dict[str, Any]:
        """What all tables were computed from and by, said once."""
        run, study = self.contents.run, self.contents.study
        facts = {
            "data_set": run.data_set.name_en or run.data_set.name_zh,
            "year": run.data_set.year,
            "data_sha256": run.data_sha256,
            "framework_sha256": run.data_set.framework.sha256,
            "weight_version": run.weight_version.number,
            "manifest_sha256": run.manifest_hash,
            "method_sha256": run.method.sha256,
            "result_sha256": run.result_sha256,
            "code_version": run.code_version,
        }
        if study:
            facts |= {"intervals_by": study.study.kind, "draws": study.study.draws, "seed": study.study.seed}
        return facts

    @cached_property
    def method(self) -> dict[str, Any]:
        """All choices of the method, and the same in words."""
        words = {}
        for language in Language.values:
            with translation.override(language):
                words[f"words_{language[:2]}"] = method_words(self.contents.run.method)
        return {name: getattr(self.contents.run.method, name) for name in METHOD_FIELDS} | words

    @property
    def about(self) -> dict[str, Any]:
        """What the descriptor says of the package as a whole."""
        about: dict[str, Any] = {
            "profile": "tabular-data-package",
            "name": self.edition.index.slug if self.edition else f"quanheng-run-{self.contents.run.pk}",
            "title": self.title,
        }
        if self.edition:
            index = self.edition.index
            about |= {
                "description": "\n\n".join(filter(None, (index.description_zh, index.description_en))),
                "version": str(self.edition.number),
                "licenses": [{"name": index.licence}],
                "contributors": [
                    {"title": name, "role": "author"} for name in citation_of(self.edition).authors
                ],
            }
        if self.contents.withheld:
            about["withheld"] = sorted(self.contents.withheld)
        return {**about, "provenance": self.provenance}

    @property
    def descriptor(self) -> dict[str, Any]:
        """Return the Frictionless descriptor of a tabular data package."""
        described = [_described(resource, self.tables[f"{resource.name}.csv"]) for resource in self.resources]
        return {**self.about, "resources": described}

    @cached_property
    def citation(self) -> str:
        """CITATION.cff of the edition, the same whoever reads it; '' of a run that nobody published."""
        if self.edition is None:
            return ""
        with translation.override(Language.ENGLISH), timezone.override(UTC):
            return cff(citation_of(self.edition))

    @property
    def command(self) -> str:
        """Return the command line that computes the scores again; '' where the files are not enough."""
        if self.contents.withheld:
            return ""
        run = self.contents.run
        plan = plan_of(run.method)
        asked = asked_beside(plan, run.data_set.leaf_codes)
        if asked.earlier or asked.groups or not _is_said_by_options(plan):
            return ""
        words = ["manage.py", "compute_index", "--framework", "framework.csv", "--data", "raw.csv"]
        words += ["--weights", "weights.csv"]
        words += ["--totals", "totals.csv"] if "totals.csv" in self.tables else []
        if run.data_set.auxiliary_codes:
            words += ["--attributes", ",".join(run.data_set.auxiliary_codes)]
        for name in OPTIONS:
            value = getattr(run.method, name)
            words += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
        for leaf, column in sorted(run.method.denominators.items()):
            words += ["--denominator", f"{leaf}={column}"]
        return shlex.join([*words, "--out", "computed"])

    @property
    def words(self) -> Mapping[str, Any]:
        """What README.md is written with."""
        return {
            "title": self.title,
            "edition": self.edition,
            "run": self.contents.run,
            "resources": self.resources,
            "method": self.method,
            "command": self.command,
            "withheld": sorted(self.contents.withheld),
            "verifier": VERIFIER.name,
        }


def _is_said_by_options(plan: MethodPlan) -> bool:
    """Whether the whole is formed as an inner node is unless it has a way of its own."""
    return plan.node_step() == plan.node


def _described(resource: Resource, content: bytes) -> dict[str, Any]:
    fields = [field._asdict() for field in resource.fields]
    return {
        "profile": "tabular-data-resource",
        "name": resource.name,
        "title": resource.title,
        "path": f"{resource.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hash_bytes(content)}",
        "schema": {"fields": fields, "primaryKey": list(resource.key), "missingValues": [""]},
    }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
