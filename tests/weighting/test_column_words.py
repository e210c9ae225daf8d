"""Where a page asks what a column stands for, it names the known ones by words; files call them by names."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from indexer.intake import registers
from tests.factories import make_account, sign_in_staff
from weighting.enums import Role
from weighting.readers import framework, panel, scores, weights
from weighting.readers.column_words import column_words

FORMS = {
    "framework": (*framework.REQUIRED, *framework.KNOWN),
    "panel": panel.COLUMNS,
    "register": (*registers.KNOWN, registers.WAS),
    "scores": scores.COLUMNS,
    "weights": (weights.LOCAL, weights.GLOBAL),
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("form", FORMS)
def test_every_known_column_has_words_of_its_own(form, language):
    with translation.override(language):
        words = {column: column_words(column) for column in FORMS[form]}
    assert len(set(words.values())) == len(words)
    for column, said in words.items():
        assert said.endswith(f"（{column}）" if language == "zh-hans" else f" ({column})")
        assert language == "en" or not said.split("（")[0].isascii()


def test_what_a_file_names_itself_is_called_so():
    assert column_words("population_2020") == "population_2020"
    assert column_words("group_coast_en") == "Further grouping (group_coast_en)"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "text", "chosen"),
    [
        ("weighting:framework-import", "code,parent,name_en,xyzzy\na,,A,1\nb,,B,2\n", ("说明", "note")),
        ("weighting:panel-import", "code,name,xyzzy\nE1,Ada,1\nE2,Ben,2\n", ("电子邮箱", "email")),
        ("indexer:register-import", "name_en,xyzzy\nOslo,1\nRome,2\n", ("纬度", "latitude")),
    ],
)
def test_pages_offer_words_in_the_language_of_their_reader(client, page, text, chosen):
    manager = sign_in_staff(client, make_account(Role.MANAGER))
    sent = {"name_en": "New", "name_zh": "新", "name": "New", "unit_en": "unit", "unit_zh": "单位"}
    sent["file"] = SimpleUploadedFile("file.csv", text.encode())
    words, column = chosen
    answer = manager.post(reverse(page), sent, headers={"accept-language": "zh-hans"}).text
    assert f'<option value="{column}">{words}（{column}）</option>' in answer
    assert f">{column}</option>" not in answer
