"""``manage.py demo_links``: a fresh sign-in link for an expert, the manager and the analyst of the demo."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from indexer.management.commands.load_demo import ACCOUNTS, OPEN_ROUND
from weighting.enums import Role, RoundState
from weighting.models import Account, Invitation
from weighting.services.access import issue_account_link, issue_invitation_link


class Command(BaseCommand):
    help = "Print a sign-in link each for an expert, the manager and the analyst of the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = {account.username: account for account in Account.objects.all()}
        if ACCOUNTS[Role.MANAGER][0] not in accounts:
            raise CommandError("The demo is not loaded: run load_demo first.")
        invitation = _next_invitation()
        if invitation:
            self._print(Role.EXPERT, issue_invitation_link(invitation))
        for role in (Role.MANAGER, Role.ANALYST):
            self._print(role, issue_account_link(accounts[ACCOUNTS[role][0]]))

    def _print(self, role: Role, token: str) -> None:
        path = reverse("weighting:receive-link", args=[token])
        self.stdout.write(f"{role.value:>10}: {settings.PUBLIC_URL}{path}")


def _next_invitation() -> Invitation | None:
    """Return an expert of the demo's open round who has not sealed, if any is left."""
    waiting = Invitation.objects.filter(
        round__state=RoundState.OPEN, round__title_en=OPEN_ROUND["title_en"], sealed=False
    )
    return waiting.select_related("round").order_by("started", "expert__code").first()
