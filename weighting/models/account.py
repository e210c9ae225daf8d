"""Accounts of staff, and the personal links that sign people in."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from weighting.enums import Language, Role
from weighting.models.checks import CheckedAtOnce


class Account(AbstractUser):
    """A manager, analyst or administrator. Experts have no account: their link is their key."""

    ROLES = [(role.value, role.label) for role in (Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR)]

    role = models.CharField(_("role"), max_length=16, choices=ROLES, default=Role.ANALYST)
    # Empty: the browser's language, the site's time zone.
    language = models.CharField(_("language"), max_length=10, choices=Language, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True)
    # The day alone, as of an API token.
    last_used_on = models.DateField(null=True, blank=True, editable=False)

    # Asked for by `manage.py createsuperuser`.
    REQUIRED_FIELDS = ["role"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=[Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR]),
                name="account_role_known",
            )
        ]


class AccessLink(CheckedAtOnce):
    """A personal link: 256 random bits, of which only the hash is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="access_links"
    )
    invitation = models.ForeignKey(
        "weighting.Invitation",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="access_links",
        db_constraint=False,
    )
    expires_at = models.DateTimeField()
    revoked = models.BooleanField(default=False)
    # A manager says that they gave it to its expert themselves.
    handed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=False, invitation__isnull=True)
                | Q(account__isnull=True, invitation__isnull=False),
                name="access_link_one_holder",
            )
        ]

    def __str__(self) -> str:
        return f"access link {self.pk}"


class CodeAttempts(models.Model):
    """Failed attempts to type a code, counted per hashed address and window of time."""

    origin = models.CharField(max_length=64)
    window = models.PositiveBigIntegerField()
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "window"], name="code_attempts_once")]

    def __str__(self) -> str:
        return f"code attempts {self.pk}"
