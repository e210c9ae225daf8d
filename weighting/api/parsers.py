"""Bodies in JSON, refused with words where they are none."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

from weighting.readers.strict_json import MOST_BYTES, read_strict_json


class TooLong(APIException):
    """The body is longer than any that means something."""

    status_code = 413

    def __init__(self) -> None:
        message = _("The body has more than %(most)d MB: send less at a time.")
        super().__init__(message % {"most": MOST_BYTES // 1024 // 1024})


class StrictJSONParser(JSONParser):
    """Refuse numbers that are none or too large, half characters, and what is nested too deep or too long."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLong
        try:
            return read_strict_json(body.decode("utf-8"))
        except RecursionError:
            raise ParseError(_("The body is nested too deep.")) from None
        except UnicodeEncodeError:
            raise ParseError(_("The body holds half a character: send whole ones.")) from None
        except ValueError as error:
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from None
