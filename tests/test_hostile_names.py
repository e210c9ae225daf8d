"""Names made to run, in every text that anybody can bring in, on every page, picture and file."""

import csv
import io
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import CharField, TextField
from django.template import Context, Template
from django.utils.html import escape
from openpyxl import load_workbook

from indexer.models import Run
from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import count_waiting_parts
from tests.factories import make_panel, make_round
from tests.indexer.factories import make_version
from tests.routes import find_routes, make_world
from tests.weighting.test_statistics import set_sectors
from weighting.enums import RoundState
from weighting.exports import FORMULA_STARTS

pytestmark = pytest.mark.django_db

# Closes what it may stand in, and begins as a formula does.
HOSTILE = "=1+\"'</script></title><b planted=1>"
# Every column of the store that holds words of a person's.
WORDS = {
    *("name", "name_zh", "name_en", "label_zh", "label_en", "title_zh", "title_en", "unit", "unit_zh"),
    *("unit_en", "units_en", "note", "reason", "organisation", "first_name", "last_name", "file_name"),
    *("comment", "text", "error", "text_zh", "text_en", "subject", "body", "conflict", "void_reason"),
    *(
        "definition_zh",
        "definition_en",
        "description_zh",
        "description_en",
        "source",
        "partner",
        "totals_name",
    ),
    *("authors", "institutions", "publisher", "contact"),
    *("province_zh", "province_en", "region_zh", "region_en", "sector"),
}
# Those that hold none: codes and addresses, whose letters are few, and what the product writes itself.
NO_WORDS = {
    *("username", "password", "email", "time_zone", "language", "code", "slug", "doi", "licence", "section"),
    *("token_hash", "origin", "sha256", "questionnaire_hash", "receipt_root", "receipt", "nonce", "lock"),
    *("earlier_lock", "claim", "client", "manifest_hash", "file_sha256", "totals_sha256", "data_sha256"),
    *("result_sha256", "code_version", "worker", "key", "act", "subject_type", "subject_id", "folded_names"),
    *("layout", "unit_column", "value", "total"),
}
VISITORS = ("administrator", "expert")


class Planted(HTMLParser):
    """Looks for the element that a name made."""

    found = False

    def handle_starttag(self, tag, attrs):
        self.found |= tag == "b" and dict(attrs).get("planted") == "1"


