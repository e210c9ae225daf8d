"""Accounts as Django knows them, found by a statement that is written once, as sessions are."""

from django.contrib.auth.backends import ModelBackend

from weighting.models import Account
from weighting.selectors.statements import Given, Statement

# What a session names that lets an account in, now and in 0.1.0.
BY_ACCOUNT = "config.accounts.AccountBackend"
BEFORE = "django.contrib.auth.backends.ModelBackend"

FOUND = Statement(lambda: Account.objects.filter(pk=Given("pk", Account._meta.pk)))


class AccountBackend(ModelBackend):
    def get_user(self, user_id: int) -> Account | None:
        """Return who is signed in, asked by every request; nobody whose account is gone or shut."""
        found = FOUND.first(pk=user_id)
        return found if found and self.user_can_authenticate(found) else None
