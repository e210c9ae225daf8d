"""The internal page that shows every component: whole, for managers, within the content policy."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from tests.factories import make_account
from weighting.enums import Role

TEMPLATES = Path(__file__).parents[3] / "templates"
# Parts that need more than a sample: what base.html or a list includes, the page itself, and what is
# written once for all pages.
FRAME = {"_messages.html", "_nav.html"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(client, parts_told):
    client.force_login(make_account(Role.MANAGER))
    return client.get(reverse("components"))


def test_manager_sees_every_component(answer):
    assert answer.status_code == 200
    shown = {template.name for template in answer.templates}
    parts = {f"components/{path.name}" for path in (TEMPLATES / "components").glob("_*.html")}
    assert parts - shown - {f"components/{name}" for name in FRAME} == set()


def test_nothing_inline_that_the_policy_would_refuse(answer):
    html = answer.content.decode()
    assert not re.search(r"<[^>]+\s(style|on\w+)=", html)
    assert not re.search(r"<style|<script(?![^>]*(src=|application/json))", html)


def test_every_field_in_error_is_tied_to_its_message(answer):
    html = answer.content.decode()
    described = re.search(r'<input[^>]*name="quorum"[^>]*aria-invalid[^>]*>', html)[0]
    for target in re.search(r'aria-describedby="([^"]+)"', described)[1].split():
        assert f'id="{target}"' in html


@pytest.mark.parametrize("role", [Role.ANALYST, None])
def test_others_are_refused(client, role):
    if role:
        client.force_login(make_account(role))
    assert client.get(reverse("components")).status_code in {302, 403, 404}
