"""What the OpenAPI document says of every address: who may ask, and how a refusal looks."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

PROBLEM = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
WRONG_PARAMETERS = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
    "description": "What is wrong with each parameter, by its name.",
}
PROBLEMS = {
    "400": ("A parameter is wrong or not known.", WRONG_PARAMETERS),
    "401": ("The token is not known, or it was revoked.", PROBLEM),
    "404": ("There is no such thing, or none that the visitor may know of.", PROBLEM),
    "429": ("Too many wrong tokens came from this address.", PROBLEM),
}


class Schema(AutoSchema):
    """Adds the answers that need not be declared view by view."""

    def get_auth(self) -> list[dict[str, Any]]:
        """Without signing in, anybody reads what is published."""
        return [*super().get_auth(), {}]

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        """What is sent holds the fields that are listed; others are refused."""
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        return schema | {"additionalProperties": False} if direction == "request" else schema

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        bodies = super()._get_response_bodies(*args, **kwargs)
        for status, (description, schema) in PROBLEMS.items():
            content = {"application/json": {"schema": schema}}
            bodies.setdefault(status, {"description": description, "content": content})
        return bodies
