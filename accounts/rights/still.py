"""Whether somebody may go on with what takes long: an upload and a download end with the right to them."""

import time
from typing import Any

from asgiref.sync import sync_to_async
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.rights import judge
from accounts.rights.verbs import Verb

CHECK_S = 2.5  # with the 2 s that a user may be cached it stays below the 5 s promised


class StillAllowed:
    """One request that goes on for long, asked again every CHECK_S as if it came anew."""

    def __init__(self, request: Request, server_id: str, verb: Verb) -> None:
        self._request, self._server_id, self._verb = request, server_id, verb
        self._asked = time.monotonic()

    async def check(self, *, now: bool = False) -> None:
        """Ask, if it is time or ``now``.

        Raises:
            APIException: the sign-in has ended.
            ServerHidden, RightMissing: as ``judge.require``.
        """
        if now or time.monotonic() - self._asked >= CHECK_S:
            await sync_to_async(self._ask)()
            self._asked = time.monotonic()

    def _ask(self) -> None:
        authenticator: Any = self._request.successful_authenticator
        found = authenticator.authenticate(self._request) if authenticator is not None else None
        user = found[0] if found is not None else None
        if user is None:
            raise NotAuthenticated
        judge.require(user, self._server_id, self._verb)
