"""Weights from a file: both shapes, both formats, rescaled on request, every fault named at once."""

import io

import pytest
from django.urls import reverse
from openpyxl import Workbook

from tests.factories import make_account, make_framework, sign_in_staff
from tests.weighting.uploads import upload
from weighting.models import WeightVersion
from weighting.readers import FileProblems, read_weights
from weighting.selectors.frameworks import indicators_of, tree_of
from weighting.selectors.versions import weighted_nodes_of
from weighting.services.versions import import_version

pytestmark = pytest.mark.django_db

POINTS = {"infra": 1, "industry": 3, "fixed": 50, "mobile": 50, "retail": 20, "finance": 30, "travel": 50}
WRONG = """code,local_weight
infra,0.47
industry,0.5
fixed,25%
mobile,"0,5"
retail,-0.2
finanse,0.3
travel,1.2
"""


@pytest.fixture
def framework():
    return make_framework()


def draft(framework, content, name="w.csv", **options):
    return import_version(
        framework=framework,
        source=content,
        filename=name,
        label_zh="导入",
        label_en="Imported",
        actor=framework.created_by,
        **options,
    )


def in_points():
    return "code,local_weight\n" + "".join(f"{code},{points}\n" for code, points in POINTS.items())


def workbook(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_every_fault_of_a_file_is_named_at_once(framework):
    with pytest.raises(FileProblems) as found:
        draft(framework, WRONG.encode())

    messages = {(problem.row, problem.value): problem.message for problem in found.value.problems}
    asked = {problem.key for problem in found.value.problems if problem.key}
    assert asked == {"percent:local_weight", "decimal:local_weight"}
    assert "below zero" in messages[6, "-0.2"]
    assert "Nearest: finance" in messages[7, "finanse"]
    texts = [problem.message for problem in found.value.problems]
    assert any("finance has no weight" in text for text in texts)
    assert any("infra, industry sum to 0.97" in text for text in texts)
    assert len(texts) == 6
    assert not WeightVersion.objects.exists()


def test_a_workbook_gives_what_the_text_file_gives(framework):
    rows = [["code", "local_weight"], *[[code, points / 4] for code, points in POINTS.items()]]
    rows[3:] = [[code, points / 100] for code, points in list(POINTS.items())[2:]]
    text = "\n".join(",".join(map(str, row)) for row in rows).encode()

    versions = [draft(framework, workbook(rows), "w.xlsx"), draft(framework, text)]

    weights = [[node.local_weight for node in weighted_nodes_of(version)] for version in versions]
    assert weights[0] == weights[1]
    assert weights[0][0] == 0.25


def test_points_become_weights_on_request_alone(framework):
    with pytest.raises(FileProblems) as found:
        draft(framework, in_points().encode())
    assert len(found.value.problems) == 3

    version = draft(framework, in_points().encode(), normalise=True)
    weights = {node.indicator.code: node.local_weight for node in weighted_nodes_of(version)}
    assert (weights["industry"], weights["finance"]) == (0.75, 0.3)
    assert version.evidence["normalised"] is True


def test_a_group_of_zeros_cannot_be_rescaled(framework):
    text = in_points().replace("fixed,50", "fixed,0").replace("mobile,50", "mobile,0")

    with pytest.raises(FileProblems, match="all 0"):
        draft(framework, text.encode(), normalise=True)


def test_leaf_weights_are_rescaled_as_a_whole(framework):
    text = b"code,global_weight\nfixed,10\nmobile,10\nretail,10\nfinance,10\ntravel,10\n"
    table = read_weights(text, "w.csv", tree_of(indicators_of(framework.pk)), normalise=True)

    assert table.local[0] == pytest.approx(0.4, abs=1e-15)


def test_the_page_rescales_when_asked(client):
    manager = make_account()
    sign_in_staff(client, manager)
    framework = make_framework(owner=manager)
    data = {"framework": framework.pk, "label_zh": "新", "label_en": "New", "source": "imported"}
    page = reverse("weighting:version-new")

    assert client.post(page, data | {"file": upload(in_points())}).status_code == 422
    assert client.post(page, data | {"file": upload(in_points()), "normalise": "on"}).status_code == 302
