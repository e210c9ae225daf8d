"""Methods: one row for one method, refused in words, recorded with what they did to the data."""

import numpy as np
import pytest

from indexer.enums import RunStatus
from indexer.models import IndexMethod, Preparation, Run
from indexer.numeric.method.preparation import IMPUTED, WINSORISED
from indexer.numeric.scores.ranking import min_ranks
from indexer.selectors.data_sets import (
    auxiliary_columns_of,
    data_sets_visible_to,
    normalised_values,
    structure_of,
)
from indexer.selectors.preparations import record_of
from indexer.services.methods import (
    MethodChoice,
    choice_of,
    choose_instead,
    set_default_method,
    use_method,
)
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.factories import make_data_set, make_version
from weighting.exceptions import Refused
from weighting.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# One outlier in the first column: 12 cities, of the five leaves of the factory's framework.
VALUES = np.tile(np.arange(1.0, 13)[:, np.newaxis], 5)
SKEWED = VALUES.copy()
SKEWED[-1, 0] = 1000.0


def compute(values=SKEWED, auxiliary=None, **method):
    data_set = make_data_set(values=values, auxiliary=auxiliary, **method)
    make_version(data_set.framework)
    compute_waiting_runs(data_set.pk)
    return Run.objects.select_related("data_set", "method").get(data_set=data_set)


class TestChoosing:
    def test_a_method_has_one_row_whatever_is_said_of_unused_choices(self):
        plain = use_method()

        assert use_method(skewness_limit=7, winsorised_most=9) == plain
        assert use_method(outliers="log", winsorised_most=9) == use_method(outliers="log")
        assert use_method(outliers="winsorise", winsorised_most=9) != use_method(outliers="winsorise")
        assert use_method(outliers="log", skewness_limit=2) == use_method(outliers="log", skewness_limit=2.0)

    def test_denominators_are_part_of_the_method_in_any_order(self):
        pairs = {"p": "people", "q": "area"}

        method = use_method(denominators=pairs)

        assert use_method(denominators=dict(reversed(pairs.items()))) == method
        assert use_method(denominators={"p": "area", "q": "area"}) != method
        assert IndexMethod.objects.get(pk=method.pk).denominators == pairs

    def test_choices_come_back_as_they_were_made(self):
        method = use_method(outliers="winsorise", winsorised_most=3, denominators={"p": "q"})

        assert use_method(**vars(choice_of(method))) == method

    @pytest.mark.parametrize(
        ("choices", "words"),
        [
            ({"aggregation": "geometric", "normalisation": "minmax"}, "needs values above zero"),
            ({"aggregation": "geometric", "normalisation": "zscore"}, "needs values above zero"),
            ({"normalisation": "none", "outliers": "log"}, "used as they are"),
            ({"normalisation": "none", "denominators": {"p": "q"}}, "used as they are"),
            ({"outliers": "log", "skewness_limit": float("nan")}, "limits of skewness"),
            ({"outliers": "winsorise", "winsorised_most": 0}, "at least one cell"),
            ({"denominators": {"p": "p"}}, "divided by itself"),
        ],
    )
    def test_what_no_data_could_satisfy_is_refused_in_words(self, choices, words):
        with pytest.raises(Refused, match=words):
            use_method(**choices)
        assert not IndexMethod.objects.exists()

    def test_all_reasons_are_given_at_once(self):
        with pytest.raises(Refused) as caught:
            use_method(normalisation="none", outliers="log", skewness_limit=-1, denominators={"p": "p"})
        assert len(caught.value.blockers) == 3

    def test_the_default_of_a_framework_can_be_changed_and_is_logged(self):
        framework = make_framework()
        first, second = use_method(normalisation="rank"), use_method(normalisation="minmax")

        for method in (first, second):
            set_default_method(framework, choice=choice_of(method), actor=framework.created_by)

        framework.refresh_from_db()
        assert framework.default_method.method == second
        assert AuditEntry.objects.filter(act="set_method").count() == 2


