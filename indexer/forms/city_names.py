"""Cities named by whoever fills in a form: in either language, by an alias, or without the kind of place."""

from functools import cached_property

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from indexer.models import City
from indexer.names import AmbiguousUnit, UnitError, UnitRegister
from indexer.selectors.cities import Cities, names_listed, places_named


def read_names(text: str, cities: Cities) -> list[int]:
    """Return the positions of the units that a list names, each once.

    Raises `ValidationError` that explains every name that is unclear.
    """
    names = list(names_listed(text, cities))
    if not names:
        return []
    register, found, problems = CityNames(cities), [], []
    for name in names:
        try:
            found.append(register.find(name))
        except UnitError as error:
            problems.append(register.explain(error))
    if problems:
        raise ValidationError(problems)
    return list(dict.fromkeys(found))


class CityNames:
    """The names of some units, to find a unit by; made for a few look-ups."""

    def __init__(self, cities: Cities) -> None:
        self._cities = cities

    def find(self, name: str) -> int:
        """Return the position of the unit that is meant; raises `UnitError` where that is unclear."""
        # No unit is looked at but those that are called so, as long as there is one alone.
        named = places_named(self._cities, name)
        return named[0] if len(named) == 1 else self._places[self._register.resolve(name)]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {_key(city): position for position, city in enumerate(self._cities)}

    @cached_property
    def _register(self) -> UnitRegister:
        return UnitRegister(
            {_key(c): [name for name in (c.name_zh, c.name_en, *c.aliases) if name] for c in self._cities}
        )

    def explain(self, error: UnitError) -> str:
        """Say what is wrong with a name, and what is near it."""
        nearest = _(", ").join(self._cities[self._places[key]].name for key in error.nearest)
        words = {"name": error.name.strip(), "nearest": nearest, "unit": self._cities.register.unit}
        if isinstance(error, AmbiguousUnit):
            return _("“%(name)s” may be any of %(nearest)s: write the whole name.") % words
        if not error.nearest:
            return _("There is no %(unit)s “%(name)s” here.") % words
        return _("There is no %(unit)s “%(name)s” here. Nearest names: %(nearest)s.") % words


def _key(city: City) -> str:
    """Name a unit within its register, where two provinces may have one of the same name."""
    return f"{city.own_name}#{city.pk}"
