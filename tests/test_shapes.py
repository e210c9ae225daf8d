"""Frameworks of every shape: no page, export, picture or address of the product breaks or says nonsense."""

import re
from html import unescape
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from indexer.enums import StudyStatus
from indexer.models import City, Run
from indexer.services.data_sets import publish_data_set
from indexer.services.families import publish_branch
from indexer.services.published import draft_index, publish_edition
from indexer.services.runs import compute_waiting_runs
from indexer.services.series import publish_series
from indexer.services.studies import count_waiting_parts, plan_study
from indexer.studies.registry import KINDS
from tests.factories import (
    make_account,
    make_framework,
    make_invitation,
    make_panel,
    make_round,
    said,
    sign_in_expert,
    sign_in_staff,
)
from tests.indexer.factories import make_data_set, make_series, make_version
from tests.routes import find_routes
from weighting.enums import Role, RoundState
from weighting.exceptions import Refused
from weighting.services.framework_drafts import copy_framework
from weighting.services.frameworks import publish_framework
from weighting.services.versions import aggregate_round, freeze_version, publish_version

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LEAF = {}


def chain(depth, end=LEAF):
    """A node in a node in a node."""
    tree = end
    for level in range(depth, 0, -1):
        tree = {f"level{level}": tree}
    return tree


INDEX_TERMS = {
    "name_en": "Shape",
    "description_en": "A tree of every shape.",
    "licence": "CC0-1.0",
    "contact": "shape@example.org",
}
# The tree, and how many units are ranked.
SHAPES = {
    "leaves alone": ({"a": LEAF, "b": LEAF, "c": LEAF}, 5),
    "one leaf": ({"a": LEAF}, 5),
    "one root": ({"all": {"a": LEAF, "b": LEAF, "c": LEAF}}, 5),
    "a chain to one leaf": (chain(6), 4),
    "six levels": (chain(5, {"x": LEAF, "y": LEAF}) | {"side": {"z": LEAF, "w": LEAF}}, 5),
    "ragged": (
        {"r1": LEAF, "r2": {"s1": LEAF, "s2": {"t1": LEAF, "t2": {"u1": LEAF, "u2": {"v1": LEAF}}}}},
        5,
    ),
    "a root that is a leaf": ({"leaf": LEAF, "branch": {"a": LEAF, "b": LEAF}}, 5),
    "one root over branches": ({"all": {"p": {"a": LEAF, "b": LEAF}, "q": {"c": LEAF, "d": LEAF}}}, 5),
    "one unit": ({"p": {"a": LEAF, "b": LEAF}, "q": LEAF}, 1),
    "two units": ({"p": {"a": LEAF, "b": LEAF}, "q": LEAF}, 2),
}
TEXT = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S)
# What a page says where a number or a name is missing, or where a sentence has nothing to speak of.
NONSENSE = re.compile(
    r"\b(?:nan|NaN|inf|undefined)\b|\bNone\b(?! of|:| \()|\bthe other 0\b|其余 0 个"
    r"|\b1 (?:indicators|provinces|regions|ballots|experts|versions|draws|pairs|studies|runs)\b"
)
# What says nothing of a framework, or answers by what runs beside the tests.
APART = ("admin:", "set_language", "health", "schema", "schema-ui", "components")
PICTURE = re.compile(r'(?:src|href)="([^"]+\.svg[^"]*)"')


def make_world(tree, units):
    """Everything that a framework of this tree can have, published, with a round that is open."""
    manager = make_account(Role.MANAGER)
    framework, panel = make_framework(tree, owner=manager), make_panel(6, owner=manager)
    closed = make_round(
        manager=manager,
        framework=framework,
        panel=panel,
        state=RoundState.CLOSED,
        scores=lambda place, code: (place + len(code) + ord(code[-1])) % 5 + 1,
    )
    panel_version = freeze_version(aggregate_round(closed, actor=manager), actor=manager)
    equal = make_version(framework, tilt=1.0, actor=manager)
    data_set = make_data_set(framework, cities=units, actor=manager)
    City.objects.update(latitude=30.5, longitude=110.25)
    compute_waiting_runs(data_set.pk)
    for publish, thing in (
        (publish_framework, framework),
        (publish_data_set, data_set),
        (publish_version, panel_version),
        (publish_version, equal),
    ):
        publish(thing, actor=manager)
    series = make_series(data_set.city_ids, actor=manager)
    publish_series(series, actor=manager)
    inner = framework.indicators.filter(is_leaf=False).order_by("-position").first()
    branch = publish_branch(inner, **said("name", "分支", "Branch"), actor=manager) if inner else None
    runs = list(Run.objects.filter(data_set=data_set).order_by("weight_version__number"))
    index = draft_index(slug="shape", terms=INDEX_TERMS, actor=manager)
    publish_edition(index, run=runs[0], actor=manager)
    round_ = make_round(manager=manager, framework=framework, panel=panel, state=RoundState.OPEN, sealed=2)
    draft = copy_framework(framework, actor=manager)
    return SimpleNamespace(
        **{name: value for name, value in locals().items() if name not in ("tree", "units")}
    )


