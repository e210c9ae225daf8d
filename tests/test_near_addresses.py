"""Addresses of an app are found as Django finds them, whatever else begins otherwise."""

import re

import pytest
from django.urls import Resolver404, URLResolver, get_resolver, path, re_path

from config.addresses import NearResolver, addresses_of

NEAR = [each for each in get_resolver().url_patterns if isinstance(each, NearResolver)]
PATHS = [
    "",
    "runs",
    "runs/",
    "runs/x/",
    "runs/1",
    "nothing/",
    "api/v1/",
    "api/v1/runs/1/nothing/",
    "i//",
    "I/x/",
]


def found(resolve, resolver, asked):
    try:
        match = resolve(resolver, asked)
    except Resolver404:
        return None
    parts = (match.func, match.args, match.kwargs, match.view_name, match.route, match.namespaces)
    return (*parts, match.app_names, match.captured_kwargs, match.extra_kwargs)


def test_every_address_is_found_as_django_finds_it():
    asked = [*PATHS]
    for resolver in NEAR:
        for pattern in resolver.url_patterns:
            filled = re.sub(r"<(?:\w+:)?\w+>", "1", str(pattern.pattern))
            asked += [filled, filled.removesuffix("/"), f"{filled}more/"]
    assert len(asked) > 900
    for resolver in NEAR:
        near = [found(NearResolver.resolve, resolver, each) for each in asked]
        assert near == [found(URLResolver.resolve, resolver, each) for each in asked]
        assert None in near
        assert sum(each is not None for each in near) > 100


def view(_request):
    """Answer nothing."""


@pytest.mark.parametrize(
    ("asked", "name"),
    [("a/1/", "number"), ("a/b/", "word"), ("c7", "expression"), ("c/", "last"), ("d", None)],
)
def test_what_has_no_fixed_beginning_is_tried_in_its_place(monkeypatch, asked, name):
    patterns = [
        path("a/<int:pk>/", view, name="number"),
        path("a/<str:word>/", view, name="word"),
        re_path(r"^c\d$", view, name="expression"),
        path("c/", view, name="last"),
        path("<str:rest>/", view, name="any"),
    ]
    monkeypatch.setattr("config.addresses.include", lambda _module: (patterns, None, None))
    match = found(NearResolver.resolve, addresses_of("any"), asked)

    assert (match and match[3]) == name
