"""How much one account may keep waiting at a time, so that nobody fills the house for the others."""

from django.db.models import Model, QuerySet

from weighting.exceptions import Refused
from weighting.models import Account


def check_quota(kept: QuerySet[Model], *, most: int, words: str, actor: Account) -> None:
    """Refuse one more of what the account keeps already; ``words`` say the number and the remedy.

    The account is locked first: of two requests at once, the second counts what the first wrote.
    """
    Account.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if kept.count() >= most:
        raise Refused(words % {"count": most})
