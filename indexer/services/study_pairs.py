"""Paired comparison of two units in a finished study, from the same draws drawn again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.enums import StudyStatus
from indexer.models import City, Run, Study
from indexer.numeric.studies.plans import RankPlan
from indexer.selectors.cities import Cities, cities_of_run, city_named, ranked_cities_of_run, ranked_rows_of
from indexer.studies.asking import planned_of
from indexer.studies.kind import register_of
from indexer.studies.registry import kind_of
from weighting.exceptions import Refused

# Drawn weights, and normalised values, which are made again once: about a second.
QUICK_NUMBERS = 20_000_000


@dataclass(frozen=True)
class PairCount:
    """How often the first of two units is above the second, below it, and level with it."""

    first: City
    second: City
    above: int
    below: int
    draws: int

    @property
    def level(self) -> int:
        return self.draws - self.above - self.below

    @property
    def share(self) -> float:
        return self.above / self.draws


def compare_pair(study: Study, *, first: str, second: str) -> PairCount:
    """Count both orders over all draws; asked once, they are kept with the study.

    Raises `Refused` where the study is of no ranks or not done, and naming each unit that it does not rank.
    """
    register = register_of(study)
    words = {"unit": register.unit, "units": register.units}
    if study.status != StudyStatus.DONE or not kind_of(study).is_paired:
        raise Refused(_("Two %(units)s can be compared in a finished study of ranks alone.") % words)
    cities = cities_of_run(study.run)
    one, other = _ranked_pair(study.run, cities, (first, second), words)
    at = cities.ids.index(one.pk), cities.ids.index(other.pk)
    low, high = sorted(at)
    count_pairs(study, [(low, high)])
    wins = study.pairs[_key(low, high)]
    above, below = wins if at == (low, high) else reversed(wins)
    methods = sum(not v["problem"] for v in study.summary.get("variants", [])) or 1
    return PairCount(one, other, above, below, study.draws * methods)


def _ranked_pair(
    run: Run, cities: Cities, names: Sequence[str], words: Mapping[str, str]
) -> tuple[City, City]:
    """Return the units of two names, both of which have a rank in the run, or refuse."""
    chosen = [city_named(cities, name) for name in names]
    unknown = [name for name, city in zip(names, chosen, strict=True) if city is None]
    if unknown:
        raise Refused(
            *(
                _("“%(value)s” is no %(unit)s of this data set.") % {"value": name, **words}
                for name in dict.fromkeys(unknown)
            )
        )
    one, other = (city for city in chosen if city is not None)
    if one == other:
        raise Refused(_("Name two different %(units)s.") % words)
    ranked = ranked_cities_of_run(run).ids
    if unranked := [city.name for city in (one, other) if city.pk not in ranked]:
        raise Refused(*(_("%(name)s has no rank here.") % {"name": name} for name in unranked))
    return one, other


def count_at_once(study: Study, pairs: Iterable[tuple[int, int]]) -> None:
    """Count pairs as `count_pairs` does while somebody waits: of a study that is quickly drawn again."""
    data_set = study.run.data_set
    leaves, units = len(data_set.leaf_codes), len(data_set.city_ids)
    if leaves * (study.draws + units) <= QUICK_NUMBERS:
        count_pairs(study, pairs)


def count_pairs(study: Study, pairs: Iterable[tuple[int, int]]) -> None:
    """Count both orders of pairs of places, the smaller first, and keep them with the study.

    What is kept already is not counted again.
    """
    missing = [pair for pair in pairs if _key(*pair) not in study.pairs]
    if not missing:
        return
    plan = planned_of(study).plan
    assert isinstance(plan, RankPlan)  # noqa: S101  (every kind that is paired has one)
    rows = ranked_rows_of(study.run)
    # Places are those of the data set, of which a study counts the ranked ones alone.
    among = np.array(missing) if rows is None else np.searchsorted(rows, np.array(missing))
    wins = plan.count_wins(among).tolist()
    counted = {_key(*pair): both for pair, both in zip(missing, wins, strict=True)}
    with transaction.atomic():
        kept = Study.objects.select_for_update().only("pairs").get(pk=study.pk)
        Study.objects.filter(pk=study.pk).update(pairs={**kept.pairs, **counted})
    study.pairs = {**study.pairs, **counted}


def _key(first: int, second: int) -> str:
    return f"{first},{second}"
