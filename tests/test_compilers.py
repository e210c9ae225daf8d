from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Value
from django.db.models.functions import Lower
from django.db.models.sql import compiler

from tests.factories import make_framework
from weighting.models import Account, Framework, Indicator, Round

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

DJANGOS = {"sqlite": "django.db.models.sql.compiler", "postgresql": "django.db.backends.postgresql.compiler"}

ROUNDS = Round.objects.filter(framework=OuterRef("pk"))
QUESTIONS = {
    "by the model's own order": Round.objects.select_related("framework__created_by", "panel"),
    "by no order": Framework.objects.order_by(),
    "by fields of others": Indicator.objects.select_related("parent").order_by("-parent__position", "pk"),
    "by expressions of fields": Indicator.objects.order_by(F("parent__code").desc(nulls_last=True), F("pk")),
    "by a function": Framework.objects.order_by(Lower("name_en"), "pk"),
    "by a constant": Framework.objects.order_by(Value(1), "pk"),
    "at random": Framework.objects.order_by("?"),
    "by what is asked for": Framework.objects.annotate(nodes=Count("indicators")).order_by("-nodes", "pk"),
    "by an expression of it": Framework.objects.annotate(asked=Exists(ROUNDS)).order_by(F("asked").desc()),
    "by a value under another name": Framework.objects.values(said=F("name_en")).order_by("said"),
    "by columns alone": Indicator.objects.values_list("code", "parent__code").order_by("parent__code"),
    "backwards": Indicator.objects.order_by("framework", "-position").reverse(),
    "of two together": Framework.objects.order_by()
    .values("pk")
    .union(Account.objects.values("pk"))
    .order_by("-pk"),
    "within another": Framework.objects.filter(
        pk__in=Indicator.objects.order_by("-pk").values("framework")[:3]
    ),
    "with words of SQL": Framework.objects.extra(select={"twice": "2 * id"}, order_by=["-twice"]),
    "without doubles": Framework.objects.distinct().order_by("created_by__username"),
}


@pytest.fixture
def by_django(monkeypatch):
    """Have what is called with it done by Django's own compilers."""

    def do(function):
        with monkeypatch.context() as patch:
            patch.setattr(connection.ops, "_cache", import_module(DJANGOS[connection.vendor]))
            return function()

    return do


def compiler_of(question):
    return question.all().query.get_compiler("default")


@pytest.mark.parametrize("asked", QUESTIONS)
def test_statements_are_written_word_for_word_as_django_writes_them(asked, by_django):
    question = QUESTIONS[asked]

    assert compiler_of(question).as_sql() == by_django(lambda: compiler_of(question).as_sql())
    assert str(question.query) == by_django(lambda: str(question.query))


def test_values_of_every_model_are_read_as_django_reads_them(by_django):
    def converters_of(model):
        written = compiler_of(model._default_manager)
        written.as_sql()
        found = written.get_converters([column for column, _, _ in written.select])
        return {
            place: ([converter.__qualname__ for converter in converters], column)
            for place, (converters, column) in found.items()
        }

    models = apps.get_models()
    by_the_book = {model: by_django(lambda model=model: converters_of(model)) for model in models}

    assert any(by_the_book.values())
    # The first time they are looked for, and the second time they are kept.
    for _ in range(2):
        assert {model: converters_of(model) for model in models} == by_the_book


def test_no_column_is_taken_for_what_orders_where_none_can_be(monkeypatch, by_django):
    made = make_framework()
    references = []
    monkeypatch.setattr(compiler, "PositionRef", lambda *given: references.append(given))

    assert list(Framework.objects.order_by("-name_en", "pk")) == [made]
    assert not references
    by_django(lambda: list(Framework.objects.order_by("-name_en", "pk")))
    assert references


def test_signs_of_values_and_of_percent_are_told_apart_again_and_again():
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s, '100 %%', %s", ["%s ?", 7])
            assert cursor.fetchone() == ("%s ?", "100 %", 7)
