"""Where an index is read: under its name alone, the newest of its last year, or at an edition that stays."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils.http import urlencode

from indexer.models import City, IndexEdition
from indexer.selectors.published import find_edition
from indexer.selectors.unit_profiles import unit_key


@dataclass(frozen=True)
class Shelf:
    """The addresses of one index: of the newest of its last year, or with a number of that edition."""

    slug: str
    number: int | None = None

    def url(self, page: str, *keys: str) -> str:
        """Return the path of a page by the end of its name in indexer/urls.py."""
        where = "public-edition" if self.number else "public"
        args = [self.slug, *([self.number] if self.number else []), *keys]
        return reverse(f"indexer:{where}-{page}", args=args)

    @property
    def index(self) -> str:
        name = "indexer:public-edition" if self.number else "indexer:public-index"
        return reverse(name, args=[self.slug, *([self.number] if self.number else [])])

    def unit(self, city: City) -> str:
        return self.url("unit", unit_key(city))

    def side_by_side(self, *cities: City) -> str:
        """Return the page of units side by side; dots part them, which stand in no code that it takes."""
        query = urlencode({"units": ".".join(map(unit_key, cities))})
        return self.url("units") + (f"?{query}" if cities else "")


def absolute(path: str) -> str:
    """Return an address as strangers are given it."""
    return settings.PUBLIC_URL.rstrip("/") + path


def edition_or_404(name: str, number: int | None) -> IndexEdition:
    """Return an edition that anybody may read, the newest without a number; raises `Http404`."""
    edition = find_edition(name, number)
    if edition is None:
        raise Http404
    return edition
