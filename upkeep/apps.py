import gc
from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class UpkeepConfig(AppConfig):
    name = "upkeep"

    def ready(self) -> None:
        post_migrate.connect(_forget_short_ways, sender=apps.get_app_config("indexer"))
        # The last of the applications: what is loaded by now lives as long as the process. To look through
        # it for garbage keeps a request waiting for a tenth of a second, each time, and finds none.
        gc.freeze()


def _forget_short_ways(**_sent: Any) -> None:
    from upkeep.copies.snapshot import forget_short_ways

    forget_short_ways()
