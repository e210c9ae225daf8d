"""The form that sends data in asks for what nobody else can decide."""

import pytest

from tests.factories import make_account, make_framework, sign_in_staff
from weighting.enums import Role

pytestmark = pytest.mark.django_db
IMPORT = "/data-sets/import/"


def test_what_the_file_or_the_framework_decides_waits_folded_until_something_is_said_there(client):
    sign_in_staff(client, make_account(Role.ANALYST))
    folded, opened = '<details class="advanced">', '<details class="advanced" open>'
    said = {"framework": make_framework().pk, "name_en": "Data"}
    assert folded in client.get(IMPORT).text
    # A file is asked for again, and nothing was said there.
    assert folded in client.post(IMPORT, said).text
    assert opened in client.post(IMPORT, {**said, "missing": "mean"}).text
