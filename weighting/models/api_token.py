"""Tokens with which programs read the API as an account."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from weighting.models.account import Account


class ApiToken(models.Model):
    """256 random bits, of which only the hash is kept; the days are for its owner to recognise it by."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    made_on = models.DateField()
    used_on = models.DateField(null=True, blank=True)
    revoked = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="api_token_has_name")]

    def __str__(self) -> str:
        return f"API token {self.pk}"
