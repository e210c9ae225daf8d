"""Whatever is sent to the API, in a body or an address: what is wrong is refused, and nothing breaks.

Most is refused before any database hears of it, and is sent on SQLite alone. What one database may take
otherwise than the other is sent on both: numbers without end, letters that are none.
"""

import json
import re
from urllib.parse import quote

import pytest
from django.db import connection
from django.urls import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.models import Register
from indexer.studies.registry import KINDS
from tests.indexer.studies.test_studies import QUESTIONS
from tests.routes import find_routes
from weighting.readers.strict_json import MOST_BYTES

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

JSON = "application/json"
WRITING = ("post", "put", "patch", "delete")
STUDIES = "indexer:api-run-studies"
API_ROUTES = {route.name: route for route in find_routes() if route.pattern.startswith("api/v1/")}
# What any kind reads: what a kind does not know is sent to it once.
PARAMETERS = ["draws", "seed", "nu", "kappa", "weights", "order", "bounds", "output", "city"]
PARAMETERS += ["normalisations", "missing", "aggregations", "nodes", "unknown"]
# A study of choices says them by these.
PARAMETERS += ["normalisation", "imputation", "outliers", "aggregation", "own"]

# Values as they are spelt in JSON: what no program means, and what not every reader takes.
ODD = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e308",
    "1e400",
    "NaN",
    "-Infinity",
    "9" * 30,
    "9" * 400,
    "9" * 5000,
]
ODD += ['""', '"x"', '"nan"', '"\\u0000"', '"\\ud800"', f'"{"9" * 5000}"', '"=1+1"', '"datum.label"']
ODD += ["[]", "[1]", "[null]", '["\\u0000"]', '[["x"]]', '[[[["x"]]]]', '[{"a": 1}]', "{}", '{"a": 1}']
ODD += [f'{{"infra": {value}}}' for value in ("null", "5", "[]", "[1]", '["nan", "nan"]', "[[], {}]", "{}")]
ODD += ['{"\\ud800": 1}', '{"\\u0000": 1}']
ODD += [f'{{"infra": {value}}}' for value in ("1e400", f"[{'9' * 400}, 2]", '"\\ud800"', "9" * 5000)]
BROKEN = ["", "{", "\udcff", '"\udcff"', "[" * 100_000, '{"a":' * 3_000 + "1" + "}" * 3_000]
LISTS_READ = ["ordering", "limit", "offset"]
IN_ADDRESSES = ["", "0", "-1", "1.5", "nan", "inf", "9" * 30, "9" * 5000, "\0", "😀", "0:1.2.3", "a" * 6000]
IN_ADDRESSES += ["%25", "[]", "1,,1", ",".join(["1"] * 3000), "９", "²"]

# What a database has no room or no letter for.
FOR_DATABASES = re.compile(r"NaN|Infinity|1e\d{3}|9{30}|a{6000}|-1|\\u0000|\\ud800|\0|😀|９")

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def ask(world):
    """Return what asks as the manager and gives the status."""
    world.visitors["manager"].raise_request_exception = False

    def ask(method, address, body=None):
        sent = {} if body is None else {"data": _bytes(body), "content_type": JSON}
        return world.ask("manager", method, address, **sent).status_code

    return ask


def sent_here(values):
    """Return what is sent on this database: everything on SQLite."""
    everything = connection.vendor == "sqlite"
    return [value for value in values if everything or FOR_DATABASES.search(value)]


def _bytes(text):
    return text.encode("utf-8", "surrogateescape")


def handler_of(address, method):
    """Return the method of the view that answers; it says which parameters and which body it takes."""
    view = resolve(address).func
    return getattr(getattr(view, "cls", None), method, None)


def shortened(text):
    return text if len(text) < 100 else f"{text[:60]}… ({len(text)})"


def test_no_body_breaks_any_address(world, ask):
    """Whole bodies of every kind, and every field of a body that is taken with every odd value."""
    broken, refused = [], 0
    for name, route in API_ROUTES.items():
        address = world.address_of(route)
        for method in WRITING:
            handler = handler_of(address, method)
            body = getattr(handler, "body", None)
            fields = list(body().fields) if body else []
            bodies = [*BROKEN, *ODD, *(f'{{"{field}": {value}}}' for field in fields for value in ODD)]
            for text in sent_here(bodies) if handler else BROKEN[:1]:
                status = ask(method, address, text)
                refused += status == 400
                if status >= 500:
                    broken.append((name, method, shortened(text), status))

    assert not broken, broken
    # Else nothing was read at all.
    assert refused > 300


def test_a_body_that_is_longer_than_any_is_not_read(world, ask):
    address = world.address_of(API_ROUTES[STUDIES])
    filled = '{"kind": "%s"}'

    assert ask("post", address, filled % ("x" * (MOST_BYTES - len(filled) + 2))) == 400
    assert ask("post", address, filled % ("x" * (MOST_BYTES - len(filled) + 3))) == 413


def test_a_name_that_stands_twice_is_refused_by_name(world):
    """One reader would take the first value, another the last."""
    body = '{"kind": "noise", "parameters": {"draws": 100, "nu": 0.1, "draws": 100000}}'

    answer = world.ask("manager", "post", world.address_of(API_ROUTES[STUDIES]), data=body, content_type=JSON)

    assert answer.status_code == 400
    assert "“draws” stands twice" in answer.json()["detail"][0]


def test_no_parameter_breaks_a_study(world, ask):
    address, register = world.address_of(API_ROUTES[STUDIES]), Register.objects.first()
    wrong, known = [], set()
    for code, kind in KINDS.items():
        known |= (own := {*kind.fields(register)})
        for name in PARAMETERS:
            usual = {"draws": 100, **QUESTIONS[code]}
            usual.pop(name, None)
            for value in sent_here(ODD) if name in own else ODD[:1]:
                said = json.dumps(usual)[:-1] + f', "{name}": {value}}}'
                status = ask("post", address, f'{{"kind": "{code}", "parameters": {said}}}')
                if status not in (200, 400, 409):
                    wrong.append((code, name, shortened(value), status))

    assert not wrong, wrong
    assert known == {*PARAMETERS} - {"unknown"}


SHAPES = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@SHAPES
@given(
    kind=st.sampled_from([*QUESTIONS, "unknown"]) | VALUES,
    parameters=VALUES | st.dictionaries(st.sampled_from(PARAMETERS), VALUES),
)
def test_no_shape_breaks_a_study(world, ask, kind, parameters):
    body = json.dumps({"kind": kind, "parameters": parameters})

    assert ask("post", world.address_of(API_ROUTES[STUDIES]), body) in (200, 400, 409)


def test_no_query_breaks_any_address(world, ask):
    """Every parameter that an address knows, and one that it does not, with every odd value."""
    broken, asked = [], 0
    for name, route in API_ROUTES.items():
        address = world.address_of(route)
        handler = handler_of(address, "get")
        own = getattr(getattr(resolve(address).func, "cls", None), "filterset_class", None)
        names = [*getattr(handler, "parameters", {}), *(own.base_filters if own else {}), "unknown"]
        names += LISTS_READ if name.endswith("-list") else []
        for parameter in dict.fromkeys(names):
            for value in sent_here(IN_ADDRESSES):
                status = ask("get", f"{address}?{quote(parameter)}={quote(value)}")
                asked += 1
                if status >= 500:
                    broken.append((name, parameter, shortened(value), status))

    assert not broken, broken
    assert asked > 1000
