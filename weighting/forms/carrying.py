"""File fields that carry what was sent: a form that is refused for another field needs no file twice.

The file travels with the page, in hidden fields beside its input, so that nothing of it is kept here.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

# What a page may carry, packed; a larger file is chosen again.
MOST_CARRIED = 4 * 1024 * 1024
MOST_UNPACKED = 32 * 1024 * 1024


class CarryingFileInput(forms.FileInput):
    """An input for a file; shown again with one that nothing is wrong with, it carries that one."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """Return the file that was chosen, else the one that the page carried, unless it is to be dropped."""
        chosen = super().value_from_datadict(data, files, name)
        return chosen or (None if _dropping(name) in data else _unpacked(data, name))

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return super().value_omitted_from_data(data, files, name) and _key(name) not in data

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Put the hidden fields below the input; a file that has an error of its own is not carried."""
        shown = super().render(name, value, attrs, renderer)
        if not isinstance(value, UploadedFile) or "aria-invalid" in (attrs or {}):
            return shown
        packed = packed_of(value)
        if not packed:
            words = _("“%(name)s” is too large to be sent along: choose it again.") % {"name": value.name}
            return format_html('{}<p class="field-help">{}</p>', shown, words)
        words = _("“%(name)s” is sent along. Choose a file only to send another one.") % {"name": value.name}
        carrying = format_html(
            '{}<p class="field-help">{}</p><input type="hidden" name="{}" value="{}">'
            '<input type="hidden" name="{}-name" value="{}">',
            *(shown, words, _key(name), packed, _key(name), value.name),
        )
        if self.is_required:
            return carrying
        # Where none is needed, a page that is filled in otherwise must let go of it.
        return format_html(
            '{}<label class="choice"><input type="checkbox" name="{}" value="1"> {}</label>',
            *(carrying, _dropping(name), _("Send no file")),
        )


class CarryingFileField(forms.FileField):
    """A file that a refused form keeps; an empty one is left to the reader, which says what is missing."""

    widget: forms.Widget | type[forms.Widget] = CarryingFileInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, **kwargs)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Let the input see what was sent."""
        return data


def packed_of(file: UploadedFile) -> str:
    """Return a file as a page carries it; '' where it is too large for that."""
    if file.closed or (file.size or 0) > MOST_UNPACKED:
        return ""
    file.seek(0)
    packed = base64.b64encode(zlib.compress(file.read(), 1)).decode()
    return packed if len(packed) <= MOST_CARRIED else ""


def _key(name: str) -> str:
    return f"{name}-carried"


def _dropping(name: str) -> str:
    return f"{name}-dropped"


def _unpacked(data: Mapping[str, Any], name: str) -> UploadedFile | None:
    """Unpack the file that a page carried; None where it holds none, or what no page of ours wrote."""
    try:
        packed = base64.b64decode(str(data.get(_key(name), "")), validate=True)
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, MOST_UNPACKED)
    except (binascii.Error, ValueError, zlib.error):
        return None
    if not packed or not unpacking.eof:
        return None
    return SimpleUploadedFile(str(data.get(f"{_key(name)}-name", "")) or "table", content)