def make_studies(world):
    """Ask every kind; what cannot be asked of this shape is refused in words."""
    asked = {
        "draws": "200",
        "normalisations": ["share", "minmax"],
        "missing": ["refuse"],
        "aggregations": ["arithmetic"],
        "weights": "noise",
        "seed": "0",
    }
    studies = []
    for kind in KINDS:
        try:
            study = plan_study(world.runs[0], kind=kind, sent=asked, actor=world.manager)
        except Refused:
            continue
        count_waiting_parts(study.pk)
        study.refresh_from_db()
        studies.append(study)
    return studies


def addresses(world, studies):
    """Every address that says something in words or numbers, found by walking the resolver."""
    known = {
        "framework": [world.framework],
        "panel": [world.panel],
        "round": [world.closed, world.round_],
        "invitation": [world.round_],
        "version": [world.panel_version, world.equal],
        "run": world.runs,
        "ranking": world.runs,
        "study": studies,
        "index": [world.branch] if world.branch else [],
        "series": [world.series],
        "data": [world.data_set],
        "register": [world.data_set.series.register],
        "publishing": [world.index],
        "tree": [world.draft],
    }
    values = {
        "city_pk": world.data_set.city_ids[0],
        "code": world.framework.indicators.order_by("position").first().code,
        "invitation_pk": make_invitation(world.round_, place=3).pk,
        "row": 0,
        "name": world.index.slug,
        "number": 1,
    }
    pair = f"?runs={world.runs[0].pk}&runs={world.runs[1].pk}"
    versions = f"?versions={world.panel_version.pk},{world.equal.pk}"
    for route in find_routes():
        if route.name.startswith(APART) or set(route.keys) - {"pk", *values}:
            continue
        word = route.name.split(":")[-1].removeprefix("api-").split("-")[0]
        asked = pair if word in ("comparison", "city") else versions if "compare" in route.name else ""
        for thing in known.get(word, []) if "pk" in route.keys else [None]:
            said = {key: {**values, "pk": thing and thing.pk}[key] for key in route.keys}
            yield reverse(route.name, kwargs=said) + asked


def walk(client, language, asked, *, drawn=True):
    """Ask every address, and every picture that the pages show; return what broke, and what was nonsense."""
    broken, nonsense, pictures = [], [], set()
    for address in asked:
        response = client.get(address, headers={"Accept-Language": language})
        if response.status_code >= 500:
            broken.append(address)
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = response.content.decode()
        pictures |= {unescape(url) for url in PICTURE.findall(page) if not url.startswith("/static/")}
        text = TEXT.sub(" ", page)
        for found in NONSENSE.finditer(text):
            nonsense.append((address, " ".join(text[max(0, found.start() - 60) : found.end() + 40].split())))
    broken += [url for url in pictures if drawn and client.get(url).status_code != 200]
    return broken, nonsense


@pytest.mark.parametrize("shape", SHAPES)
def test_every_address_answers_whatever_the_shape_of_the_tree(shape):
    world = make_world(*SHAPES[shape])
    studies = make_studies(world)
    asked = list(addresses(world, studies))
    manager = sign_in_staff(Client(raise_request_exception=False), world.manager)
    expert = sign_in_expert(Client(raise_request_exception=False), make_invitation(world.round_, place=4))
    ballot = [address for address in asked if address.startswith(("/ballot", "/receipts"))]

    # Where the weights move no rank there is no variance to explain, which the study says.
    failed = [study.failure for study in studies if study.status != StudyStatus.DONE]
    assert [failure for failure in failed if failure != [{"kind": "constant_output"}]] == []
    assert walk(manager, "en", asked) == ([], [])
    assert walk(expert, "en", ballot) == ([], [])
    shown = [address for address in asked if not address.startswith("/api/") and "export" not in address]
    # The same pictures again.
    assert walk(Client(raise_request_exception=False), "zh-hans", shown, drawn=False) == ([], [])


@pytest.mark.parametrize(
    "text", ["None ", "between nan and 4", "in each of the other 0", "leads 1 provinces"]
)
def test_the_walk_knows_nonsense_when_it_sees_it(text):
    assert NONSENSE.search(text)
