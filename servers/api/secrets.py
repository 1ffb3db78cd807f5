"""Values that may be written and never read: of the environment in compose files, and of server.properties."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from core.errors import InvalidRequest
from core.redaction import NO_LOGIN, without_login

MASKED = "***"
_MASKED_LOGIN = re.compile(rf"(?:/|%2F){re.escape(NO_LOGIN)}(?:@|%40)", re.IGNORECASE)
_MASK_MOVED = (
    f"`{NO_LOGIN}` stands for a user and password that are not shown. Write them in full, or the value as it was shown."
)


def is_secret(name: str) -> bool:
    """Tell whether the value of that name is shown to nobody, by the settings' ``audit.sensitive_fields``."""
    return any(word in name.lower() for word in settings.MC_ADMIN.audit.sensitive_fields)


def masked(name: str, value: Any) -> Any:
    """Return what may be shown of a value; an empty one is no secret, nor is yes or no.

    Of an address that has one (``https://user:password@host/``), the user part alone is masked.
    """
    if value and not isinstance(value, bool) and is_secret(name):
        return MASKED
    return without_login(value) if isinstance(value, str) else value


def without_masks(values: Mapping[str, Any], *, present: Mapping[str, Any]) -> dict[str, Any]:
    """Return what shall be written: a secret of ``present`` that came back as it was shown stays as it is.

    Raises:
        InvalidRequest: a text has the mask of an address, and is not what was shown; by name.
    """
    changed = {name: text for name, text in values.items() if isinstance(text, str) and text != present.get(name)}
    kept = {name for name, text in changed.items() if _is_as_shown(text, name, present)}
    if wrong := [name for name, text in changed.items() if name not in kept and _MASKED_LOGIN.search(text)]:
        said = " ".join(f"{name}: {_MASK_MOVED}" for name in wrong)
        raise InvalidRequest(said, errors={name: [_MASK_MOVED] for name in wrong})
    return {name: value for name, value in values.items() if name not in kept}


def _is_as_shown(text: str, name: str, present: Mapping[str, Any]) -> bool:
    return text == masked(name, present.get(name)) or (text == MASKED and is_secret(name))
