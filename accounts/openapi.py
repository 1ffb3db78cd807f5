"""How the OpenAPI document tells about tokens. Imported when the apps are ready: it registers itself."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Describes ``TokenAuthentication``."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - their signature
        """Describe the header in OpenAPI's terms."""
        return {"type": "http", "scheme": "bearer", "description": "A token, API key, or the master token."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Describes ``SessionAuthentication``."""

    target_class = "accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - their signature
        """Describe the cookie in OpenAPI's terms."""
        return {
            "type": "apiKey", "in": "cookie", "name": "sessionid",
            "description": "The session of a page: `POST /api/auth/session`. Over TLS its name is `__Host-sessionid`. "
            "Changes need the header `X-CSRFToken`, too.",
        }
