"""What a database is made of, whatever order its columns have: for comparisons."""

import re

from django.db import connection

POSTGRES = {
    "columns": "SELECT table_name, column_name, udt_name, character_maximum_length, numeric_precision,"
    " is_nullable, column_default, is_identity, identity_generation, collation_name"
    " FROM information_schema.columns WHERE table_schema = current_schema()",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
    " FROM pg_constraint WHERE connamespace = current_schema()::regnamespace",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "triggers": "SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, pg_get_functiondef(oid) FROM pg_proc"
    " WHERE pronamespace = current_schema()::regnamespace",
    "sequences": "SELECT sequencename, data_type, start_value, increment_by FROM pg_sequences"
    " WHERE schemaname = current_schema()",
}
SQLITE = {"objects": "SELECT type, name, tbl_name, sql FROM sqlite_master"}
ROWS = {
    "migrations": "SELECT app, name FROM django_migrations",
    "content types": "SELECT app_label, model FROM django_content_type",
    "permissions": "SELECT codename, name FROM auth_permission",
}


def described():
    """Return every table, column, constraint, index and trigger, and what migrations wrote."""
    queries = POSTGRES if connection.vendor == "postgresql" else SQLITE
    found = {name: sorted(map(_words, _fetch(query))) for name, query in queries.items()}
    return found | {name: sorted(_fetch(query)) for name, query in ROWS.items()}


def _fetch(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def _words(row):
    """Return a row whose definition names columns in one order, also of what a trigger compares."""
    return [str(sorted(_parts(word))) if isinstance(word, str) else str(word) for word in row]


def _parts(definition):
    """Split a table at its commas, and what a trigger compares at its ORs."""
    definition = re.sub(r"\s+", " ", definition.replace('"', ""))
    made = re.fullmatch(r"(CREATE TABLE \S+) \((.*)\)", definition)
    if not made:
        return re.split(r"[()]| OR | WHEN | THEN | BEGIN ", definition)
    parts, depth = [""], 0
    for letter in made[2]:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [made[1], *map(str.strip, parts)]
