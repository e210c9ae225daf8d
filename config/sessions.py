"""Sessions in the database as Django keeps them, found by a statement that is written once.

Whoever signed in or came by a link has one found by every request. Django writes the statement for it anew
each time, which takes four times as long as to run it and to read its row.
"""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

FIND = (
    'SELECT "session_key", "session_data", "expire_date" FROM "django_session"'
    ' WHERE "session_key" = %s AND "expire_date" > %s'
)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        """Return the row of a session that lasts; one that does not has no key any more."""
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        found = next(iter(Session.objects.raw(FIND, [self.session_key, now])), None)
        if found is None:
            self._session_key = None
        return found
