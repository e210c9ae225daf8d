"""Visits of published indices: how many in a day, and nothing about who came."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import date

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from indexer.models import DailyVisits

# One write of a process in so many seconds: three hundred readers a second are none more than one.
SECONDS = 5.0


class VisitCounter:
    """Counts in memory what is not written yet; a process that is killed loses some seconds of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[tuple[int, date]] = Counter()
        self._written_at = float("-inf")

    def note(self, index_id: int) -> None:
        """Count one visit of an index, and write down what waits when it is time."""
        with self._lock:
            self._waiting[index_id, timezone.localdate()] += 1
            now = time.monotonic()
            if now - self._written_at < SECONDS:
                return
            self._written_at = now
            waiting, self._waiting = self._waiting, Counter()
        try:
            add_visits(waiting)
        except DatabaseError:
            # A reader is shown the page all the same; what was counted waits for the next.
            with self._lock:
                self._waiting.update(waiting)


@transaction.atomic
def add_visits(counts: Mapping[tuple[int, date], int]) -> None:
    """Add visits to those of their days."""
    for (index_id, day), count in sorted(counts.items()):
        DailyVisits.objects.get_or_create(index_id=index_id, day=day)
        DailyVisits.objects.filter(index_id=index_id, day=day).update(count=F("count") + count)


visits = VisitCounter()
