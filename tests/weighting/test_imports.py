import pytest

from tests.factories import make_account
from tests.weighting.uploads import FRAMEWORK_CSV, PANEL_CSV
from weighting.exceptions import Refused
from weighting.models import AuditEntry, Expert, Framework, Indicator, Panel
from weighting.readers import FileProblems
from weighting.services.frameworks import import_framework, publish_framework
from weighting.services.panels import import_panel

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


@pytest.fixture
def actor():
    return make_account()


def import_tree(actor, text=FRAMEWORK_CSV, encoding="utf-8"):
    return import_framework(
        source=text.encode(encoding), filename="f.csv", name_zh="体系", name_en="Framework", actor=actor
    )


def test_a_framework_is_imported_with_its_tree(actor):
    framework = import_tree(actor)

    nodes = {node.code: node for node in framework.indicators.select_related("parent")}
    assert [node.code for node in framework.indicators.order_by("position")] == [
        "infra",
        "industry",
        "fixed",
        "mobile",
        "faults",
    ]
    assert nodes["infra"].parent is None
    assert nodes["mobile"].parent.code == "infra"
    assert [nodes[code].depth for code in ("infra", "mobile")] == [1, 2]
    assert [nodes[code].is_leaf for code in ("infra", "mobile")] == [False, True]
    assert (nodes["faults"].direction, nodes["faults"].unit) == (-1, "%")
    assert (nodes["fixed"].name_zh, nodes["fixed"].name_en) == ("固定网络", "Fixed network")
    assert AuditEntry.objects.filter(act="import", subject_id=framework.pk, actor=actor).exists()


def test_children_may_stand_above_their_parents_in_the_file(actor):
    framework = import_tree(actor, "code,parent\nleaf,top\nother,top\ntop,\nside,\n")

    assert [n.code for n in framework.indicators.order_by("position")] == ["leaf", "other", "top", "side"]
    assert framework.indicators.get(code="leaf").parent.code == "top"


def test_an_indicator_without_a_name_is_shown_by_its_code(actor):
    framework = import_tree(actor, "code,parent,name_zh,name_en\na,,,\nb,,乙,\n")

    assert [node.name for node in framework.indicators.order_by("position")] == ["a", "乙"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_same_tree_again_is_refused_whatever_the_encoding(actor, encoding):
    import_tree(actor)

    with pytest.raises(Refused, match="Framework"):
        import_tree(actor, encoding=encoding)
    assert Framework.objects.count() == 1


def test_every_problem_of_a_framework_file_is_named_and_nothing_is_written(actor):
    bad = "code,parent,direction\na,,1\nb,nowhere,5\na,,1\nc,d,1\nd,c,1\n"

    with pytest.raises(FileProblems) as found:
        import_tree(actor, bad)

    places = {(problem.row, problem.column) for problem in found.value.problems}
    assert {(3, "parent"), (3, "direction"), (4, "code")} <= places
    assert any(problem.row in (5, 6) and problem.column == "parent" for problem in found.value.problems)
    assert all(problem.file == "f.csv" for problem in found.value.problems)
    assert not Framework.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_failure_half_way_leaves_nothing(actor, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr("weighting.services.frameworks.record_act", fail)
    with pytest.raises(RuntimeError):
        import_tree(actor)

    assert not Framework.objects.exists()
    assert not Indicator.objects.exists()


def test_publishing_a_framework_twice_is_one_act(actor):
    framework = import_tree(actor)

    publish_framework(framework, actor=actor)
    publish_framework(framework, actor=actor)

    assert Framework.objects.get().is_published
    assert AuditEntry.objects.filter(act="publish").count() == 1


def import_people(actor, text=PANEL_CSV, name="Panel"):
    return import_panel(source=text.encode(), filename="p.csv", name=name, actor=actor)


def test_a_panel_is_imported_with_its_people(actor):
    panel = import_people(actor)

    rows = panel.experts.values_list("code", "name", "email", "organisation", "sector", "language")
    assert list(rows) == [
        ("E1", "李一", "one@panel.example", "清华大学", "academic", "zh-hans"),
        ("E2", "Two", "two@panel.example", "", "industry", "en"),
    ]


def test_the_same_people_again_are_refused_under_any_name(actor):
    import_people(actor, name="First")

    with pytest.raises(Refused, match="First"):
        import_people(actor, name="Second")
    assert Panel.objects.count() == 1


def test_one_changed_person_makes_another_panel(actor):
    import_people(actor)
    import_people(actor, PANEL_CSV.replace("two@", "zwei@"))

    assert Panel.objects.count() == 2


def test_every_problem_of_a_panel_file_is_named_and_nothing_is_written(actor):
    bad = (
        "code,name,email,sector\n"
        "E1,One,one@x.example,academic\n"
        "E1,Two,not-an-address,clergy of the diocese and its monasteries\n"
        "E3,Three,ONE@x.example,other\n"
        "E4,,,other\n"
    )

    with pytest.raises(FileProblems) as found:
        import_people(actor, bad)

    places = {(problem.row, problem.column) for problem in found.value.problems}
    assert places >= {(3, "code"), (3, "email"), (3, "sector"), (4, "email"), (5, "name")}
    assert not Panel.objects.exists()
    assert not Expert.objects.exists()
