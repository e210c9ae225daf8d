"""A register of counties: what files and heads of tables say of a unit, in both languages."""

import re

import pytest
from django.urls import reverse

from indexer.models import City, Register
from tests.factories import make_account, sign_in_staff
from tests.indexer.pages import make_runs, random_values
from tests.indexer.test_families import publish
from weighting.enums import Role

pytestmark = pytest.mark.django_db

PAGES = ["run-map", "run-leads", "run-what-if"]
FILES = ["run-export", "run-map-export", "run-leads-export", "run-what-if-export", "run-fragility-export"]
COUNTED = ["run-places-export", "run-concentration-export"]
WORDS = {"en": (r"\bcount(y|ies)\b", r"\bcit(y|ies)\b"), "zh-hans": ("县", "城市")}


@pytest.fixture
def heads(client):
    """Return a reader, in a language, of the first line of every file and the head of every table."""
    runs = make_runs(random_values(6), tilts=[None, 1.0])
    branch = publish(runs[0].data_set.framework)
    City.objects.update(latitude=30, longitude=110)
    sign_in_staff(client, make_account(Role.ANALYST))
    asked = [(reverse(f"indexer:{name}", args=[runs[0].pk]), {}) for name in [*FILES, *COUNTED]]
    asked.append((reverse("indexer:index-export", args=[branch.pk]), {"run": runs[0].pk}))
    asked.append((reverse("indexer:comparison-export"), {"runs": [run.pk for run in runs]}))
    pages = [reverse(f"indexer:{name}", args=[runs[0].pk]) for name in PAGES]

    def read(language):
        answers = [client.get(url, said, headers={"Accept-Language": language}) for url, said in asked]
        assert [answer.request["PATH_INFO"] for answer in answers if answer.status_code != 200] == []
        lines = [answer.content.decode("utf-8-sig").splitlines()[0] for answer in answers]
        shown = [client.get(url, headers={"Accept-Language": language}).content.decode() for url in pages]
        # The first column of a page's table that is no number names the units.
        return lines + [re.search(r"<thead.*?</thead>", page, re.S)[0] for page in shown]

    return read


@pytest.mark.parametrize("language", WORDS)
def test_files_head_their_units_with_the_registers_word(heads, language):
    word, city = WORDS[language]
    # The control: a register of cities says so in every file.
    assert all(re.search(city, head, re.I) for head in heads(language))

    Register.objects.update(unit_zh="县", unit_en="county", units_en="counties")

    assert [head for head in heads(language) if re.search(city, head, re.I)] == []
    assert [head for head in heads(language) if not re.search(word, head, re.I)] == []
