"""Files to bytes, and what a row of a table is."""

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext as _

from weighting.readers.problems import ProblemLog

MAX_BYTES = 256 * 1024 * 1024
GZIP, ARCHIVE = b"\x1f\x8b", b"PK\x03\x04"
# What the list of an archive begins each part with; archives of workbooks hold lists of their own.
LISTED, MOST_LISTED = b"PK\x01\x02", 20_000
# Bytes are looked through in parts that stay near the processor.
PART = 1 << 18
# What no cell means to hold: controls but tabs and line breaks, and marks that turn the order of letters.
WIDE_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5")
JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{\s*\"|\[\s*[\[{])")
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|table|\?xml|!--)", re.IGNORECASE)
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class BinaryReader(Protocol):
    """An open file or an upload."""

    def read(self, size: int = ..., /) -> bytes: ...


Source = bytes | os.PathLike[str] | BinaryReader


@dataclass(frozen=True)
class Row:
    """Trimmed cells and the line of the file they start on."""

    line: int
    cells: list[str]

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(map(bool, self.cells))

    @property
    def extent(self) -> int:
        """How many cells there are up to the last one that holds something."""
        return next((place for place in range(len(self.cells), 0, -1) if self.cells[place - 1]), 0)


def trimmed(row: Row) -> Row:
    """Return a row without the spaces around its cells."""
    return Row(row.line, [cell.strip() for cell in row.cells])


def read_bytes(source: Source, log: ProblemLog, most: int = 0) -> bytes | None:
    """Return the bytes of a file that can be read and is not too large; None with the problem noted.

    ``most`` is for files that may be larger than `MAX_BYTES`.
    """
    most = max(most, MAX_BYTES)
    try:
        if isinstance(source, os.PathLike):
            with Path(source).open("rb") as file:
                data = file.read(most + 1)
        else:
            data = source if isinstance(source, bytes) else source.read(most + 1)
    except OSError as error:
        log.add(
            _("The file cannot be read: %(reason)s. Check the path.") % {"reason": error.strerror or error}
        )
        return None
    if len(data) > most:
        size = most // 1024 // 1024
        log.add(_("The file is larger than %(size)d MB. Split it or leave columns out.") % {"size": size})
        return None
    return data


def unzipped(data: bytes, log: ProblemLog, most: int) -> bytes | None:
    """Return what one packed file (gzip) holds, and any other as it is; None with the problem noted."""
    content = _unpacked(data, log, most) if data.startswith(GZIP) else data
    # To read the list of an archive costs so much a part, and every reader of archives begins with it.
    if content and content.startswith(ARCHIVE) and content.count(LISTED) > MOST_LISTED:
        log.add(_("The archive has too many parts. Take the table out of it, and send that."))
        return None
    return content


def _unpacked(data: bytes, log: ProblemLog, most: int) -> bytes | None:
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = unpacking.decompress(data, most + 1)
    except zlib.error:
        log.add(_("The packed file is damaged. Pack it anew, or send the table itself."))
        return None
    if len(content) > most:
        size = most // 1024 // 1024
        log.add(
            _("Unpacked, the file is larger than %(most)d MB. Leave out what is not needed.") % {"most": size}
        )
        return None
    if not unpacking.eof:
        log.add(_("The packed file is damaged. Pack it anew, or send the table itself."))
        return None
    return content


def is_markup(data: bytes, log: ProblemLog) -> bool:
    """Note a web page, XML or JSON, which many sites give out under the name of a spreadsheet."""
    if JSON.match(data):
        log.add(_("This is JSON, whatever its name says. Save the table as CSV or XLSX."))
        return True
    found = bool(MARKUP.match(data))
    if found:
        message = _(
            "This is a web page or an XML document, whatever its name says. Open it in a spreadsheet, and "
            "save the table as XLSX or CSV."
        )
        log.add(message)
    return found


def parts_of(data: bytes) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the bytes of a file in parts, without a copy."""
    for start in range(0, len(data), PART):
        yield np.frombuffer(data, np.uint8, min(PART, len(data) - start), start)


def count_marks(data: bytes, mark: str) -> int:
    """Count a character; one of ASCII takes a third of what ``data.count`` does.

    Of any other, which is written otherwise in each encoding, the largest count is returned.
    """
    if not mark.isascii():
        return max(data.count(mark.encode(encoding)) for encoding in WIDE_ENCODINGS)
    return sum(int(np.count_nonzero(part == ord(mark))) for part in parts_of(data))


def note_controls(cells: Iterable[str], line: int, log: ProblemLog) -> bool:
    """Note a row whose text would be stored, shown or compared as something other than it looks."""
    found = CONTROLS.search("".join(cells))
    if found:
        message = _("The table holds invisible control characters. Write the text anew.")
        log.add(message, row=line, value=f"U+{ord(found.group()):04X}")
    return bool(found)
