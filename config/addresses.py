"""Addresses of an app, of which only those are tried that begin as what is asked for.

Django tries one after the other, and notes of each that it was not meant: among the several hundred addresses
of the product that is a tenth of what a short answer of the API takes.
"""

from functools import cached_property

from django.urls import ResolverMatch, URLPattern, URLResolver, include
from django.urls.resolvers import RoutePattern


class NearResolver(URLResolver):
    def resolve(self, path: str) -> ResolverMatch:
        """Resolve a path as Django does, among the patterns whose fixed beginning it has."""
        places, longest = self._by_beginning
        found = [place for end in range(min(len(path), longest) + 1) for place in places.get(path[:end], ())]
        near = [self.url_patterns[place] for place in sorted(found)]
        return URLResolver(self.pattern, near, self.default_kwargs, self.app_name, self.namespace).resolve(
            path
        )

    @cached_property
    def _by_beginning(self) -> tuple[dict[str, list[int]], int]:
        """Return the places of the patterns that begin so, and how long a beginning is at most."""
        places: dict[str, list[int]] = {}
        for place, pattern in enumerate(self.url_patterns):
            places.setdefault(_beginning(pattern), []).append(place)
        return places, max(map(len, places), default=0)


def addresses_of(module: str) -> NearResolver:
    """Include the addresses of an app."""
    patterns, app_name, namespace = include(module)
    whole = RoutePattern("", is_endpoint=False)
    return NearResolver(whole, patterns, app_name=app_name, namespace=namespace)


def _beginning(pattern: URLPattern | URLResolver) -> str:
    route = pattern.pattern
    return str(route).partition("<")[0] if isinstance(route, RoutePattern) else ""
