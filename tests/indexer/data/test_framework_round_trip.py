"""A framework leads to its data and weights, and its file keeps how its indicators are treated."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from indexer.models import FrameworkMethod
from tests.factories import make_account, sign_in_staff
from tests.indexer.data.test_stated_cells import FRAMEWORK
from tests.indexer.factories import make_cities
from weighting.services.frameworks import import_framework, publish_framework, share_framework

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def account():
    return make_account(username="analyst")


def imported(account, text):
    names = {"name_zh": "", "name_en": "Index"}
    return import_framework(source=text.encode(), filename="f.csv", **names, actor=account)


@pytest.fixture
def framework(account):
    return imported(account, FRAMEWORK.replace("minmax,0,18", "minmax,-5,18"))


@pytest.fixture
def analyst(client, account):
    sign_in_staff(client, account)
    return client


def test_the_file_of_a_framework_brings_its_method_along(analyst, account, framework):
    address = reverse("weighting:framework-file", args=[framework.pk])
    text = analyst.get(address).content.decode("utf-8-sig")
    again = imported(account, text.replace("schools", "school"))
    kept, copied = (FrameworkMethod.objects.get(framework=one) for one in (framework, again))
    assert copied.cells["leaves"] == kept.cells["leaves"]
    assert kept.cells["leaves"]["eys"] == {"normalisation": "minmax", "lower": -5.0, "upper": 18.0}
    assert copied.cells["nodes"] == {"school": {"aggregation": "arithmetic"}}


def test_a_stranger_has_the_tree_alone(client, account, framework):
    share_framework(framework, actor=account)
    publish_framework(framework, actor=account)
    text = client.get(reverse("weighting:framework-file", args=[framework.pk])).content.decode("utf-8-sig")
    assert text.splitlines()[0].endswith("licence")


@pytest.mark.parametrize("to", ["indexer:data-set-import", "weighting:version-new"])
def test_a_framework_leads_to_its_data_and_weights(analyst, account, framework, to):
    imported(account, "code,parent\na,\nb,\n")
    address = f"{reverse(to)}?framework={framework.pk}"
    assert f'href="{address}"' in analyst.get(reverse("weighting:framework-detail", args=[framework.pk])).text
    assert f'<option value="{framework.pk}" selected' in analyst.get(address).text
    assert analyst.get(f"{reverse(to)}?framework=x").status_code == 200


def test_what_the_file_of_the_framework_says_is_changed_there(analyst, account):
    framework = imported(account, FRAMEWORK.replace("share", "minmax"))
    cities = make_cities(3, actor=account)
    rows = "\n".join(f"{city.name_en},{place},{place},3" for place, city in enumerate(cities, 1))
    sent = {
        "framework": framework.pk, "name_en": "Same", "year": "2022", "normalisation": "rank",
        "register": cities[0].register_id,
        "file": SimpleUploadedFile("d.csv", f"unit,le,eys,mys\n{rows}\n".encode()),
    }  # fmt: skip
    answer = analyst.post(reverse("indexer:data-set-import"), sent, follow=True)
    assert "Its row in the file of the framework says how it is normalised" in answer.text
