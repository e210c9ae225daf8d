"""Keep out of the logs what signs a person in."""

import logging
import re

LINK = re.compile(r"(/in/)[\w:.=%+-]+")


class HideLinks(logging.Filter):
    """Cut the token out of a personal link: Django logs the path of every refused request."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = LINK.sub(r"\1[hidden]", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
