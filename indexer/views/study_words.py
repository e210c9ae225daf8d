"""How pages and files name studies, what they were asked, and what they found."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer.enums import Aggregation, Missing, Normalisation, StudyKind
from indexer.job_words import failure_words, reason_names
from indexer.models import Study
from indexer.selectors.studies import StudyResult
from indexer.words import data_set_name, method_words, moment, version_name
from weighting.models import Indicator

# From so many leaders on whose ranks are sure, the title names their number.
FEW = 2
WHOLE = 0.9995
# What takes more letters is said on the study's own page alone.
LONGEST = 30


def kind_questions() -> dict[str, str]:
    """Say what each kind of study asks, in a sentence."""
    return {
        StudyKind.BOOTSTRAP: _("Would the ranking survive other experts? Whole experts are drawn again."),
        StudyKind.JACKKNIFE: _("How much rests on any single expert? Each is left out once."),
        StudyKind.NOISE: _(
            "Would the ranking survive slightly other weights? Each moves by a share of itself."
        ),
        StudyKind.DIRICHLET: _("The same, with weights drawn around the version’s as wide as you say."),
        StudyKind.LEFT_OUT: _("What does each indicator, or each branch, do to the order?"),
        StudyKind.VARIANTS: _("Would another normalisation, aggregation or rule for gaps change the order?"),
        StudyKind.SOBOL: _("Which group of weights makes the ranking uncertain?"),
        StudyKind.DROPPED: _("Who changes places when a city leaves the sample?"),
        StudyKind.SMAA: _("How often is each city k-th under any weights, and which weights favour it?"),
    }


def weights_words(weights: str) -> str:
    """Name where the weights of a study come from."""
    names = {"any": _("any weights"), "none": _("the version’s own weights")}
    return names.get(weights) or str(StudyKind(weights).label)


def output_words(output: str) -> str:
    return {"shift": _("R_S, the average rank shift"), "rank": _("the rank of a city")}.get(
        output, _("the score of a city")
    )


def parameter_words(study: Study, names: Mapping[int, str] | None = None) -> list[tuple[str, str]]:
    """Say what a study was asked, parameter by parameter; ``names`` are those of cities."""
    asked = study.parameters
    words = [(_("Study"), str(study.get_kind_display()))]
    if "weights" in asked:
        words.append((_("Weights"), weights_words(asked["weights"])))
    if "nu" in asked:
        words.append((_("Size of the noise ν"), f"{asked['nu']:g}"))
    if "kappa" in asked:
        words.append((_("Concentration κ"), f"{asked['kappa']:g}"))
    if "nodes" in asked:
        words.append((_("Left out"), _("each leaf") if asked["nodes"] == "leaves" else _("each branch")))
    if "normalisations" in asked:
        words += [
            (_("Normalisations"), _labels(Normalisation, asked["normalisations"])),
            (_("Missing values"), _labels(Missing, asked["missing"])),
            (_("Aggregations"), _labels(Aggregation, asked["aggregations"])),
        ]
    if "output" in asked:
        city = asked.get("city")
        name = f": {(names or {}).get(city, city)}" if city is not None else ""
        words.append((_("Output"), output_words(asked["output"]) + name))
    if asked.get("bounds"):
        bounds = (f"{code} {low:g}–{high:g}" for code, (low, high) in asked["bounds"].items())
        words.append((_("Bounds of the weights"), _(", ").join(bounds)))
    if asked.get("order"):
        words.append((_("Order of the weights"), _("; ").join(" > ".join(codes) for codes in asked["order"])))
    words.append((cases_label(study.kind), f"{study.draws:,}"))
    if study.seed is not None:
        words.append((_("Seed"), str(study.seed)))
    return words


def cases_label(kind: str) -> str:
    """Name what is counted: draws, experts, indicators, cities or samples."""
    labels: dict[str, str] = {
        StudyKind.JACKKNIFE: _("Experts"),
        StudyKind.LEFT_OUT: _("Cases"),
        StudyKind.DROPPED: _("Cities"),
        StudyKind.SOBOL: _("Samples"),
    }
    return labels.get(kind, _("Draws"))


def study_name(study: Study) -> str:
    """Name a study in a line: what was asked, how often, with which seed."""
    parts = [
        _("%(name)s: %(value)s") % {"name": label, "value": value}
        for label, value in parameter_words(study)[1:]
        if len(value) <= LONGEST
    ]
    return " · ".join([str(study.get_kind_display()), *parts])


def study_source(study: Study) -> str:
    """Name data set, version, draws and seed, as every figure does at its foot."""
    return " · ".join([data_set_name(study.run.data_set), version_name(study.run), study_name(study)])


def study_provenance(study: Study, names: Mapping[int, str]) -> list[tuple[str, str]]:
    """Say everything that a finished study rests on."""
    return [
        *parameter_words(study, names),
        (_("Data set"), data_set_name(study.run.data_set)),
        (_("SHA-256 of the data"), study.data_sha256),
        (_("Weight version"), version_name(study.run)),
        (_("SHA-256 of the manifest"), study.manifest_hash),
        (_("Method"), method_words(study.run.method)),
        (_("SHA-256 of the result"), study.result_sha256),
        (_("Software version"), study.code_version),
        (_("Asked by"), study.created_by.get_full_name() or study.created_by.get_username()),
        (_("Finished at"), moment(study.finished_at)),
    ]


def variant_words(variant: Mapping[str, Any], study: Study) -> str:
    """Name a combination of methods; a policy about missing values only where there are several."""
    parts = [Normalisation(variant["normalisation"]).label, Aggregation(variant["aggregation"]).label]
    if len(study.parameters["missing"]) > 1:
        parts.append(Missing(variant["missing"]).label)
    return _("; ").join(map(str, parts))


def problem_words(variant: Mapping[str, Any], study: Study) -> str:
    """Say why a combination is left out."""
    if faults := variant.get("faults"):
        return " ".join(failure_words(faults, reason_names(faults, [study.run.data_set.framework_id])))
    return {
        "geometric": _("the geometric mean needs values above zero, which this normalisation does not give"),
    }.get(variant["problem"], variant["problem"])


def finding_of(result: StudyResult, nodes: list[Indicator]) -> str:
    """Return what a finished study found, as the title of its page."""
    study, figures = result.study, result.figures
    match study.kind:
        case StudyKind.SOBOL:
            return _sobol_finding(study, figures, nodes)
        case StudyKind.DROPPED:
            return _dropped_finding(result)
        case StudyKind.LEFT_OUT:
            shifts = np.abs(figures["cases"] - figures["nominal"][:, np.newaxis]).mean(axis=0)
            most = int(shifts.argmax())
            return _("Leaving out “%(name)s” moves the cities most, by %(shift)s places on average") % {
                "name": nodes[figures["case_nodes"][most]].name,
                "shift": f"{shifts[most]:.2f}",
            }
        case StudyKind.VARIANTS:
            counted = [v for v in study.summary["variants"] if not v["problem"]]
            most_moving = max(counted, key=lambda v: v["r_s"]["mean"])
            return _("“%(variant)s” moves the cities most, by %(shift)s places on average") % {
                "variant": variant_words(most_moving, study),
                "shift": f"{most_moving['r_s']['mean']:.2f}",
            }
        case StudyKind.SMAA:
            leader = int(figures["top1"].argmax())
            return _("%(city)s is first under %(share)s of the weights") % {
                "city": result.cities[leader].name,
                "share": percent(figures["top1"][leader]),
            }
    return _rank_finding(result)


def percent(share: float) -> str:
    """Write a share in percent, never as 0 or 100 % where it is not."""
    if share in (0, 1):
        return f"{share * 100:.0f}\u00a0%"
    return f"{min(99.9, max(0.1, share * 100)):.{1 if share > 0.99 or share < 0.01 else 0}f}\u00a0%"


def _rank_finding(result: StudyResult) -> str:
    """Name the first city whose rank is in doubt; those above it keep theirs."""
    study, nominal = result.study, result.figures["nominal"]
    order = np.argsort(nominal, kind="stable")
    stays = result.histogram[order, nominal[order] - 1] / result.histogram[order].sum(axis=1)
    doubtful = np.flatnonzero(stays < WHOLE)
    draws = f"{study.draws:,}"
    if not len(doubtful):
        return _("All %(count)s cities keep their ranks in all of %(draws)s draws") % {
            "count": len(order),
            "draws": draws,
        }
    place = int(doubtful[0])
    words = {
        "city": result.cities[order[place]].name,
        "rank": int(nominal[order[place]]),
        "share": percent(float(stays[place])),
        "draws": draws,
        "count": place,
    }
    if study.kind == StudyKind.JACKKNIFE:
        return _("%(city)s keeps rank %(rank)s in %(share)s of %(draws)s panels short of one expert") % words
    if place < FEW:
        return _("%(city)s keeps rank %(rank)s in %(share)s of %(draws)s draws") % words
    return (
        _("The first %(count)s keep their ranks; %(city)s keeps rank %(rank)s in %(share)s of draws") % words
    )


def _sobol_finding(study: Study, figures: Mapping[str, Any], nodes: list[Indicator]) -> str:
    most = int(figures["total"].argmax())
    return _("The weights of %(group)s account for %(share)s of the variance of %(output)s") % {
        "group": group_name(nodes, int(figures["heads"][most])),
        "share": percent(float(np.clip(figures["total"][most], 0, 1))),
        "output": output_words(study.parameters["output"]),
    }


def _dropped_finding(result: StudyResult) -> str:
    movers = result.figures["movers"]
    most = int(movers.argmax())
    if not movers[most]:
        return _("No city that leaves changes the order of the others")
    return _("When %(city)s leaves, %(count)s of the other %(others)s cities change places") % {
        "city": result.cities[most].name,
        "count": int(movers[most]),
        "others": result.study.summary["others"],
    }


def group_name(nodes: list[Indicator], member: int) -> str:
    """Name the group of siblings that a node belongs to by its parent."""
    parent = nodes[member].parent
    return _("“%(name)s”") % {"name": parent.name} if parent else _("the sub-indices")


def _labels(choices: Any, chosen: list[str]) -> str:
    return _(", ").join(str(choices(value).label) for value in chosen)
