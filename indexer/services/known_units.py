"""Units as far as names, codes and places go, of which a register may have a million."""

from dataclasses import dataclass

from indexer.models import City, Register
from weighting.models.named import in_own_language

# In the order that `KnownUnit` takes them.
FIELDS = ("pk", "province_id", "name_zh", "name_en", "aliases", "code", "latitude", "longitude")


@dataclass(slots=True)
class KnownUnit:
    """A unit with what it is found by and what is written of it, in a fifth of the memory of its row.

    ``pk`` is 0 until it is written.
    """

    pk: int
    province_id: int
    name_zh: str
    name_en: str
    aliases: list[str]
    code: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def name(self) -> str:
        """The name in the visitor's language."""
        return in_own_language(self.name_zh, self.name_en)

    @property
    def own_name(self) -> str:
        """The name that files and keys carry, whoever reads them."""
        return self.name_zh or self.name_en

    def as_city(self, register: Register) -> City:
        """Return the row that it is, or is to become."""
        said = {name: getattr(self, name) for name in FIELDS} | {"pk": self.pk or None}
        city = City(register=register, **said)
        city._state.adding = not self.pk
        return city
