"""A name in one of two languages: asked for, and missed, in the reader's."""

import re

import pytest

from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.data.test_import_pages import IMPORT
from weighting.enums import Role

pytestmark = pytest.mark.django_db
NOTED = re.compile(r'<li><a href="#id_(name_..)">([^<：:]+)')
LABELS = re.compile(r'<label class="field-label" for="id_(name_..)">(.*?)</label>')


@pytest.mark.parametrize(
    ("language", "code", "label", "optional"),
    [("en", "name_en", "English name", "(optional)"), ("zh-hans", "name_zh", "中文名称", "（选填）")],
)
def test_a_missing_name_is_asked_for_in_the_language_of_the_reader(client, language, code, label, optional):
    analyst, headers = sign_in_staff(client, make_account(Role.ANALYST)), {"accept-language": language}
    sent = {"framework": make_framework().pk, "name_zh": "", "name_en": ""}
    fresh, wrong = analyst.get(IMPORT, headers=headers), analyst.post(IMPORT, sent, headers=headers)

    for page in (fresh, wrong):
        labels = dict(LABELS.findall(page.text))
        assert labels.pop(code) == label
        assert [optional in other for other in labels.values()] == [True]
    assert NOTED.findall(wrong.text) == [(code, label)]
    assert re.findall(r'id="id_(name_..)_error"', wrong.text) == [code]
    # Programs find it by one name in whatever language.
    assert "name_zh" in wrong.context["form"].errors
