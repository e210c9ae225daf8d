import pytest
from django.core.exceptions import ValidationError
from django.db.models import CheckConstraint, Model

from tests.factories import make_round
from weighting.enums import RoundState, VersionStatus
from weighting.models import Round, Score, WeightVersion
from weighting.models.checks import CheckedAtOnce

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def problems_of(row, exclude=()):
    try:
        row.validate_constraints(exclude=set(exclude))
    except ValidationError as error:
        return error.message_dict
    return {}


CLOSED = {"state": RoundState.CLOSED, "questionnaire_hash": ""}
ROWS = [
    (Round, {"quorum": 2, "minimum_panel": 5}),
    (Round, {"quorum": 1, "minimum_panel": 5}),
    (Round, {"quorum": 1, "minimum_panel": 1}),
    (Round, {"quorum": 1, "minimum_panel": 1, **CLOSED}),
    (Round, {"quorum": None, "minimum_panel": 1}),
    (Round, {"quorum": None, "minimum_panel": None, "sealed_count": 3}),
    (WeightVersion, {"status": VersionStatus.DRAFT}),
    (WeightVersion, {"status": VersionStatus.DRAFT, "number": 3, "is_published": True}),
    (WeightVersion, {"status": VersionStatus.FROZEN, "number": 3, "manifest": b"{}", "manifest_hash": "a"}),
    (WeightVersion, {"status": VersionStatus.FROZEN, "manifest": b"{}", "manifest_hash": ""}),
    (Score, {"value": 5}),
    (Score, {"value": None}),
    (Score, {"value": 6}),
]


@pytest.mark.parametrize(("model", "values"), ROWS)
def test_rows_are_refused_as_they_are_check_by_check(model, values, monkeypatch):
    row, fields = model(**values), [field.name for field in model._meta.concrete_fields]
    leaving_out = [(), *((name,) for name in fields), tuple(fields)]
    at_once = [problems_of(row, exclude) for exclude in leaving_out]
    monkeypatch.setattr(CheckedAtOnce, "get_constraints", Model.get_constraints)

    assert at_once == [problems_of(row, exclude) for exclude in leaving_out]


def test_several_problems_of_a_row_are_all_told():
    bad = Round(quorum=1, minimum_panel=1, state=RoundState.DRAFT, receipt_root="a")

    assert len(problems_of(bad)["__all__"]) == 3


def test_the_checks_of_a_round_are_one_question(django_assert_num_queries):
    round_ = make_round(state=RoundState.DRAFT)
    assert sum(isinstance(one, CheckConstraint) for one in Round._meta.constraints) == 4

    # One question between a savepoint and its end.
    with django_assert_num_queries(3):
        round_.validate_constraints()
