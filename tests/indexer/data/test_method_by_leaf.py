"""Methods whose leaves and nodes go different ways: stored once, hashed, computed by the worker."""

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from indexer.enums import RunStatus
from indexer.models import FrameworkMethod, IndexMethod, Run
from indexer.selectors.runs import result_of
from indexer.services.methods import choice_of, data_blockers, set_default_method, use_method
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.composites import ranks_of
from tests.indexer.factories import make_data_set, make_version
from tests.indexer.numeric.published import column, numbers, rows_of
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import AuditEntry
from weighting.readers import FileProblems
from weighting.services.frameworks import import_framework

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

FRAMEWORK = """code,parent,transform,lower,upper,aggregation
health,,,,,
education,,,,,arithmetic
income,,,,,
le,health,,20,85,
eys,education,,0,18,
mys,education,,0,15,
gnipc,income,ln,100,75000,
"""


def imported(text, name="体系", actor=None):
    return import_framework(
        source=text.encode(), filename="f.csv", name_zh=name, name_en=name, actor=actor or make_account()
    )


class TestHashes:
    def test_methods_of_before_have_the_hashes_they_had(self):
        assert use_method().sha256 == PLAIN
        assert use_method(missing="raw_zero").sha256 == RAW_ZERO
        told = {"normalisation": "rank", "aggregation": "geometric", "outliers": "log"}
        assert use_method(**told, denominators={"p": "q"}).sha256 == TOLD
        assert use_method(scale=100, digits=None, leaves={}, nodes={"": {}}).sha256 == PLAIN

    def test_what_zero_means_now_is_another_method(self):
        assert use_method(missing="zero").sha256 not in (RAW_ZERO, PLAIN)

    def test_every_younger_choice_is_in_the_hash(self):
        others = [
            {"scale": 1},
            {"digits": 2},
            {"floor": 0.01},
            {"coverage": 0.5},
            {"leaves": {"p": {"transform": "ln"}}},
            {"nodes": {"": {"aggregation": "geometric"}}},
        ]
        assert len({use_method(**other).sha256 for other in others} | {PLAIN}) == 7

    def test_cells_that_say_what_the_index_does_are_no_cells(self):
        said = use_method(normalisation="minmax", leaves={"p": {"normalisation": "minmax", "lower": ""}})
        assert said == use_method(normalisation="minmax")
        text, number = ({"p": {"lower": value, "normalisation": "goalposts"}} for value in ("2", 2.0))
        assert use_method(leaves=text) == use_method(leaves=number)
        method = use_method(leaves=text)
        assert use_method(**vars(choice_of(method))) == method

    def test_cells_that_say_nothing_known_are_all_named(self):
        with pytest.raises(Refused) as refusal:
            use_method(leaves={"p": {"lower": "x", "cap": 3}}, nodes={"": {"coverage": 2, "target": 1}})
        assert [text.partition(":")[0] for text in refusal.value.blockers] == [
            "p, lower “x”",
            "p, cap “3”",
            "the index, coverage “2”",
            "the index, target “1”",
        ]


PLAIN = "b7b923e018d07ea4f6723e3dad95150e514811529847860c2c94d697d3b4c980"
RAW_ZERO = "761112d247d519f9ee8f9e3467fcc7558a978673a5194d15c0b7a482ccddd560"
TOLD = "fc93f26b5b6e0e298e20656d37fe887eb585cb8c7958cb3032d52039ec995f98"


def test_human_development_by_the_worker():
    framework = imported(FRAMEWORK)
    own = FrameworkMethod.objects.get(framework=framework).method
    assert own.leaves["gnipc"] == {"lower": 100.0, "transform": "ln", "upper": 75000.0}
    assert own.nodes == {}  # arithmetic is what the index does until it is told otherwise
    rows = rows_of("hdi_2019_2021.csv")
    values = numbers(rows, [f"{code}_2021" for code in ("le", "eys", "mys", "gnipc")])
    choices = vars(choice_of(own)) | {
        "normalisation": "goalposts",
        "aggregation": "geometric",
        "nodes": {"education": {"aggregation": "arithmetic"}},
        "scale": 1.0,
    }
    data_set = make_data_set(framework, values=values, **choices)
    make_version(framework)
    compute_waiting_runs(data_set.pk)
    result, _cities = result_of(Run.objects.select_related("data_set", "method").get(data_set=data_set))
    # The version of equal weights gives each of the three a third, and each half of education.
    assert np.abs(result.scores - column(rows, "hdi_2021")).max() <= 0.0005


