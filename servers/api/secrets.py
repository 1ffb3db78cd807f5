"""Values that may be written and never read: of the environment in compose files, and of server.properties."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

MASKED = "***"


def is_secret(name: str) -> bool:
    """Tell whether the value of that name is shown to nobody, by the settings' ``audit.sensitive_fields``."""
    return any(word in name.lower() for word in settings.MC_ADMIN.audit.sensitive_fields)


def masked(name: str, value: Any) -> Any:
    """Return what may be shown of a value; an empty one is no secret, nor is yes or no."""
    return MASKED if value and not isinstance(value, bool) and is_secret(name) else value


def without_masks(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what shall be written: a secret that came back as its mask stays as it is."""
    return {name: value for name, value in values.items() if not (value == MASKED and is_secret(name))}
