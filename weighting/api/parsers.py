"""Bodies in JSON, refused with words where they are none."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from weighting.readers.strict_json import read_strict_json


class StrictJSONParser(JSONParser):
    """Refuse numbers that are none or too large, half characters, and what is nested too deep."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return read_strict_json(stream.read().decode("utf-8"))
        except RecursionError:
            raise ParseError(_("The body is nested too deep.")) from None
        except UnicodeEncodeError:
            raise ParseError(_("The body holds half a character: send whole ones.")) from None
        except ValueError as error:
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from None