def test_bad_cells_of_a_framework_file_are_named_with_its_other_faults():
    with pytest.raises(FileProblems) as error:
        imported(FRAMEWORK.replace("20,85", "twenty,85").replace("eys,education", "eys,schooling"))
    assert [(problem.row, problem.column) for problem in error.value.problems] == [
        (5, "lower"),
        (6, "parent"),
    ]


OTHERWISE = FRAMEWORK.replace("income,ln", "income,log10")


def test_a_file_of_a_tree_that_is_there_changes_the_method_alone(client):
    framework = imported(FRAMEWORK)
    sign_in_staff(client, make_account())
    sent = {"name_en": "Anew", "file": SimpleUploadedFile("f.csv", OTHERWISE.encode())}
    page = client.post(reverse("weighting:framework-import"), sent, follow=True)

    assert page.redirect_chain[-1][0] == reverse("weighting:framework-detail", args=[framework.pk])
    assert "new data sets start from the method of the file" in page.text
    kept = FrameworkMethod.objects.get(framework=framework)
    assert kept.method.leaves["gnipc"]["transform"] == kept.cells["leaves"]["gnipc"]["transform"] == "log10"
    for same in (OTHERWISE, "\n".join(",".join(line.split(",")[:2]) for line in OTHERWISE.splitlines())):
        with pytest.raises(Refused, match="already here"):
            imported(same)
    assert AuditEntry.objects.filter(act="set_method").count() == 2


def test_what_a_manager_chose_of_the_index_stays_under_the_cells_of_a_file():
    framework = imported(FRAMEWORK)
    chosen = choice_of(FrameworkMethod.objects.get().method)
    whole = use_method(**{**vars(chosen), "normalisation": "minmax"})
    set_default_method(framework, choice=choice_of(whole), actor=framework.created_by)
    imported(OTHERWISE)
    kept = FrameworkMethod.objects.get()
    assert (kept.method.normalisation, kept.is_whole) == ("minmax", True)
    assert kept.method.leaves["gnipc"]["transform"] == "log10"


def test_what_leaves_do_otherwise_is_shown_before_there_are_data(client):
    framework = imported(FRAMEWORK)
    sign_in_staff(client, make_account())
    address = reverse("indexer:framework-method", args=[framework.pk])
    page = client.get(address)
    assert {way["code"]: way["words"] for way in page.context["own_ways"]} == {
        "education": "aggregation Arithmetic mean",
        "le": "lower bound 20, upper bound 85",
        "eys": "lower bound 0, upper bound 18",
        "mys": "lower bound 0, upper bound 15",
        "gnipc": "lower bound 100, transform ln, upper bound 75000",
    }
    assert "What goes its own way" in page.text
    assert "另行处理的指标" in client.get(address, headers={"accept-language": "zh-hans"}).text
    plain = imported("code,parent\na,\nb,\n", name="Plain")
    page = client.get(reverse("indexer:framework-method", args=[plain.pk])).text
    assert "What goes its own way" not in page


def test_an_analyst_changes_the_method_of_no_framework_of_others():
    imported(FRAMEWORK)
    with pytest.raises(Refused, match="let a manager import it"):
        imported(OTHERWISE, actor=make_account(Role.ANALYST))
    mine = OTHERWISE.replace("mys", "own")
    imported(mine, actor=(analyst := make_account(Role.ANALYST)))
    own = imported(mine.replace("log10", "ln"), actor=analyst)
    assert FrameworkMethod.objects.get(framework=own).method.leaves["gnipc"]["transform"] == "ln"


def test_units_below_the_coverage_have_no_row_and_no_rank():
    values = np.random.default_rng(2).uniform(1, 9, (6, 5))
    values[1, :3] = values[4, :] = np.nan
    options = {"missing": "reweight", "coverage": 0.6, "normalisation": "minmax"}
    data_set = make_data_set(values=values, **options)
    make_version(data_set.framework)
    compute_waiting_runs(data_set.pk)
    run = Run.objects.select_related("data_set", "method").get(data_set=data_set)
    assert run.status == RunStatus.DONE
    ranks = ranks_of(run).values()
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    result, cities = result_of(run)
    lost = np.isnan(result.scores)
    assert lost[4]
    assert len(ranks) == 6 - lost.sum()
    assert (result.ranks[lost] == 0).all()
    assert [city.pk for city in cities] == data_set.city_ids


def test_a_table_that_does_not_fit_the_framework_is_refused_in_words():
    data_set = make_data_set()
    method = use_method(leaves={"gone": {"transform": "ln"}}, nodes={"": {"aggregation": "mpi"}})
    found = data_blockers(data_set, method)
    assert found[0] == "gone, transform “ln”: The framework has no such code. Correct the code."
    assert IndexMethod.objects.filter(pk=method.pk).exists()
