"""A register of counties: what files, tables and pages say of a unit, in both languages."""

import html
import json
import re

import pytest
from django.urls import reverse

from indexer.models import City, Register
from indexer.studies.registry import KINDS
from tests.factories import make_account, sign_in_staff
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.run.test_families import publish
from tests.indexer.studies.test_studies import QUESTIONS
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.enums import Role

pytestmark = pytest.mark.django_db

PAGES = ["run-map", "run-leads", "run-what-if"]
FILES = ["run-export", "run-map-export", "run-leads-export", "run-what-if-export", "run-fragility-export"]
COUNTED = ["run-places-export", "run-concentration-export"]
MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S)
LABELS = re.compile(r'(?:aria-label|placeholder|alt|title|data-label)="([^"]*)"')
DRAWINGS = re.compile(r'<script id="[^"]*-spec"[^>]*>(.*?)</script>', re.S)
FETCHED = re.compile(r'data-spec-url="([^"]*)"')
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
    asked.append((reverse("indexer:comparison-pairs"), {"runs": [run.pk for run in runs]}))
    pages = [reverse(f"indexer:{name}", args=[runs[0].pk]) for name in PAGES]

    def read(language):
        answers = [client.get(url, said, headers={"Accept-Language": language}) for url, said in asked]
        assert [answer.request["PATH_INFO"] for answer in answers if answer.status_code != 200] == []
        lines = [answer.content.decode("utf-8-sig").splitlines()[0] for answer in answers]
        shown = [client.get(url, headers={"Accept-Language": language}).content.decode() for url in pages]
        # The first column of a page's table that is not a number names the units.
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


def words_of(spec):
    """Return every title in a drawing: of the figure, its axes, legends and tooltips."""
    if isinstance(spec, list):
        return [word for part in spec for word in words_of(part)]
    if not isinstance(spec, dict):
        return []
    titles = [value for key, value in spec.items() if key in ("title", "subtitle") and isinstance(value, str)]
    return titles + words_of(list(spec.values()))


def shown_by(page, fetch=None):
    """Return what a page says to a reader: its text, its labels, and the words of its drawings.

    ``fetch`` brings those that a page draws from an address of their own.
    """
    fetched = [fetch(html.unescape(url)) for url in FETCHED.findall(page)]
    drawn = [word for text in [*DRAWINGS.findall(page), *fetched] for word in words_of(json.loads(text))]
    return "\n".join([MARKUP.sub("\n", page), *LABELS.findall(page), *drawn])


@pytest.fixture
def pages(client):
    """Return a reader, in a language, of what each page about runs shows, by its address."""
    runs = make_runs(random_values(12), tilts=[None, 1.0, 2.0])
    first, cities = runs[0], runs[0].data_set.city_ids
    City.objects.filter(pk__in=cities[:9]).update(latitude=30, longitude=110)
    branch = publish(first.data_set.framework)
    make_series(first.data_set.city_ids[1:], actor=first.data_set.created_by)
    sign_in_staff(client, make_account(Role.ANALYST))
    pair, many = ("&".join(f"runs={run.pk}" for run in some) for some in (runs[:2], runs))
    of_run = ["run-detail", "run-report", "run-map", "run-what-if", "run-fragility", "run-leads"]
    of_run += ["run-places", "run-concentration", "run-coherence", "run-nodes-pair", "run-distribution"]
    of_run += ["run-series"]
    addresses = [reverse(f"indexer:{name}", args=[first.pk]) for name in of_run]
    addresses += [
        reverse("indexer:run-map", args=[first.pk]) + f"?against={runs[1].pk}",
        reverse("indexer:index-detail", args=[branch.pk]) + f"?run={first.pk}",
        reverse("indexer:run-city", args=[first.pk, cities[0]]),
        reverse("indexer:run-leads", args=[first.pk]) + "?places=999",
        reverse("indexer:run-pair", args=[first.pk]),
        reverse("indexer:run-pair", args=[first.pk]) + "?first=Atlantis&second=Nanyang",
        reverse("indexer:run-pair", args=[first.pk]) + "?first=Luoyang&second=Nanyang",
        reverse("indexer:city-change", args=[cities[0]]) + f"?{pair}",
        *(
            reverse(f"indexer:{name}") + f"?{runs}"
            for name in ("comparison", "comparison-report")
            for runs in (pair, many)
        ),
        reverse("indexer:comparison") + f"?{many}&mark=Atlantis",
    ]

    def read(language):
        answers = {url: client.get(url, headers={"Accept-Language": language}) for url in addresses}
        assert {url: a.status_code for url, a in answers.items() if a.status_code >= 404} == {}

        def fetch(url):
            return client.get(url, headers={"Accept-Language": language}).content

        return {url: shown_by(answer.content.decode(), fetch) for url, answer in answers.items()}

    return read


