"""Sessions in the database as Django keeps them, found by a statement that is written once.

Whoever signed in or came by a link has one found by every request. Django writes the statement for it anew
each time, which takes four times as long as to run it and to read its row.
"""

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from config.accounts import BEFORE, BY_ACCOUNT
from weighting.selectors.statements import Given, Statement

FOUND = Statement(
    lambda: Session.objects.filter(
        session_key=Given("key", Session._meta.pk),
        expire_date__gt=Given("now", Session._meta.get_field("expire_date")),
    )
)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        """Return the row of a session that lasts; one that does not has no key any more."""
        found = FOUND.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Let those stay signed in who were before accounts were found in a way of the product's own."""
        kept = super().decode(session_data)
        if kept.get(BACKEND_SESSION_KEY) == BEFORE:
            kept[BACKEND_SESSION_KEY] = BY_ACCOUNT
        return kept
