"""Take the chart library out of the installed vl-convert, so that no copy of it is committed."""

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vl_convert
from django.conf import settings
from django.core.management.base import BaseCommand

from weighting.drawing import VEGA_LITE


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Write vendor/vega.js (Vega, Vega-Lite and Vega-Embed) where collectstatic finds it."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.VENDOR_DIR) / "vendor"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "vega.js"
        made_of = f"// vl-convert {version('vl-convert-python')}, Vega-Lite {VEGA_LITE}\n"
        if target.exists() and target.open(encoding="utf-8").readline() == made_of:
            return
        bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
        # Another process may read the one that is there, or write one too; and no draft is collected.
        draft = Path(settings.VENDOR_DIR).parent / f"vega.{os.getpid()}.draft"
        # A module scope keeps the bundle's thousands of names off the page.
        draft.write_text(f"{made_of}(() => {{{bundle}}})();\n", encoding="utf-8")
        draft.replace(target)
        self.stdout.write(f"{target.relative_to(settings.BASE_DIR)}: {len(bundle) // 1024} KB")
