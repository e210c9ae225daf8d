"""Other methods of computing the same index, crossed with weights."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.charts.studies import Amount
from indexer.enums import Aggregation, Missing, Normalisation, StudyKind
from indexer.job_words import failure_words, reason_names
from indexer.models import Register, Run, Study
from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.index import Index, many_ranks
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.memory import rank_memory
from indexer.numeric.studies.plans import GivenVersions, RankPlan, Versions
from indexer.numeric.studies.rank_counts import summarise_shifts
from indexer.numeric.studies.tallies import counts_of
from indexer.selectors.studies import StudyResult
from indexer.studies.base import Base
from indexer.studies.fields import Fields, draws_fields
from indexer.studies.kind import Drawings, MemoryNeed, Planned, StudyFigure, Words
from indexer.studies.other_methods import changed_method, composite_fault, index_by
from indexer.studies.questions import MOST_DRAWS, Question, Reader
from indexer.studies.rank_figures import amounts_figure
from indexer.studies.ranked import RankedKind
from indexer.studies.weights import AROUND, AS_THEY_ARE, WeightChoice, seeded
from indexer.studies.words import labels_of
from weighting.exceptions import Refused
from weighting.models import Indicator
from weighting.sentences import join_sentences

WEIGHTS = WeightChoice((*AROUND, AS_THEY_ARE))
# Shares are offered where the index takes them itself: of rates they mean nothing.
USUAL_NORMALISATIONS = ("minmax", "zscore", "rank")
USUAL_AGGREGATIONS = ("arithmetic", "geometric")
MOST_PROBLEMS = 10


@dataclass(frozen=True)
class Variant:
    """One way of computing the index; ``problem`` says why it is left out, if it is.

    It is "no_gaps" for a policy about missing values that the data make the same as the first, or
    "normalisation" or "aggregation", whose ``faults`` say what it complained of.
    """

    normalisation: str
    missing: str
    aggregation: str
    problem: str = ""
    faults: tuple[Mapping[str, Any], ...] = ()


class Variants(RankedKind):
    """Would another normalisation, aggregation or rule for gaps change the order?"""

    code = StudyKind.VARIANTS.value
    is_paired = True
    is_repeatable = False
    draws_range = (1, MOST_DRAWS)

    def question(self, register: Register) -> str:
        return _("Would another normalisation, aggregation or rule for gaps change the order?")

    def fields(self, register: Register) -> Fields:
        chosen = {
            "normalisations": (_("Normalisations"), Normalisation),
            "missing": (_("Missing values"), Missing),
            "aggregations": (_("Aggregations"), Aggregation),
        }
        several: Fields = {
            name: forms.MultipleChoiceField(
                label=label, choices=values.choices, widget=forms.CheckboxSelectMultiple
            )
            for name, (label, values) in chosen.items()
        }
        return several | WEIGHTS.fields() | draws_fields()

    def offered(self, run: Run) -> dict[str, Any]:
        """Choose the run's own steps, too: another rule for gaps may leave nothing that can be computed."""
        own = run.method
        return {
            "normalisations": [*USUAL_NORMALISATIONS, own.normalisation],
            "missing": [own.missing],
            "aggregations": [*USUAL_AGGREGATIONS, own.aggregation],
        }

    def read(self, base: Base, reader: Reader) -> dict[str, Any]:
        return WEIGHTS.read(reader) | {
            "normalisations": reader.choices("normalisations", Normalisation.values),
            "missing": reader.choices("missing", Missing.values),
            "aggregations": reader.choices("aggregations", Aggregation.values),
        }

    def is_drawn(self, parameters: Mapping[str, Any]) -> bool:
        return parameters["weights"] != AS_THEY_ARE.name

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return WEIGHTS.rests_on_ballots(parameters)

    def varies_imputation(self, parameters: Mapping[str, Any]) -> bool:
        return len(parameters["missing"]) > 1

    def memory_asked(self, base: Base, question: Question) -> MemoryNeed:
        leaves, methods = len(base.tree.leaves), len(_combinations(base, question.parameters))
        return lambda units: rank_memory(units=units, leaves=leaves, methods=methods)

    def plan(self, base: Base, question: Question) -> Planned:
        indices, variants = variant_indices(base, question.parameters)
        if not indices:
            reasons = [
                _problem_line(vars(v), question.parameters, base.data_set.framework_id) for v in variants
            ]
            raise Refused(
                _("None of these combinations can be computed: choose other methods."),
                *list(dict.fromkeys(reasons))[:MOST_PROBLEMS],
            )
        plan = RankPlan(indices, _versions(base, question))
        return Planned(base, question, plan, question.draws, (indices, variants))

    def own_result(self, planned: Planned, tally: Tally) -> tuple[Tally, dict[str, Any]]:
        """Return every combination: R_S with the nominal weights and over the draws, or why not."""
        indices, variants = planned.detail
        index = planned.base.index
        figures, place = [], 0
        for variant in variants:
            row = asdict(variant)
            if not variant.problem:
                ranks = many_ranks(indices[place], index.local[:, np.newaxis])[0]
                row["nominal_r_s"] = float(np.abs(ranks - index.nominal_ranks).mean())
                row["first"] = int(ranks.argmin())
                row["r_s"] = asdict(summarise_shifts(counts_of(tally, place)))
                place += 1
            figures.append(row)
        return {}, {"variants": figures}

    def parameter_words(
        self, parameters: Mapping[str, Any], units: Mapping[int, str], register: Register
    ) -> Words:
        return [
            *WEIGHTS.words(parameters),
            (_("Normalisations"), labels_of(Normalisation, parameters["normalisations"])),
            (_("Missing values"), labels_of(Missing, parameters["missing"])),
            (_("Aggregations"), labels_of(Aggregation, parameters["aggregations"])),
        ]

    def finding(self, result: StudyResult, nodes: list[Indicator]) -> str:
        most_moving = _counted(result.study)[0]
        if not most_moving["r_s"]["mean"]:
            return _("No %(unit)s changes its rank") % {"unit": result.cities.register.unit}
        return _("“%(variant)s” moves the %(units)s most, by %(shift)s places on average") % {
            "variant": _variant_words(most_moving, result.study.parameters),
            "units": result.cities.register.units,
            "shift": f"{most_moving['r_s']['mean']:.2f}",
        }

    def own_drawings(
        self, result: StudyResult, nodes: list[Indicator], source: str
    ) -> tuple[Drawings, Drawings]:
        return {"variants": lambda: _variants_figure(result, source)}, {}

    def left_out(self, study: Study) -> list[str]:
        """Say which combinations are left out and why; those that are the same as another, together."""
        variants = study.summary["variants"]
        framework = study.run.data_set.framework_id
        problems = [
            _problem_line(variant, study.parameters, framework)
            for variant in variants
            if variant["problem"] not in ("", "no_gaps")
        ]
        if same := sum(variant["problem"] == "no_gaps" for variant in variants):
            sentence = ngettext(
                "No value is missing, so %(count)s combination is the same as one that is counted.",
                "No value is missing, so %(count)s combinations are the same as one that is counted.",
                same,
            )
            problems.append(sentence % {"count": same})
        return problems


