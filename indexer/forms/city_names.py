"""Cities named by whoever fills in a form: in either language, by an alias, or without the kind of place."""

from django.utils.translation import gettext as _

from indexer.models import City
from indexer.names import AmbiguousUnit, UnitError, UnitRegister
from indexer.selectors.cities import Cities


class CityNames:
    """The names of some cities, to find a city by; made for a few look-ups."""

    def __init__(self, cities: Cities) -> None:
        self._unit = cities.register.unit
        self._places = {_key(city): place for place, city in enumerate(cities)}
        self._shown = {_key(city): city.name for city in cities}
        self._register = UnitRegister(
            {_key(c): [name for name in (c.name_zh, c.name_en, *c.aliases) if name] for c in cities}
        )

    def find(self, name: str) -> int:
        """Return the position of the city that is meant; raises `UnitError` where that is unclear."""
        return self._places[self._register.resolve(name)]

    def explain(self, error: UnitError) -> str:
        """Say what is wrong with a name, and what is near it."""
        nearest = ", ".join(self._shown[key] for key in error.nearest)
        words = {"name": error.name.strip(), "nearest": nearest, "unit": self._unit}
        if isinstance(error, AmbiguousUnit):
            return _("“%(name)s” may be any of %(nearest)s: write the whole name.") % words
        if not error.nearest:
            return _("There is no %(unit)s “%(name)s” here.") % words
        return _("There is no %(unit)s “%(name)s” here. Nearest names: %(nearest)s.") % words


def _key(city: City) -> str:
    """Name a unit within its register, where two provinces may have one of the same name."""
    return f"{city.own_name}#{city.pk}"
