import gc

from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    name = "upkeep"

    def ready(self) -> None:
        # The last of the applications: what is loaded by now lives as long as the process. To look through
        # it for garbage keeps a request waiting for a tenth of a second, each time, and finds none.
        gc.freeze()
