"""Files go to test processes one by one, those that use the real product together."""

import re

from tests.scheduling import TESTS, scope_of


def test_what_uses_the_product_goes_to_one_process():
    together = {f"tests/browser/{name}.py::test_x" for name in ("test_charts", "test_story", "test_studies")}

    assert {scope_of(nodeid) for nodeid in together} == {"the product"}
    assert scope_of("tests/browser/test_passkeys.py::test_x") == "tests/browser/test_passkeys.py"
    assert scope_of("tests/weighting/test_rounds.py::test_x[a::b]") == "tests/weighting/test_rounds.py"


def test_nothing_outside_the_browser_tests_uses_their_product():
    asked = re.compile(r"^def (?:test_)?\w+\((?:[^)]*, )?product\b", re.M)
    others = [path for path in TESTS.rglob("test_*.py") if path.parent.name != "browser"]
    assert [str(path) for path in others if asked.search(path.read_text())] == []
