"""Nobody is called 你: neither by the product nor by what it lets Django say to whoever sets a password."""

from importlib.metadata import files

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.urls import reverse
from django.utils.translation import override

from tests.factories import make_account, sign_in_staff

FAMILIAR = "你"


@pytest.fixture(scope="module")
def own():
    with (settings.BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def familiar_in(catalogue):
    """Return the texts that are translated so, by the English of one."""
    return {
        entry.id[0] if isinstance(entry.id, tuple) else entry.id
        for entry in catalogue
        if FAMILIAR in "".join(entry.string)
    }


def test_the_products_own_catalogue_says_it_nowhere(own):
    assert familiar_in(own) == set()


def test_all_that_django_says_of_accounts_so_is_said_anew(own):
    (path,) = (
        path for path in files("django") if path.match("contrib/auth/locale/zh_Hans/LC_MESSAGES/django.po")
    )
    with path.locate().open("rb") as file:
        so = familiar_in(read_po(file, locale="zh_Hans"))
    assert len(so) > 3
    assert [text for text in so if own.get(text) is None] == []


def test_hints_at_passwords_are_said_in_the_products_way():
    with override("zh-hans"):
        hints = password_validators_help_texts()
    assert hints[1] == "密码至少要有 12 个字符。"
    assert not any(FAMILIAR in hint for hint in hints)


@pytest.mark.django_db
def test_the_page_that_changes_a_password_says_it_nowhere(client):
    sign_in_staff(client, make_account())
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    page = client.get(reverse("account_change_password"))
    assert page.status_code == 200
    assert "密码不能全是数字" in page.text
    assert FAMILIAR not in page.text
