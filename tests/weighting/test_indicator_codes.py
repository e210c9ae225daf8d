"""What a code of an indicator may be: it is a step of an address, a cell of a file, a key in JSON."""

import csv
import io
import json
import posixpath
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse
from hypothesis import example, given
from hypothesis import strategies as st

from tests.factories import make_account, sign_in_staff
from tests.routes import find_routes
from weighting.enums import Role
from weighting.models import Framework
from weighting.readers import scan_framework

REFUSED = ["..", ".", "a/b", "/a", "a/", "a\\b", "aside", "beside", "unit", "=a", "a\tb"]


def framework_of(*codes):
    out = io.StringIO()
    csv.writer(out).writerows([["code", "parent"], ["root", ""], *([code, "root"] for code in codes)])
    return out.getvalue().encode()


# Every route that takes the code of an indicator.
ROUTES = [route for route in find_routes() if "code" in route.keys]


@pytest.mark.parametrize("code", REFUSED)
def test_a_code_that_no_address_can_hold_is_refused_by_row_value_and_remedy(code):
    problems = scan_framework(framework_of("fine", code), "F.csv").problems
    assert [(problem.row, problem.column, problem.value) for problem in problems] == [(4, "code", code)]
    assert any(word in problems[0].message for word in ("Write", "Choose", "Change"))


@pytest.mark.parametrize(
    "code", ["a.b", "...", ".a", "1.2.1", "a b", "a%2Fb", "%2e%2e", "a?b#c", "指标;1", "007", "1E5"]
)
def test_other_marks_are_taken_as_they_are(code):
    assert code in scan_framework(framework_of("fine", code), "F.csv").leaf_codes
    assert not scan_framework(framework_of("fine", code), "F.csv").problems


@given(code=st.text(min_size=1, max_size=100))
@example("..")
@example("a/../b")
@example("%2e%2e")
@example(" .. ")
def test_every_code_that_is_taken_comes_back_from_every_address_and_from_json(code):
    scan = scan_framework(framework_of(code, "fine"), "F.csv") if _is_encodable(code) else None
    if scan is None or scan.table is None:
        return
    taken = scan.leaf_codes[0]
    assert json.loads(json.dumps({taken: 1})) == {taken: 1}
    for route in ROUTES:
        address = reverse(route.name, kwargs={key: taken if key == "code" else 1 for key in route.keys})
        # A browser or a server on the way resolves the steps "." and ".." and joins slashes.
        path = unquote(address)
        assert posixpath.normpath(path) + "/" == path, address
        assert resolve(path).kwargs["code"] == taken, address


def _is_encodable(code):
    try:
        code.encode()
    except UnicodeEncodeError:
        return False
    return True


def test_routes_that_take_a_code_are_found():
    assert {route.name for route in ROUTES} >= {
        "weighting:ballot-item-save",
        "weighting:ballot-comment-save",
        "indexer:api-run-node-ranking",
    }


@pytest.mark.django_db
def test_the_page_says_which_code_and_imports_nothing(client):
    sign_in_staff(client, make_account(Role.MANAGER))
    sent = {"name_zh": "体系", "name_en": "F", "file": SimpleUploadedFile("F.csv", framework_of("a", ".."))}
    answer = client.post(reverse("weighting:framework-import"), sent)
    assert answer.status_code == 422
    assert "A code stands in addresses" in answer.content.decode()
    assert not Framework.objects.exists()
