"""The largest ballot that the product allows, as one plain form."""

import pytest
from django.conf import settings

from tests import factories
from tests.weighting.ballots import url
from weighting.models import Indicator, RoundItem, Score
from weighting.numeric.tree import MAX_NODES

pytestmark = pytest.mark.django_db
FIELDS_OF_AN_ITEM = 4
LONGEST = "意" * 1000


@pytest.fixture
def invitation():
    """An expert of a round that asks about every node of the largest tree."""
    round_ = factories.make_round()
    known = round_.framework.indicators.count()
    parent = round_.framework.indicators.get(code="industry")
    Indicator.objects.bulk_create(
        Indicator(
            framework=round_.framework,
            parent=parent,
            code=f"leaf{place}",
            name_zh=f"指标{place}",
            name_en=f"Indicator {place}",
            position=place,
            depth=2,
            is_leaf=True,
        )
        for place in range(known, MAX_NODES)
    )
    nodes = round_.framework.indicators.filter(position__gte=known)
    RoundItem.objects.bulk_create(RoundItem(round=round_, indicator=node) for node in nodes)
    return factories.make_invitation(round_)


def test_a_plain_ballot_with_every_answer_and_comment_is_saved(client, invitation):
    expert = factories.sign_in_expert(client, invitation)
    items = list(invitation.round.items.values_list("indicator_id", flat=True))
    assert len(items) == MAX_NODES
    fields = {"client": "plain", "then": "review", "csrfmiddlewaretoken": "x" * 64}
    for pk in items:
        fields |= {f"seen-{pk}": "0:", f"score-{pk}": "3", f"comment-{pk}": LONGEST, f"seen-comment-{pk}": ""}

    response = expert.post(url("ballot"), fields)

    assert response.status_code == 302
    assert Score.objects.filter(value=3, comment=LONGEST).count() == MAX_NODES
    # The largest page is one whose comments are all replaced: it brings the old ones, too.
    seen = {f"seen-{pk}": "1:3" for pk in items} | {f"seen-comment-{pk}": LONGEST for pk in items}
    response = expert.post(url("ballot"), fields | seen | {f"comment-{items[-1]}": "短"})
    assert response.status_code == 302
    assert Score.objects.filter(comment=LONGEST).count() == MAX_NODES - 1


def test_the_ballot_is_sent_in_the_encoding_that_keeps_chinese_short(client, invitation):
    page = factories.sign_in_expert(client, invitation).get(url("ballot")).content.decode()
    assert 'enctype="multipart/form-data"' in page


def test_the_limit_of_fields_is_the_largest_forms():
    assert FIELDS_OF_AN_ITEM * MAX_NODES < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS <= 12_000
