"""How a program signs in: `weighting.middleware.TokenMiddleware` has looked its token up."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from weighting.models import Account
from weighting.visitors import visitor_of


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer qh_...``"""

    def authenticate(self, request: Request) -> tuple[Account, None] | None:
        visitor = visitor_of(request)
        return (visitor.account, None) if visitor.by_token and visitor.account else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):
    """What the schema says of it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
