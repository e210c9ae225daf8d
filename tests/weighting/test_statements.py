"""Statements that are written once read what their query sets read, and nothing from the time before."""

from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from tests import factories
from tests.factories import claim_of
from weighting.models import AccessLink, Ballot, Indicator, Invitation, RoundItem
from weighting.selectors.access import find_link, hash_token
from weighting.selectors.claims import find_claimed, held_ballot
from weighting.selectors.statements import Given, Statement
from weighting.services.access import issue_invitation_link
from weighting.services.claims import hold_round

pytestmark = pytest.mark.django_db
PK = Given("pk", Invitation._meta.pk)
INVITATION = Statement(lambda: Invitation.objects.filter(pk=PK))


def columns_of(row):
    return {name: value for name, value in vars(row).items() if name != "_state"}


def with_round():
    found = Invitation.objects.select_related("round__framework", "expert", "unclaimed_ballot")
    return found.defer("round__questionnaire")


def test_objects_are_read_as_their_query_set_reads_them(invitation, django_assert_num_queries):
    read, meant = Statement(lambda: with_round().filter(pk=PK)), with_round().get(pk=invitation.pk)

    with django_assert_num_queries(1):
        found = read.get(pk=invitation.pk)
        assert columns_of(found) == columns_of(meant)
        assert columns_of(found.round) == columns_of(meant.round)
        assert columns_of(found.round.framework) == columns_of(meant.round.framework)
        assert columns_of(found.expert) == columns_of(meant.expert)
        assert found.unclaimed_ballot is None
    assert found.round.get_deferred_fields() == {"questionnaire"}
    assert bytes(found.round.questionnaire) == bytes(meant.round.questionnaire)


def test_what_a_secret_opens_is_read_as_python_has_it(invitation):
    """SQLite keeps neither an identity, nor a truth, nor a document as such."""
    claim = claim_of(invitation)
    factories.fill_ballot(invitation)

    assert columns_of(held_ballot(claim)) == columns_of(Ballot.objects.get(lock=claim.lock))
    assert columns_of(find_claimed(claim.secret)) == columns_of(Invitation.objects.get(pk=invitation.pk))


def test_each_asking_reads_what_is_stored_by_then_for_what_it_is_given(round_):
    first, second = (factories.make_invitation(round_, place=place) for place in range(2))
    assert [INVITATION.get(pk=each.pk) for each in (first, second, first)] == [first, second, first]

    Invitation.objects.filter(pk=first.pk).update(disputed=True)

    assert [INVITATION.get(pk=each.pk).disputed for each in (first, second)] == [True, False]


def test_values_are_read_as_lists(round_):
    nodes = Indicator.objects.order_by("position").values_list("code", "is_leaf")
    codes = Statement(lambda: nodes.filter(framework=Given("framework", Indicator._meta.pk)))
    items = RoundItem.objects.filter(round=Given("round", RoundItem._meta.pk)).order_by().values("round")
    counted = Statement(lambda: items.annotate(count=Count("pk")).values_list("count"))

    assert codes.all(framework=round_.framework_id) == list(nodes.filter(framework=round_.framework_id))
    assert counted.all(round=round_.pk) == [(round_.items.count(),)]
    assert counted.first(round=0) is None


def test_what_has_to_be_there_and_is_not_is_refused(invitation):
    assert INVITATION.get(pk=invitation.pk) == INVITATION.first(pk=invitation.pk) == invitation

    assert INVITATION.first(pk=0) is None
    with pytest.raises(ObjectDoesNotExist):
        INVITATION.get(pk=0)


def test_a_link_that_was_found_is_found_no_more_once_it_is_over(invitation):
    """The statement is kept, and neither the moment nor the link that it was first asked for."""
    token, other = issue_invitation_link(invitation), issue_invitation_link(invitation)
    own = AccessLink.objects.filter(token_hash=hash_token(token))
    assert (find_link(token), find_link("x")) == (own.get(), None)

    own.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert find_link(token) is None
    own.update(expires_at=timezone.now() + timedelta(days=1))
    assert find_link(token) == own.get()
    own.update(revoked=True)

    assert find_link(token) is None
    assert find_link(other).invitation == invitation


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_within_a_transaction_alone():
    """Once the statement is written, too."""
    if not connection.features.has_select_for_update:
        pytest.skip("SQLite locks as a transaction begins")
    round_ = factories.make_round()
    with transaction.atomic():
        assert hold_round(round_.pk) == round_
    with pytest.raises(transaction.TransactionManagementError):
        hold_round(round_.pk)
