"""A list of choices of which nothing is chosen says so in words."""

import importlib
import pkgutil

import pytest
from django.db.models.fields import BLANK_CHOICE_DASH
from django.forms import BaseForm, HiddenInput, ModelChoiceField
from django.urls import reverse

import indexer.forms
import weighting.forms
from tests.factories import make_account, make_framework, make_panel, sign_in_staff
from weighting.enums import Role

DASHES = str(BLANK_CHOICE_DASH[0][1])


def forms_of(package):
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        forms = (
            each for each in vars(module).values() if isinstance(each, type) and issubclass(each, BaseForm)
        )
        yield from (form for form in forms if form.__module__ == found.name and hasattr(form, "base_fields"))


@pytest.mark.parametrize("package", [weighting.forms, indexer.forms])
def test_no_list_of_rows_begins_with_dashes(package):
    lists = {
        f"{form.__name__}.{name}": field.empty_label
        for form in forms_of(package)
        for name, field in form.base_fields.items()
        if isinstance(field, ModelChoiceField) and not isinstance(field.widget, HiddenInput)
    }
    assert lists
    assert [name for name, label in lists.items() if label == DASHES] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "Choose a framework"), ("zh-hans", "请选择指标体系")])
@pytest.mark.parametrize(
    "page", ["weighting:version-new", "weighting:version-implied", "weighting:round-new"]
)
def test_pages_ask_to_choose(client, page, language, words):
    manager = sign_in_staff(client, make_account(Role.MANAGER))
    for _turn in range(2):
        framework = make_framework(is_shared=True)
        make_panel(owner=framework.created_by)
    text = manager.get(reverse(page), headers={"accept-language": language}).text
    assert f'<option value="" selected>{words}</option>' in text
    assert DASHES not in text
