from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IndexerConfig(AppConfig):
    name = "indexer"
    verbose_name = _("Index")

    def ready(self) -> None:
        from indexer import receivers  # noqa: F401  (connects the signals)
        from indexer.immutability import EDITIONS
        from weighting.immutability import keep_also

        keep_also(EDITIONS)
