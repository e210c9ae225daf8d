"""A name that nobody can have, typed at the sign-in."""

import pytest
from axes.models import AccessAttempt
from django.urls import reverse

from weighting.models import Account

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.mark.parametrize("more", [1, 200_000])
def test_a_name_that_is_longer_than_any_is_refused_and_not_kept(client, settings, more):
    settings.AXES_ENABLED = True
    longest = Account._meta.get_field("username").max_length
    sent = {"username": "a" * (longest + more), "password": "wrong"}
    assert client.post(reverse("weighting:sign-in"), sent).status_code == 200
    assert not AccessAttempt.objects.exists()

    # The control: a name that somebody might have is noted.
    client.post(reverse("weighting:sign-in"), sent | {"username": "a" * longest})
    assert AccessAttempt.objects.get().username == "a" * longest
