"""What is written in two languages is asked for in the reader's first."""

import pytest
from django.template import Context, Template
from django.utils.translation import override

from indexer.forms.published import IndexForm
from indexer.forms.registers import RegisterImportForm
from indexer.models import Register
from weighting.forms.names import LabelledForm, NamedForm

FIELD = Template(
    "{% for field in form %}{% include 'components/_field.html' %}{% endfor %}{{ form.errors.as_json }}"
)


@pytest.mark.parametrize(
    ("language", "names"), [("en", ["name_en", "name_zh"]), ("zh-hans", ["name_zh", "name_en"])]
)
def test_the_name_in_the_language_that_is_read_comes_first_and_is_not_called_optional(language, names):
    with override(language):
        form = NamedForm()
        shown = FIELD.render(Context({"form": form}))
    assert list(form.fields) == names
    assert [bool(form.fields[name].help_text) for name in names] == [True, False]
    assert shown.count('class="optional"') == 1
    assert shown.index(f'name="{names[0]}"') < shown.index('class="optional"')


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "“English label” or “Chinese label”"), ("zh-hans", "“中文名称”或“英文名称”")],
)
def test_what_is_missing_is_named_as_it_stands_and_found_by_programs_in_one_place(language, said):
    with override(language):
        form = LabelledForm({})
        assert not form.is_valid()
        assert said in form.errors["label_zh"][0]
    assert list(form.errors) == ["label_zh"]


def test_a_word_for_several_stays_with_its_language():
    words = ["unit_en", "units_en", "unit_zh", "province_en", "province_zh", "region_en", "region_zh"]
    with override("en"):
        form = RegisterImportForm(registers=Register.objects.none())
    assert [name for name in form.fields if name in words] == words
    # It is about the English word, and of no help with the Chinese.
    assert not form.fields["unit_zh"].help_text


def test_each_pair_of_a_longer_form_is_turned_by_itself():
    with override("en"):
        names = list(IndexForm().fields)
    assert names[1:5] == ["name_en", "name_zh", "description_en", "description_zh"]
