"""What an indicator measures and where it is from: brought with the file, given out again, on the ballot."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from tests import factories
from tests.weighting.uploads import FRAMEWORK_CSV, upload
from weighting.manifest import build_questionnaire, hash_framework
from weighting.models import Framework
from weighting.readers import FileProblems, read_framework
from weighting.services.frameworks import import_framework

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]

HEAD = ["Code", "PARENT", "Name_EN", "Definition_zh", "definition EN", "Source", "LICENCE"]
ROWS = [
    ["infra", "", "Infrastructure", "", "", "", ""],
    ["fixed", "infra", "Fixed network", "固定宽带用户。", "Subscribers of fixed lines.", "ITU", "CC-BY-4.0"],
    ["mobile", "infra", "Mobile network", "移动用户。", "", "", ""],
]
SOURCES = ["source", "", "", "ITU", "", ""]
# As it was before there were definitions: questionnaires and manifests name frameworks by it.
HASH_WITHOUT = "ca60b7019062398cc820d889098f1a5817521e475344a15c5db1f6acd86fc1a4"


def as_csv():
    return "\n".join(",".join(row) for row in [HEAD, *ROWS])


def as_xlsx():
    book, out = Workbook(), BytesIO()
    for row in [HEAD, *ROWS]:
        book.active.append(row)
    book.save(out)
    return SimpleUploadedFile("tree.xlsx", out.getvalue())


def imported(manager, text):
    return import_framework(
        source=text.encode(), filename="f.csv", name_zh="", name_en="Networks", actor=manager
    )


@pytest.mark.parametrize("file", [lambda: upload(as_csv()), as_xlsx], ids=["csv", "xlsx"])
def test_a_file_brings_them_under_heads_in_any_case_and_takes_them_along(client, file):
    said = {"name_zh": "", "name_en": "Networks"}
    page = client.post(reverse("weighting:framework-import"), {**said, "file": file()}, follow=True)

    framework = Framework.objects.get()
    fixed = framework.indicators.get(code="fixed")
    assert (fixed.definition_zh, fixed.definition_en) == ("固定宽带用户。", "Subscribers of fixed lines.")
    assert (fixed.source, fixed.licence) == ("ITU", "CC-BY-4.0")
    for words in ("Subscribers of fixed lines.", "ITU", "CC-BY-4.0", "移动用户。"):
        assert words in page.text
    told = client.get(reverse("weighting:api-framework", args=[framework.pk])).json()["indicators"][1]
    assert (told["definition_en"], told["source"]) == ("Subscribers of fixed lines.", "ITU")

    for ending in ("csv", "xlsx"):
        given = client.get(reverse("weighting:framework-file", args=[framework.pk]), {"format": ending})
        again = SimpleUploadedFile(f"again.{ending}", given.content)
        answer = client.post(reverse("weighting:framework-import"), {**said, "file": again})
        assert "already here" in answer.text, ending


def test_a_framework_without_them_keeps_its_hash_and_one_with_them_has_another():
    without = read_framework(FRAMEWORK_CSV.encode(), "f.csv")
    told = "\n".join(f"{line},{end}" for line, end in zip(FRAMEWORK_CSV.splitlines(), SOURCES, strict=True))

    assert hash_framework(without) == HASH_WITHOUT
    assert hash_framework(read_framework(told.encode(), "f.csv")) != HASH_WITHOUT


def test_what_is_too_long_is_named_where_it_stands():
    with pytest.raises(FileProblems) as found:
        read_framework(f"code,parent,source\na,,{'x' * 301}\n".encode(), "f.csv")
    assert [(problem.row, problem.column) for problem in found.value.problems] == [(2, "source")]


@pytest.mark.parametrize(
    ("language", "shown", "hidden"),
    [
        ("zh-hans", ["固定宽带用户。", "移动用户。"], ["Subscribers of fixed lines."]),
        ("en", ["Subscribers of fixed lines.", "移动用户。"], ["固定宽带用户。"]),
    ],
)
def test_experts_read_them_on_the_ballot_in_their_language(client, manager, language, shown, hidden):
    framework = imported(manager, as_csv())
    round_ = factories.make_round(manager=manager, framework=framework, parents=["infra"])
    expert = factories.sign_in_expert(client, factories.make_invitation(round_))
    expert.cookies["django_language"] = language

    page = expert.get(reverse("weighting:ballot")).text

    assert all(words in page for words in (*shown, "ITU"))
    assert not any(words in page for words in hidden)


def test_the_questionnaire_that_is_frozen_holds_what_the_panel_reads(manager):
    framework = imported(manager, as_csv())
    round_ = factories.make_round(manager=manager, framework=framework, parents=["infra"])
    items = [item.indicator for item in round_.items.select_related("indicator__parent")]

    frozen = build_questionnaire(round_, items).decode()

    assert all(words in frozen for words in ("固定宽带用户。", "Subscribers of fixed lines.", "ITU"))