def variant_indices(base: Base, parameters: Mapping[str, Any]) -> tuple[list[Index], list[Variant]]:
    """Return the index of each combination that can be computed, and all combinations."""
    indices, variants = [], []
    counted = _combinations(base, parameters)
    for normalisation, missing, aggregation in product(
        parameters["normalisations"], parameters["missing"], parameters["aggregations"]
    ):
        variant = Variant(normalisation, missing, aggregation, "no_gaps")
        if (normalisation, missing, aggregation) in counted:
            variant, made = _variant_index(base, replace(variant, problem=""))
            indices += [made] if made else []
        variants.append(variant)
    return indices, variants


def _combinations(base: Base, parameters: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Return the combinations that are tried: without gaps all policies about them are the first."""
    policies = parameters["missing"] if base.has_gaps else parameters["missing"][:1]
    return set(product(parameters["normalisations"], policies, parameters["aggregations"]))


def _variant_index(base: Base, variant: Variant) -> tuple[Variant, Index | None]:
    """Return the index of a combination, or the combination with what keeps it from being one."""
    method = changed_method(
        base.run.method,
        normalisation=variant.normalisation,
        missing=variant.missing,
        aggregation=variant.aggregation,
    )
    try:
        return variant, index_by(base, method)
    except NormalisationError as error:
        return replace(variant, problem="normalisation", faults=tuple(map(asdict, error.faults))), None
    except CompositeError as error:
        return replace(variant, problem="aggregation", faults=(composite_fault(error, base),)), None


def _versions(base: Base, question: Question) -> Versions:
    source = WEIGHTS.chosen(question.parameters)
    if source is AS_THEY_ARE:
        return GivenVersions(base.index.local[:, np.newaxis])
    return seeded(source, base, question.parameters, draws=question.draws, seed=question.seed)


def _counted(study: Study) -> list[Mapping[str, Any]]:
    """Return the combinations that were counted, the one that moves most first."""
    counted = (variant for variant in study.summary["variants"] if not variant["problem"])
    return sorted(counted, key=lambda variant: -variant["r_s"]["mean"])


def _variants_figure(result: StudyResult, source: str) -> StudyFigure:
    study = result.study
    counted = _counted(study)
    rows = [
        Amount(_variant_words(v, study.parameters), v["r_s"]["mean"], v["r_s"]["q05"], v["r_s"]["q95"])
        for v in counted
    ]
    still = min(counted, key=lambda v: v["r_s"]["mean"])
    heads = [
        _("Combination"),
        _("First %(unit)s") % {"unit": result.cities.register.unit},
        _("Mean rank shift, own weights"),
        _("Mean rank shift, mean of draws"),
        "Q5",
        "Q95",
    ]
    table: list[list[object]] = [
        [
            _variant_words(v, study.parameters),
            result.cities[v["first"]].name,
            f"{v['nominal_r_s']:.3f}",
            *(f"{v['r_s'][name]:.3f}" for name in ("mean", "q05", "q95")),
        ]
        for v in counted
    ]
    words = (
        _("“%(variant)s” stays nearest to the ranking")
        % {"variant": _variant_words(still, study.parameters)},
        _("mean rank shift against the ranking, in places; bar: mean, line: middle 90 %"),
        source,
        _("mean rank shift, places"),
    )
    return amounts_figure(rows, table, heads, words=words, left=2)


def _variant_words(variant: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Name a combination of methods; a policy about missing values only where there are several."""
    parts = [Normalisation(variant["normalisation"]).label, Aggregation(variant["aggregation"]).label]
    if len(parameters["missing"]) > 1:
        parts.append(Missing(variant["missing"]).label)
    return _("; ").join(map(str, parts))


def _problem_line(variant: Mapping[str, Any], parameters: Mapping[str, Any], framework_id: int) -> str:
    words = {
        "variant": _variant_words(variant, parameters),
        "reason": _problem_words(variant, framework_id),
    }
    return _("%(variant)s: %(reason)s") % words


def _problem_words(variant: Mapping[str, Any], framework_id: int) -> str:
    """Say why a combination is left out."""
    if faults := variant.get("faults"):
        return join_sentences(failure_words(faults, reason_names(faults, [framework_id])))
    # A study counted before aggregations said their own refusals.
    return {
        "geometric": _("the geometric mean needs values above zero, which this normalisation does not give"),
    }.get(variant["problem"], variant["problem"])
