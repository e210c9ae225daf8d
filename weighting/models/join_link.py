"""One-time links by which somebody comes to hold an account of staff."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from weighting.enums import Language, Role
from weighting.models.account import Account


class JoinLink(models.Model):
    """256 random bits, of which only the hash is kept, and what the account will be.

    One that nobody made is the first administrator's: the program prints it while there is none,
    and it has no other end than that somebody administers the installation.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    role = models.CharField(_("role"), max_length=16, choices=Account.ROLES)
    name = models.CharField(_("name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    language = models.CharField(_("language"), max_length=10, choices=Language, blank=True)
    made_by = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="join_links_made"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked = models.BooleanField(default=False)
    account = models.OneToOneField(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="joined_by"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(made_by__isnull=False, expires_at__isnull=False)
                | Q(made_by__isnull=True, expires_at__isnull=True, role=Role.ADMINISTRATOR),
                name="join_link_made_by_somebody_or_the_first",
            )
        ]

    def __str__(self) -> str:
        return f"join link {self.pk}"
