from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class WeightingConfig(AppConfig):
    name = "weighting"
    verbose_name = _("Weighting")

    def ready(self) -> None:
        import_module("weighting.receivers")
        pre_migrate.connect(_let_rebuild, sender=self)
        post_migrate.connect(_keep_immutable, sender=self)
        post_migrate.connect(_save_by_function, sender=self)


def _let_rebuild(using: str, plan: list[Any], **_kwargs: Any) -> None:
    """SQLite refuses to rebuild a table that the trigger of another one reads."""
    from weighting.immutability import drop_triggers

    if plan and connections[using].vendor == "sqlite":
        drop_triggers(using)


def _keep_immutable(using: str, **_kwargs: Any) -> None:
    from weighting.immutability import install_triggers

    install_triggers(using)


def _save_by_function(using: str, **_kwargs: Any) -> None:
    from weighting.services.answers import install_function

    install_function(using)
