"""Versions side by side: page, file, picture and API."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from tests.factories import make_framework, sign_in_staff
from tests.indexer.factories import make_draft, make_version
from weighting.exceptions import Refused
from weighting.models import Indicator
from weighting.selectors.frameworks import distinct_names, indicators_of
from weighting.selectors.version_comparison import compare_versions
from weighting.services.versions import draft_correction, freeze_version, publish_version
from weighting.views.version_comparison import compare_url
from weighting.views.version_words import change_sentences, finding

pytestmark = pytest.mark.django_db

PAGE, EXPORT = reverse("weighting:version-compare"), reverse("weighting:version-compare-export")
PICTURE = reverse("weighting:version-compare-picture", args=["svg"])
API = reverse("weighting:api-version-compare")


def publish(*versions):
    return [publish_version(version, actor=version.created_by) for version in versions]


def ask(client, address, *versions, **more):
    return client.get(address, {"versions": ",".join(str(version.pk) for version in versions), **more})


@pytest.fixture
def framework():
    return make_framework(is_published=True)


@pytest.fixture
def pair(framework):
    """Equal weights, and weights that rise along every group."""
    return publish(make_version(framework), make_version(framework, tilt=1))


def test_the_parts_of_the_distance_are_named_and_sum_to_it(pair):
    (change,) = compare_versions(pair).changes

    # In 36ths: fixed 9 -> 4, mobile 9 -> 8, retail 6 -> 4, finance 6 -> 8, travel 6 -> 12.
    assert change.distance == pytest.approx(8 / 36, abs=1e-15)
    parts = {part.parent.code if part.parent else "": part.distance for part in change.parts}
    assert list(parts) == ["", "industry", "infra"]
    assert parts == pytest.approx({"": 6 / 36, "industry": 2 / 36, "infra": 0}, abs=1e-15)


def test_the_page_says_the_finding_and_shows_every_node(client, pair):
    response = ask(client, PAGE, *pair)

    assert response.status_code == 200
    text = response.content.decode()
    assert finding(compare_versions(pair)) in text
    for node in pair[0].framework.indicators.all():
        assert node.name in text
    assert pair[0].manifest_hash in text


def test_indicators_of_one_name_are_lines_of_their_own_in_the_picture(client, framework, pair):
    Indicator.objects.filter(framework=framework, code__in=["fixed", "retail"]).update(name_en="Users")
    rows = ask(client, PAGE, *pair).context["figure"].rows
    assert {"Users (Indicator infra)", "Users (Indicator industry)"} < {row["name"] for row in rows}
    assert len({row["name"] for row in rows}) == len(rows)


def test_the_branches_above_tell_indicators_of_one_name_apart():
    framework = make_framework({"a": {"b": {"x": {}}, "c": {"y": {}}}, "d": {"e": {"z": {}}}})
    Indicator.objects.filter(framework=framework, code__in=["x", "y", "z"]).update(name_en="Users")
    Indicator.objects.filter(framework=framework, code__in=["b", "e"]).update(name_en="Services")
    tree = indicators_of(framework.pk)
    assert distinct_names(tree) == {
        "a": "Indicator a",
        "b": "Services (Indicator a)",
        "x": "Users (Services) (Indicator a)",
        "c": "Indicator c",
        "y": "Users (Indicator c)",
        "d": "Indicator d",
        "e": "Services (Indicator d)",
        "z": "Users (Services) (Indicator d)",
    }


def test_the_first_version_is_the_base_unless_another_is_asked_for(client, pair):
    one, two = pair

    assert ask(client, API, one, two).json()["base"] == one.pk
    assert ask(client, API, one, two, base=two.pk).json()["base"] == two.pk
    assert client.get(f"{API}?versions={two.pk}&versions={one.pk}").json()["base"] == two.pk


def test_versions_of_two_frameworks_are_not_compared_and_the_page_says_so(client, pair):
    (other,) = publish(make_version(make_framework(is_published=True)))
    page, answer = ask(client, PAGE, pair[0], other), ask(client, API, pair[0], other)

    assert (page.status_code, answer.status_code) == (400, 400)
    assert "weigh different frameworks" in page.content.decode()
    assert pair[0].framework.name in answer.json()["versions"][0]


@pytest.mark.parametrize("count", [1, 21])
def test_too_few_or_too_many_versions_are_refused(client, framework, count):
    versions = publish(*(make_version(framework) for _number in range(count)))

    assert f"{count} chosen" in ask(client, PAGE, *versions).content.decode()
    assert ask(client, API, *versions).status_code == 400


def test_twenty_versions_are_compared(client, framework):
    versions = publish(*(make_version(framework, tilt=number) for number in range(20)))

    assert ask(client, PAGE, *versions).status_code == 200


@pytest.mark.parametrize("address", [PAGE, EXPORT, PICTURE, API])
@pytest.mark.parametrize("asked", ["{0},{1}", "{0},999999", "{0},x", "{0},-1", f"{{0}},{'9' * 40}"])
def test_what_a_stranger_may_not_know_of_is_not_found(client, framework, address, asked):
    (published,) = publish(make_version(framework))
    hidden = make_version(framework, tilt=1)

    assert client.get(address, {"versions": asked.format(published.pk, hidden.pk)}).status_code == 404


def test_a_draft_is_compared_for_its_owner_alone(client, framework, analyst):
    version, draft = make_version(framework), make_draft(framework, tilt=1)

    assert ask(client, PAGE, version, draft).status_code == 404
    sign_in_staff(client, draft.created_by)
    assert "not frozen" in ask(client, PAGE, version, draft).content.decode()


def test_without_a_choice_the_newest_pair_is_shown(client, framework, pair):
    publish(make_version(framework, tilt=2))

    assert client.get(PAGE).context["versions"][0][1] == pair[1]


def test_without_a_pair_the_page_says_so(client):
    assert "Nothing to compare yet" in client.get(PAGE).content.decode()


def test_the_file_holds_every_weight_in_full(client, pair):
    text = ask(client, EXPORT, *pair).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert len(rows) == 2 * 7
    travel = [row for row in rows if row["code"] == "travel"]
    assert [float(row["local_weight"]) for row in travel] == [1 / 3, 3 / 6]
    assert travel[0]["global_change"] == ""
    assert float(travel[1]["global_change"]) == 2 / 3 * 3 / 6 - 1 / 2 * 1 / 3
    assert travel[1]["manifest_sha256"] == pair[1].manifest_hash


def test_text_in_the_file_cannot_run_as_a_formula(client, framework):
    node = framework.indicators.first()
    node.name_en = "=1+1"
    node.save()
    versions = publish(make_version(framework), make_version(framework, tilt=1))

    assert "'=1+1" in ask(client, EXPORT, *versions).content.decode()


def test_the_api_tells_what_the_page_tells(client, pair):
    body = ask(client, API, *pair).json()
    (change,) = compare_versions(pair).changes
    weights = {node["code"]: node["weights"] for node in body["nodes"]}

    assert body["versions"][1]["distance"] == change.distance
    assert sum(part["distance"] for part in body["versions"][1]["parts"]) == pytest.approx(change.distance)
    assert weights["infra"][1]["relative_change"] == pytest.approx(1 / 3 / (1 / 2) - 1)
    assert weights["infra"][0]["relative_change"] == 0


def test_the_picture_stands_alone(client, pair):
    response = ask(client, PICTURE, *pair)

    assert response.headers["Content-Type"] == "image/svg+xml"
    assert pair[0].framework.name in response.content.decode()
    assert ask(client, PICTURE.replace("svg", "exe"), *pair).status_code == 404


def test_equal_versions_have_no_picture_and_one_sentence(client, framework):
    pair = publish(make_version(framework), make_version(framework))
    compared = compare_versions(pair)

    assert ask(client, PICTURE, *pair).status_code == 404
    assert finding(compared) == "The versions weigh every indicator alike"
    assert len(change_sentences(compared, compared.changes[0])) == 1
    assert ask(client, PAGE, *pair).status_code == 200


def test_the_sentences_follow_from_the_numbers(pair):
    with translation.override("en"):
        compared = compare_versions(pair)
        text = change_sentences(compared, compared.changes[0])

    assert text[0].startswith("22.22 % of the weight moved to other indicators since version 1")
    assert text[2] == "“Indicator travel” gains most: from 16.67 % to 33.33 % of the index."
    assert text[3] == "“Indicator fixed” loses most: from 25.00 % to 11.11 % of the index."
    assert text[4] == "2 indicators gain, 3 lose, 0 keep their weight."


def test_a_correction_is_chained_and_keeps_the_weights_of_what_it_corrects(pair):
    first, second = pair
    draft = draft_correction(first, reason=" Wrong sheet. ", actor=first.created_by)
    third = freeze_version(draft, actor=first.created_by)

    assert (third.parent, third.reason, third.number) == (first, "Wrong sheet.", 3)
    assert compare_versions([first, third]).changes[0].distance == 0
    assert bytes(third.manifest).find(second.manifest_hash.encode()) > 0
    assert bytes(third.manifest).find(f'"corrects":"{first.manifest_hash}"'.encode()) > 0


def test_a_correction_needs_a_frozen_version_and_a_reason(framework):
    draft = make_draft(framework)
    with pytest.raises(Refused) as refusal:
        draft_correction(draft, reason="  ", actor=draft.created_by)

    assert len(refusal.value.blockers) == 2


@pytest.mark.parametrize("count", [2, 4])
def test_a_comparison_costs_the_same_however_many_versions(
    client, framework, count, django_assert_num_queries
):
    versions = publish(*(make_version(framework, tilt=number) for number in range(count)))

    with django_assert_num_queries(3):
        assert ask(client, API, *versions).status_code == 200


def test_of_many_versions_the_newest_are_offered_and_the_others_found(
    client, analyst, framework, monkeypatch
):
    monkeypatch.setattr("weighting.selectors.versions.MOST_OFFERED", 2)
    first, second, *rest = (make_version(framework, tilt=tilt) for tilt in range(1, 7))

    def offered(**asked):
        answer = ask(client, PAGE, first, second, **asked)
        assert answer.status_code == 200
        return [option["version"] for option in answer.context["options"]], answer.content.decode()

    versions, text = offered()
    assert versions == [first, second, *rest[-2:]]
    assert "2 further versions are not listed: find them by name." in text
    versions, text = offered(find=rest[0].label_en)
    assert versions == [first, second, rest[0]]
    assert "not listed" not in text
    assert offered(find="nothing of the kind")[0] == [first, second]
    answer = client.get(PAGE)
    assert [option["version"] for option in answer.context["options"] if option["is_chosen"]] == rest[-2:]


def test_another_framework_is_offered_by_its_newest_versions(client, analyst, pair):
    other = make_framework(is_shared=True)
    versions = [make_version(other, tilt=tilt) for tilt in (1, 2, 3)]
    (offered,) = ask(client, PAGE, *pair).context["others"]
    assert offered == {"name": other.name, "url": compare_url(versions[-2:])}
    # What was frozen last is in view where nothing is asked for.
    chosen = [option["version"] for option in client.get(PAGE).context["options"] if option["is_chosen"]]
    assert chosen == versions[-2:]


def test_the_page_asks_no_more_where_there_are_more_versions(
    client, analyst, framework, pair, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr("weighting.selectors.versions.MOST_OFFERED", 1)
    make_version(framework, tilt=2)
    make_version(framework, tilt=3)
    ask(client, PAGE, *pair)
    with CaptureQueriesContext(connection) as few:
        size = len(ask(client, PAGE, *pair).content)
    for tilt in range(4, 20):
        make_version(framework, tilt=tilt)
    with django_assert_num_queries(len(few)):
        assert len(ask(client, PAGE, *pair).content) < size + 200
