"""Whatever a form with a file, or a node of a tree, says to the API in any field: nothing breaks."""

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rest_framework.serializers import FileField

from indexer.models import City
from tests.test_api_bodies import API_ROUTES, IN_ADDRESSES, ODD, handler_of, shortened

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

# Published values of the two sub-indices, and totals by equal weights.
TOTALS = "unit,infra,industry,total\n" + "".join(
    f"U{n},{n},{n * n},{(n + n * n) / 2}\n" for n in range(1, 20)
)
# A file that each address takes, of the world's codes; others are no tables and stand once in its place.
GOOD = {
    "weighting:api-framework-imports": lambda _codes, _units: (
        "code,parent,name_en,direction\na,,A,1\nb,,B,-1\n"
    ),
    "weighting:api-panel-imports": lambda _codes, _units: "code,name,email\nX,X,x@panel.example\n",
    "weighting:api-weight-imports": lambda codes, _units: (
        "code,global_weight\n" + "".join(f"{c},1\n" for c in codes)
    ),
    "weighting:api-totals-imports": lambda _codes, _units: TOTALS,
    "indexer:api-import-list": lambda codes, _units: f"code,{codes[0]}\n1,2\n",
    "indexer:api-gathering-deliveries": lambda codes, _units: f"code,{codes[0]}\n1,2\n",
    "indexer:api-register-borders": lambda _codes, units: json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"name": unit},
                    "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
                }
                for unit in units
            ],
        }
    ),
    "indexer:api-register-correct": lambda _codes, units: f"name_zh,name_en\n{units[0]},Other\n",
    "indexer:api-register-imports": lambda _codes, _units: "code,name_en\n1,A\n2,B\n",
    "indexer:api-series-imports": lambda _codes, units: "unit,value\n" + "".join(f"{u},2\n" for u in units),
}
HALF = "\ud800"
# Halves of characters, which JSON can spell and nothing can store or answer.
OF_CHOICES = [json.dumps({key: value}) for key in ("resource", HALF, "\0") for value in ("a", HALF, "\0")]


def two_tables(*names):
    """A package whose tables have these names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        resources = [{"name": name, "path": f"{place}.csv"} for place, name in enumerate(names)]
        archive.writestr("datapackage.json", json.dumps({"resources": resources}))
        for place in range(len(names)):
            archive.writestr(f"{place}.csv", "code,name_en\n1,A\n")
    return content.getvalue()


NO_TABLES = [
    two_tables("a", HALF),
    two_tables("a", "\0"),
    json.dumps({"features": [{"id": "1", "geometry": {"type": HALF}}]}).encode(),
    b"",
    b"\0",
    b"\xff\xfe",
    b"PK\x03\x04",
    b"PAR1PAR1",
    b"{",
    b"a",
    b"\n" * 50,
    b"a,a\n1,1\n",
    b",\n,\n",
]
NAMES = [
    "t.csv",
    "t.xlsx",
    "t.parquet",
    "t.zip",
    "t.geojson",
    "t",
    ".csv",
    "a" * 300 + ".csv",
    "\u202etxt.csv",
]
# What stands in the fields that must be there; all others are left out until their turn comes.
REQUIRED = {"name": "n", "name_en": "n", "label_en": "n", "partner": "p", "unit": "%", "year": "2024"}
REQUIRED |= {"normalise": "true", "source": "s", "reason": "r"}
# Each of them stands in some field, and each field has some of them.
STEP = 8
TEXTS = [text for text in [*ODD, *IN_ADDRESSES, "{", "[" * 5000] if "\0" not in text]


@pytest.fixture
def send(world):
    """Return what sends a form as the manager and gives the status."""
    world.visitors["manager"].raise_request_exception = False
    return lambda address, form: world.ask("manager", "post", address, form).status_code


def fields_of(address):
    body = getattr(handler_of(address, "post"), "body", None)
    fields = body().fields if body else {}
    return fields if any(isinstance(field, FileField) for field in fields.values()) else {}


def complete_form(world, name, fields):
    """Return the words of a form that lacks nothing, and its file."""
    codes = list(world.framework.indicators.filter(is_leaf=True).values_list("code", flat=True))
    units = City.objects.filter(register=world.data_import.register).values_list("name_zh", flat=True)
    own = {"framework": world.framework.pk, "register": world.data_import.register_id}
    words = {key: str(value) for key, value in (own | REQUIRED).items() if key in fields}
    return words, GOOD[name](codes, units).encode()


def test_no_field_of_a_form_breaks_any_address(world, send):
    broken, taken, refused = [], {}, 0
    for name, route in API_ROUTES.items():
        address = world.address_of(route)
        fields = fields_of(address)
        if not fields:
            continue
        words, source = complete_form(world, name, fields)
        good = {**words, "file": source}
        files = [key for key, field in fields.items() if isinstance(field, FileField)]
        tries = [("", good)]
        for place, key in enumerate(key for key in fields if key not in files):
            tries += [(key, good | {key: text}) for text in TEXTS[place % STEP :: STEP]]
        tries += [(key, good | {key: text}) for key in files for text in NO_TABLES]
        tries += [("choices", good | {"choices": text}) for text in OF_CHOICES if "choices" in fields]
        tries += [(file, good | {"file": source, "ending": file}) for file in NAMES]
        for said, form in tries:
            ending = form.pop("ending", "t.csv")
            sent = {key: SimpleUploadedFile(ending, form[key]) for key in files if key in form}
            status = send(address, form | sent)
            taken[name] = taken.get(name, False) or status < 300
            refused += 400 <= status < 500
            if status >= 500:
                broken.append((name, said, shortened(str(form.get(said))), status))

    assert not broken, broken
    # Else it is the missing rest of a form that was refused.
    assert taken == dict.fromkeys(GOOD, True)
    assert refused > 300


def test_no_value_breaks_a_node_of_a_tree(world):
    """The addresses of a draft's nodes, at a node that there is."""
    client, broken, changed = world.visitors["manager"], [], 0
    client.raise_request_exception = False
    draft = client.get(reverse("weighting:api-tree", args=[world.tree.pk])).json()
    for name, method in (("api-tree-node", "patch"), ("api-tree-move", "post"), ("api-tree-node", "delete")):
        address = reverse(f"weighting:{name}", args=[world.tree.pk, draft["nodes"][1]["key"]])
        body = getattr(handler_of(address, method), "body", None)
        fields = list(body().fields) if body else []
        bodies = [
            f'{{"{field}": {value}}}'
            for place, field in enumerate(fields)
            for value in ODD[place % STEP :: STEP]
        ]
        for text in [*bodies, *ODD[::STEP]]:
            answer = world.ask("manager", method, address, text.encode(), content_type="application/json")
            changed += answer.status_code == 200
            if answer.status_code >= 500:
                broken.append((name, method, shortened(text), answer.status_code))

    assert not broken, broken
    assert changed > 0
