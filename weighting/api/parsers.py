"""JSON as its standard has it: what others would read as something else is refused here, once for all."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """Refuse numbers that are none or too large, half characters, and what is nested too deep."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            text = stream.read().decode("utf-8")
            sent = json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
            # A lone half of a pair can be neither stored nor answered.
            json.dumps(sent, ensure_ascii=False).encode("utf-8")
        except RecursionError:
            raise ParseError(_("The body is nested too deep.")) from None
        except UnicodeEncodeError:
            raise ParseError(_("The body holds half a character: send whole ones.")) from None
        except ValueError as error:
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from None
        return sent


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse_number(text[:40])
    return value


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(_("“%(value)s” is not a number that can be kept") % {"value": text})
