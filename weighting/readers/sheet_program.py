"""A program of its own: one workbook on standard input, its first visible sheet on standard output.

What is not a number is written as one line of JSON, and behind it the numbers of the rows as doubles.

``weighting.readers.workbook`` runs it confined and puts its faults into words. What it does stands in
a folder that it imports: that is compiled once, a program itself each time that it starts.
"""

import json
import os
import resource
import sys

if __name__ == "__main__":
    # Last of all, for files beside this one are called as some of Python's own.
    sys.path.append(os.path.dirname(__file__))
    from workbooks.reading import answer_of  # type: ignore[import-not-found]
    from workbooks.scan import Limits  # type: ignore[import-not-found]

    # Within what this process may take.
    own, limits = json.loads(sys.argv[1]), Limits(**json.loads(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_CPU, (own["cpu_seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (own["data"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer = answer_of(sys.stdin.buffer.read(), limits)
    numbers = answer.pop("numbers", b"")
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + numbers)
