"""Queue runs of a stored data set by another method than its own."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from indexer.dispatch import compute_with_method
from indexer.management.import_options import named_versions
from indexer.management.method_options import Codes
from indexer.models import DataSet
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.normalisations import NORMALISATIONS, TURNS
from indexer.numeric.method.treatment import OUTLIER_ACTIONS
from indexer.selectors.data_sets import PACKED
from indexer.selectors.methods import frozen_versions_of
from indexer.services.methods import MethodChoice, choice_as_stated, use_method_on
from weighting.exceptions import Refused
from weighting.models import Account

CHOICES = {
    "normalisation": Codes(NORMALISATIONS),
    "negative": list(TURNS),
    "missing": Codes(MISSING_POLICIES),
    "aggregation": Codes(AGGREGATIONS),
    "outliers": list(OUTLIER_ACTIONS),
}
NUMBERS = {
    "skewness_limit": float,
    "kurtosis_limit": float,
    "winsorised_most": int,
    "coverage": float,
    "floor": float,
    "scale": float,
    "digits": int,
}


class Command(BaseCommand):
    """What is not said is as in the data set's own method."""

    help = "Queue runs of a data set under frozen weight versions by a method of your choice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("data_set", type=int, help="number of the data set")
        parser.add_argument("--actor", required=True, help="user name of the account that asks for it")
        parser.add_argument("--versions", default="", help="numbers such as 1-3,7; all when not given")
        for name, choices in CHOICES.items():
            parser.add_argument(f"--{name}", choices=choices)
        for name, kind in NUMBERS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", type=kind)
        parser.add_argument(
            "--denominator",
            action="append",
            default=[],
            metavar="CODE=COLUMN",
            help="divide an indicator by another one or by an auxiliary column; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        data_set = DataSet.objects.defer(*PACKED).filter(pk=options["data_set"]).first()
        actor = Account.objects.filter(username=options["actor"]).first()
        if data_set is None or actor is None:
            raise CommandError("There is no such data set, or no account of that name.")
        try:
            own = choice_as_stated(data_set.method, data_set.framework_id)
            method = use_method_on(data_set, _choice(options, own))
            versions = named_versions(data_set.framework_id, options["versions"])
            if versions is None:
                versions = list(frozen_versions_of(data_set.framework_id))
            new = compute_with_method(data_set, versions=versions, method=method, actor=actor)
        except Refused as refusal:
            raise CommandError("\n".join(refusal.blockers)) from refusal
        self.stdout.write(f"{new} of {len(versions)} runs are new and wait to be computed.")


def _choice(options: dict[str, Any], own: MethodChoice) -> MethodChoice:
    said = {name: options[name] for name in (*CHOICES, *NUMBERS) if options[name] is not None}
    pairs = [pair.partition("=") for pair in options["denominator"]]
    if pairs:
        said["denominators"] = {leaf.strip(): column.strip() for leaf, _equals, column in pairs}
    return MethodChoice(**vars(own) | said)