class TestPreparing:
    def test_a_run_records_which_cells_were_drawn_in(self):
        run = compute(outliers="winsorise")

        record = record_of(run)

        assert record.cells[-1].tolist() == [WINSORISED, 0, 0, 0, 0]
        assert (record.cells[:-1] == 0).all()
        (treatment,) = record.treatments
        assert (treatment["code"], treatment["done"], treatment["cells"]) == (
            run.data_set.leaf_codes[0], "winsorised", 1,
        )  # fmt: skip
        assert treatment["before"]["skewness"] > 3 > treatment["after"]["skewness"]

    def test_imputed_cells_are_recorded(self):
        values = VALUES.copy()
        values[2, 3] = np.nan

        assert record_of(compute(values, missing="mean")).cells[2].tolist() == [0, 0, 0, IMPUTED, 0]

    def test_a_run_older_than_records_has_its_record_made_again(self):
        run = compute(outliers="winsorise")
        recorded = record_of(run)
        Preparation.objects.all().delete()

        again = record_of(run)

        assert (again.cells == recorded.cells).all()
        assert again.treatments == recorded.treatments

    def test_treatment_changes_ranks_as_computed_by_hand(self):
        run = compute(outliers="winsorise", normalisation="minmax")
        drawn_in = SKEWED.copy()
        drawn_in[-1, 0] = 11

        normalised = (drawn_in - 1) / [10, 11, 11, 11, 11]

        structure = structure_of(run.data_set.framework_id)
        assert normalised_values(run.data_set, run.method, structure) == pytest.approx(normalised)
        assert run.status == RunStatus.DONE

    def test_a_leaf_is_divided_by_an_auxiliary_column(self):
        people = np.arange(12.0, 0, -1)
        leaf = make_data_set(values=VALUES).leaf_codes[0]

        run = compute(VALUES, {"population": people}, normalisation="none")
        divided = compute(VALUES, {"population": people}, denominators={leaf: "population"})

        assert auxiliary_columns_of(run.data_set)["population"].tolist() == people.tolist()
        structure = structure_of(divided.data_set.framework_id)
        per_head = np.arange(1.0, 13) / people
        shares = normalised_values(divided.data_set, divided.method, structure)
        assert shares[:, 0] == pytest.approx(per_head / per_head.sum(), rel=1e-14)
        assert (min_ranks(shares[:, 0]) == np.arange(12, 0, -1)).all()

    def test_a_leaf_is_divided_by_another_leaf(self):
        first, second = make_data_set(values=VALUES).leaf_codes[:2]

        run = compute(SKEWED, denominators={first: second}, normalisation="rank")

        values = normalised_values(run.data_set, run.method, structure_of(run.data_set.framework_id))
        # 1000 / 12 is the largest quotient, all others are 1 and tie.
        assert values[-1, 0] == 1
        assert (values[:-1, 0] == 11 / 12).all()

    @pytest.mark.parametrize(
        ("people", "column", "kind"),
        [
            (np.zeros(12), "population", "denominator"),
            (np.ones(12), "area", "unknown_column"),
        ],
    )
    def test_a_denominator_that_divides_nothing_fails_the_run_in_words(self, people, column, kind):
        leaf = make_data_set(values=VALUES).leaf_codes[0]

        run = compute(VALUES, {"population": people}, denominators={leaf: column})

        assert run.status == RunStatus.FAILED
        assert [reason["kind"] for reason in run.failure] == [kind]

    def test_auxiliary_columns_are_part_of_the_data_and_left_out_of_lists(self):
        framework = make_framework()
        plain = make_data_set(framework, values=VALUES)
        with_people = make_data_set(framework, values=VALUES, auxiliary={"population": np.ones(12)})

        assert plain.sha256 != with_people.sha256
        listed = data_sets_visible_to(framework.created_by).first()
        assert {"values", "totals", "auxiliary"} <= listed.get_deferred_fields()


def test_data_that_come_normalised_are_shown_as_they_came_unless_a_scale_is_stated():
    own = MethodChoice()
    assert choose_instead(own, {"normalisation": "none"}).scale == 1
    assert choose_instead(own, {"normalisation": "none", "scale": 100}).scale == 100
    assert choose_instead(own, {"normalisation": "minmax"}).scale == 100
    stated = MethodChoice(scale=10)
    assert choose_instead(stated, {"normalisation": "none"}).scale == 10
    came = MethodChoice(normalisation="none", scale=1)
    assert choose_instead(came, {"normalisation": "share"}).scale == 100
    assert choose_instead(came, {"missing": "reweight"}).scale == 1
    # Of a run that was computed at 100 nothing changes.
    before = MethodChoice(normalisation="none")
    assert choose_instead(before, {"missing": "reweight"}).scale == 100