@pytest.fixture(scope="module")
def studies_of_the_file(undone_after_the_file):
    """The addresses of page, form, lists and pair of each kind of study, and those of its files."""
    run = make_panel_run()
    addresses, files = [reverse("indexer:run-studies", args=[run.pk])], []
    for kind, asked in QUESTIONS.items():
        study = make_study(run, kind, **asked)
        detail = reverse("indexer:study-detail", args=[study.pk])
        addresses += [
            reverse("indexer:run-studies", args=[run.pk]) + f"?kind={kind}",
            detail,
            f"{detail}?q=城市003",
            f"{detail}?above=Atlantis&below=Atlantis",
            f"{detail}?above=城市003&below=城市003",
        ]
        if KINDS[kind].columns(run.data_set.series.register):
            files.append(reverse("indexer:study-export", args=[study.pk]))
    output = {"weights": "noise", "draws": 600, "output": "rank", "city": "城市003"}
    addresses.append(reverse("indexer:study-detail", args=[make_study(run, "sobol", **output).pk]))
    addresses.append(reverse("indexer:study-detail", args=[make_study(run, seed=9, counted=False).pk]))
    return [*addresses, reverse("indexer:study-list")], files


@pytest.fixture
def studies(client, studies_of_the_file):
    """Return a reader, in a language, of what the studies' addresses say."""
    addresses, files = studies_of_the_file
    sign_in_staff(client, make_account(Role.ANALYST))

    def read(language):
        spoken = {"Accept-Language": language}
        said = {url: shown_by(client.get(url, headers=spoken).content.decode()) for url in addresses}
        for url in files:
            said[url] = client.get(url, headers=spoken).content.decode("utf-8-sig").splitlines()[0]
        # Names of the units themselves, and of what stands for a whole register.
        return {
            url: re.sub(r"城市\d{3}|City \d+|Smart city|智慧城市", "", text) for url, text in said.items()
        }

    return read


@pytest.mark.parametrize("language", WORDS)
def test_studies_call_their_units_by_the_registers_word(studies, language):
    _word, city = WORDS[language]
    # The control: of cities the studies speak of cities.
    assert sum(bool(re.search(city, text, re.I)) for text in studies(language).values()) > 20

    Register.objects.update(unit_zh="县", unit_en="county", units_en="counties")

    lines = [(url, line.strip()) for url, text in studies(language).items() for line in text.split("\n")]
    assert [(url, line) for url, line in lines if re.search(city, line, re.I)] == []


@pytest.mark.parametrize("language", WORDS)
def test_pages_call_their_units_by_the_registers_word(pages, language):
    word, city = WORDS[language]
    # The control: with a register of cities every page speaks of them.
    assert [url for url, text in pages(language).items() if not re.search(city, text, re.I)] == []

    Register.objects.update(unit_zh="县", unit_en="county", units_en="counties")

    said = pages(language)
    lines = [(url, line.strip()) for url, text in said.items() for line in text.split("\n")]
    assert [(url, line) for url, line in lines if re.search(city, line, re.I)] == []
    assert [url for url, text in said.items() if not re.search(word, text, re.I)] == []
