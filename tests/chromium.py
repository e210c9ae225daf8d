"""Find a Chromium for the browser tests: ``python -m tests.chromium --install`` gets one.

The order: $CHROMIUM_PATH, the system's browser without windows, one with them, Playwright's own, Debian's
packages when we are root. Windows that nobody sees take three quarters of what a browser computes.
Failing to find one is an error, never a silent skip.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

WITHOUT_WINDOWS = "chromium-headless-shell"
NAMES = (WITHOUT_WINDOWS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = (
    "No Chromium was found. Install one (Debian: apt-get install chromium) "
    "or set CHROMIUM_PATH to the program, then run `make install` again."
)


def find_chromium() -> str | None:
    """Return the path of a browser that is installed now."""
    chosen = os.environ.get("CHROMIUM_PATH")
    if chosen:
        if not os.access(chosen, os.X_OK):
            sys.exit(f"CHROMIUM_PATH is {chosen!r}, which is not a program. Correct or unset it.")
        return chosen
    system = next(filter(None, map(shutil.which, NAMES)), None)
    return system or _playwright_chromium()


def install_chromium() -> str:
    """Return the path of a browser, installing one when there is none, or none without windows."""
    for install in (_install_without_windows, _install_by_playwright, lambda: _install_by_apt("chromium")):
        install()
        found = find_chromium()
        if found:
            return found
    sys.exit(MISSING)


def install_chinese_font() -> None:
    """Install a CJK font where that is possible: without one Chinese text is empty boxes."""
    if shutil.which("fc-list") is None or not subprocess.check_output(["fc-list", ":lang=zh-cn"]):
        _install_by_apt("fonts-noto-cjk", "fontconfig")


def _playwright_chromium() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _install_without_windows() -> None:
    if "CHROMIUM_PATH" not in os.environ and shutil.which(WITHOUT_WINDOWS) is None:
        _install_by_apt(WITHOUT_WINDOWS)


def _install_by_playwright() -> None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], timeout=300, check=False)


def _install_by_apt(*packages: str) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    apt = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=apt, check=False)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], env=apt, check=False
    )


if __name__ == "__main__":
    path = install_chromium() if "--install" in sys.argv else find_chromium()
    if "--install" in sys.argv:
        install_chinese_font()
    print(path or MISSING)
    sys.exit(0 if path else 1)
