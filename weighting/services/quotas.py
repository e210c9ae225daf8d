"""How much one account may keep waiting or bring in, so that nobody fills the house for the others."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from weighting.exceptions import Refused
from weighting.models import Account, AuditEntry

# What the log says of an account that brought in a framework or panel, a version, units, a series.
BROUGHT = ("import", "make", "draft", "register", "add")


def check_quota(kept: QuerySet[Model], *, most: int, words: str, actor: Account) -> None:
    """Refuse one more of what the account keeps already; ``words`` say the number and the remedy.

    The account is locked first: of two requests at once, the second counts what the first wrote.
    """
    Account.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if kept.count() >= most:
        raise Refused(words % {"count": most})


def check_tables_of_a_day(actor: Account) -> None:
    """Refuse a further table of an account that brought in as many within a day as it may."""
    a_day_ago = timezone.now() - timedelta(days=1)
    check_quota(
        AuditEntry.objects.filter(actor=actor, act__in=BROUGHT, at__gt=a_day_ago),
        most=settings.MOST_TABLES_A_DAY,
        words=_(
            "You brought in %(count)d tables within a day: go on tomorrow, or ask the operator for more."
        ),
        actor=actor,
    )
