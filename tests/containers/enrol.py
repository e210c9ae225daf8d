"""``python -m tests.containers.enrol EXPERTS ITEMS``: open a round in DATABASE_URL, print who takes part."""

import dataclasses
import json
import sys

import django

if __name__ == "__main__":
    django.setup()
    from benchmarks.serving import enrol

    print(json.dumps([dataclasses.asdict(expert) for expert in enrol(*map(int, sys.argv[1:]))]))
