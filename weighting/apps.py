from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class WeightingConfig(AppConfig):
    name = "weighting"
    verbose_name = _("Weighting")

    def ready(self) -> None:
        post_migrate.connect(_keep_immutable, sender=self)


def _keep_immutable(using: str, **_kwargs: Any) -> None:
    from weighting.immutability import install_triggers

    install_triggers(using)