def is_planted(content):
    parser = Planted()
    parser.feed(content.decode())
    return parser.found


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """A world whose every name begins with the hostile text, and that has something on every page."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        for kind in (CharField, TextField):
            plant(patch, kind)
        world = make_world()
        count_waiting_parts(world.study.pk)
        make_version(world.framework, tilt=2, actor=world.manager)
        compute_waiting_runs(world.data_set.pk)
        yield world
        transaction.set_rollback(True)


def plant(patch, kind):
    prepare = kind.get_prep_value

    def get_prep_value(field, value):
        prepared = prepare(field, value)
        is_word = field.name in WORDS and not field.choices and isinstance(prepared, str) and prepared
        if not is_word or prepared.startswith(HOSTILE):
            return prepared
        # No form takes a longer one.
        return (HOSTILE + prepared)[: field.max_length]

    patch.setattr(kind, "get_prep_value", get_prep_value)


@pytest.fixture(scope="module")
def aggregated(world):
    panel = make_panel(10, owner=world.manager)
    set_sectors(panel, {"Growers": 5, "Merchants": 5})
    return make_round(
        manager=world.manager,
        framework=world.framework,
        panel=panel,
        state=RoundState.AGGREGATED,
        scores=lambda place, code: (place + len(code)) % 5 + 1,
    )


@pytest.fixture(scope="module")
def addresses(world, aggregated):
    """Every address, and those whose question stands behind the question mark."""
    runs = list(Run.objects.filter(data_set=world.data_set).order_by("pk"))
    base, city = f"/runs/{runs[0].pk}", world.data_set.city_ids[0]
    asked = "?" + urlencode({"runs": f"{runs[0].pk},{runs[1].pk}"})
    versions = "?" + urlencode({"versions": f"{runs[0].weight_version_id},{runs[1].weight_version_id}"})
    pair = "?" + urlencode({"first": f"{HOSTILE}城市001", "second": f"{HOSTILE}城市002"})
    round_, study = f"/rounds/{aggregated.pk}", f"/studies/{world.study.pk}"
    return [
        *(world.address_of(route) for route in find_routes()),
        *(f"/compare/{rest}{asked}" for rest in ("", "report/", "export/", "pairs/")),
        *(f"/compare/cities/{city}/{rest}{asked}" for rest in ("", "export/", "change.svg")),
        *(f"/weight-versions/compare/{rest}{versions}" for rest in ("", "export/", "movers.svg")),
        *(f"{base}/fragility/pair/{rest}{pair}" for rest in ("", "export/")),
        *(f"{round_}/{rest}" for rest in ("", "statistics/", "report/", "statistics/export/")),
        f"{study}/intervals.svg",
        f"{round_}/statistics/distribution.svg",
        f"{base}/?{urlencode({'q': HOSTILE})}",
        f"/sign-in/?{urlencode({'next': '/' + HOSTILE})}",
    ]


def test_no_name_becomes_an_element(world, addresses):
    """Pages and pictures alike; what a script block holds stays in it."""
    met = 0
    for visitor in VISITORS:
        for address in addresses:
            answer = world.ask(visitor, "GET", address)
            kind = answer.headers.get("Content-Type", "")
            if kind.startswith(("text/html", "image/svg")):
                assert not is_planted(answer.content), f"{visitor}: {address}"
                met += b"planted=1" in answer.content
    assert met > 50


@pytest.mark.parametrize("page", ["statistics", "report"])
def test_a_panels_own_sectors_are_among_them(world, aggregated, page):
    answer = world.ask("administrator", "GET", f"/rounds/{aggregated.pk}/{page}/")

    assert f"{escape(HOSTILE)}Merch <small" in answer.text


def test_no_name_becomes_a_formula(world, addresses):
    """Not in a table of any kind, its headings and its provenance included."""
    met = 0
    for address in addresses:
        if "export/" not in address:
            continue
        for format in ("csv", "xlsx"):
            answer = world.ask(
                "administrator", "GET", f"{address}{'&' if '?' in address else '?'}format={format}"
            )
            if answer.status_code != 200:
                continue
            cells = cells_of(b"".join(answer), format)
            met += any("planted" in str(text) for text, _is_formula in cells)
            assert not [text for text, is_formula in cells if is_formula], (address, format)
    assert met > 20


def cells_of(content, format):
    """Return every cell, and whether a spreadsheet would run it."""
    if format == "csv":
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
        return [
            (cell, cell.startswith(FORMULA_STARTS) and not _is_number(cell)) for row in rows for cell in row
        ]
    book = load_workbook(io.BytesIO(content))
    return [(cell.value, cell.data_type == "f") for sheet in book for row in sheet for cell in row]


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_no_column_that_holds_words_is_forgotten():
    columns = {
        field.name
        for app in ("weighting", "indexer", "upkeep")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, CharField | TextField) and not field.choices
    }
    assert columns - WORDS - NO_WORDS == set()


def test_a_name_that_is_not_escaped_is_seen():
    page = Template("<p>{{ name|safe }}</p><script type='x'>{{ name|safe }}</script>").render(
        Context({"name": HOSTILE})
    )
    escaped = Template("<p title='{{ name }}'>{{ name }}</p>").render(Context({"name": HOSTILE}))

    assert is_planted(page.encode())
    assert not is_planted(escaped.encode())
    assert cells_of(f"a,{HOSTILE}\n".replace('"', "").encode(), "csv")[1][1]
