"""Study how sure the ranks are, from files to files; no database is opened."""

import math
from argparse import ArgumentParser
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.management.index_files import (
    Inputs,
    add_arguments,
    index_of,
    name_places,
    normalise_inputs,
    read_inputs,
    score_inputs,
    write_together,
)
from indexer.management.workers import count_with_workers
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.studies.uncertainty import RankStudy
from indexer.rank_files import Asked, write_rank_files
from weighting.numeric.aggregation import AggregationError
from weighting.numeric.draws import (
    KAPPA_RANGE,
    ExpertBootstrap,
    WeightDraws,
    WeightNoise,
    dirichlet_around,
)
from weighting.selectors.panel_scores import LEAST_STUDIED, too_few_to_study

METHODS = ("bootstrap", "noise", "dirichlet")
MAX_DRAWS = 100_000_000
MAX_WORKERS = 256
FILES = ("framework", "data", "scores", "weights", "totals", "previous")
CHOICES = ("normalisation", "negative", "missing", "aggregation")


class Command(BaseCommand):
    """Files in, files out: rank_intervals.csv, rank_histogram.csv and summary.json, or none."""

    help = "Draw weights many times and count the ranks of every unit, without a database."
    # Some checks look at the database, which need not exist here.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)
        parser.add_argument("--draws", required=True, help="how many times weights are drawn, 1 or more")
        parser.add_argument("--seed", required=True, help="a whole number, 0 or more; repeats the study")
        parser.add_argument("--method", choices=METHODS, default="bootstrap")
        parser.add_argument("--nu", default="0.1", help="size of the noise, 0 to 1")
        parser.add_argument("--kappa", default="100", help="concentration of the Dirichlet weights")
        parser.add_argument(
            "--workers", default="1", help="processes; the results are the same for any number"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the parameters, read and check the files, count, and only then write."""
        numbers = _read_parameters(options)
        inputs = read_inputs(options, self.stdout.write)
        made = normalise_inputs(inputs, options)
        ranked = score_inputs(inputs, made).ranked
        units = [inputs.data.units[place] for place in ranked]
        if left_out := len(inputs.data.units) - len(units):
            self.stdout.write(_left_out_words(left_out))
        index = index_of(inputs, made.values[ranked])
        try:
            ranks = index.nominal_ranks
            source = _make_source(inputs, options["method"], numbers)
            study = RankStudy(index, source, int(numbers["draws"]), int(numbers["seed"]))
            counts = count_with_workers(study, int(numbers["workers"]))
        except CompositeError as error:
            raise CommandError(name_places(error, inputs)) from error
        except AggregationError as error:
            raise CommandError("\n".join(error.problems)) from error
        except BrokenProcessPool as error:
            message = _("A worker process died, perhaps for lack of memory. Try fewer --workers.")
            raise CommandError(message) from error
        files = {name: Path(options[name]) for name in FILES if options[name]}
        asked = _asked(inputs, options, numbers, cities=len(units))

        def write(folder: Path) -> None:
            write_rank_files(folder, units=units, nominal=ranks, counts=counts, asked=asked, inputs=files)

        write_together(options["out"], write)
        message = _("Wrote rank_intervals.csv, rank_histogram.csv and summary.json to %(path)s.")
        self.stdout.write(message % {"path": options["out"]})


def _left_out_words(count: int) -> str:
    message = ngettext(
        "%(count)d unit has no score for want of values and is left out.",
        "%(count)d units have no score for want of values and are left out.",
        count,
    )
    return message % {"count": count}


def _read_parameters(options: dict[str, Any]) -> dict[str, float]:
    """Check all parameters before complaining about any; nothing is read yet."""
    low, high = KAPPA_RANGE
    ranges = {
        "draws": (1, MAX_DRAWS),
        "seed": (0, math.inf),
        "workers": (1, MAX_WORKERS),
        "nu": (0, 1),
        "kappa": (low, high),
    }
    numbers: dict[str, float] = {}
    problems = []
    for name, (least, most) in ranges.items():
        kind = float if name in ("nu", "kappa") else int
        number = _parse(str(options[name]), kind)
        if number is None or not least <= number <= most:
            problems.append(_explain(name, options[name], least, most, kind))
        else:
            numbers[name] = number
    if options["method"] == "bootstrap" and not options["scores"]:
        problems.append(_("The method bootstrap draws experts. Give their scores with --scores."))
    if problems:
        raise CommandError("\n".join(problems))
    return numbers


def _parse(text: str, kind: type[int] | type[float]) -> float | None:
    try:
        return kind(text)
    except ValueError:
        return None


def _explain(name: str, value: object, least: float, most: float, kind: type[int] | type[float]) -> str:
    values = {"name": name, "value": value, "least": f"{least:.15g}", "most": f"{most:.15g}"}
    if math.isinf(most):
        return _("--%(name)s must be a whole number of %(least)s or more, not “%(value)s”.") % values
    if kind is int:
        return _("--%(name)s must be a whole number from %(least)s to %(most)s, not “%(value)s”.") % values
    return _("--%(name)s must be a number from %(least)s to %(most)s, not “%(value)s”.") % values


def _make_source(inputs: Inputs, method: str, numbers: dict[str, float]) -> WeightDraws:
    tree = inputs.framework.tree
    if method == "noise":
        return WeightNoise(tree, inputs.local, numbers["nu"])
    if method == "dirichlet":
        return dirichlet_around(tree, inputs.local, numbers["kappa"])
    if inputs.scores is None or inputs.rule is None:
        raise ValueError("a bootstrap needs scores")
    if len(inputs.scores.experts) < LEAST_STUDIED:
        raise CommandError(too_few_to_study(len(inputs.scores.experts)))
    return ExpertBootstrap(tree, inputs.scores.scores, inputs.rule, inputs.scores.asked)


def _asked(inputs: Inputs, options: dict[str, Any], numbers: dict[str, float], *, cities: int) -> Asked:
    own = {"noise": ["nu"], "dirichlet": ["kappa"]}.get(options["method"], [])
    return Asked(
        method=options["method"],
        draws=int(numbers["draws"]),
        seed=int(numbers["seed"]),
        own={name: numbers[name] for name in own},
        cities=cities,
        indicators=len(inputs.data.codes),
        experts=len(inputs.scores.experts) if inputs.scores else None,
        rule=inputs.rule,
        choices={name: options[name] for name in CHOICES}
        | {"normalisation": inputs.plan.leaf.normalisation}
        | _further_choices(options),
    )


def _further_choices(options: dict[str, Any]) -> dict[str, str]:
    """Return the younger choices that were made; the cells of the framework are in its checksum."""
    blank = {"transform": "none", "coverage": "0", "floor": ""}
    return {name: options[name] for name, otherwise in blank.items() if options[name] != otherwise}
