"""Links of a static copy: what it holds is linked by where it lies, what it does not hold is named alone."""

import html
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

# Contexts name files of the copy itself so; everything else is an address of the server.
OWN = "copy:"
ASSETS = "assets/"
ANCHOR = re.compile(r'<a\b[^>]*?\shref="(?P<url>[^"]*)"[^>]*>(?P<text>.*?)</a>', re.DOTALL)
ATTRIBUTE = re.compile(r'(?P<before>\s(?:href|src|action)=")(?P<url>[^"]*)"')
# Where a reader leaves the copy, or stays on the page.
ELSEWHERE = ("http://", "https://", "mailto:", "data:", "#")


@dataclass(frozen=True)
class CopyLinks:
    """The files of a copy by their addresses on the server, and the assets that its pages ask for."""

    files: Mapping[str, str]
    assets: set[str] = field(default_factory=set)

    def rewrite(self, page: str, at: str) -> str:
        """Return a page with links relative to where it lies.

        Raises `ValueError` for what it cannot do without and the copy does not hold.
        """
        named = ANCHOR.sub(lambda found: self._anchor(found), page)
        return ATTRIBUTE.sub(lambda found: f'{found["before"]}{self._relative(found["url"], at)}"', named)

    def _anchor(self, found: re.Match[str]) -> str:
        if found["url"].startswith(ELSEWHERE) or self._file(found["url"]):
            return found[0]
        return f"<span>{found['text']}</span>"

    def _relative(self, written: str, at: str) -> str:
        if not written or written.startswith(ELSEWHERE):
            return written
        file = self._file(written)
        if file is None:
            raise ValueError(f"{at} asks for {written}, which the copy does not hold")
        if file.startswith(ASSETS):
            self.assets.add(file.removeprefix(ASSETS))
        return html.escape(posixpath.relpath(file, posixpath.dirname(at)))

    def _file(self, written: str) -> str | None:
        """Return the file that a page's address stands for; None where the copy has none."""
        url = html.unescape(written)
        if url.startswith(OWN):
            return url.removeprefix(OWN)
        if url.startswith(settings.STATIC_URL):
            return ASSETS + url.removeprefix(settings.STATIC_URL)
        return self.files.get(url)


def read_asset(name: str) -> bytes:
    """Return a script or style as the pages of this installation load it."""
    if staticfiles_storage.exists(name):
        with staticfiles_storage.open(name) as file:
            return bytes(file.read())
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"static file {name} is not there: run collectstatic first")
    with open(path, "rb") as file:
        return file.read()
