"""How values lie in Redis: as JSON. Django's own way is pickle, which runs what somebody else wrote there."""

import json
from typing import Any


class JsonSerializer:
    """A serializer for ``django.core.cache.backends.redis``."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
