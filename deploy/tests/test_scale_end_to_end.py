"""The main job of ``servers/tests/real/test_end_to_end.py`` in the scale mode: each question goes to another worker."""

import socket
import ssl

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from deploy.tests.test_proxies import NAME
from deploy.tests.test_scale import one, proxy  # noqa: F401 - fixtures
from servers.tests.real.test_end_to_end import server_id, test_a_server_lives_from_create_to_remove  # noqa: F401
from testing.panel import MASTER, Panel
from testing.scale import Installation

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


class Behind(Panel):
    """The same installation, asked through nginx."""

    def __init__(self, panel: Panel, proxy: str) -> None:  # noqa: F811
        self.folder, self.servers, self.environment, self.process = panel.folder, panel.servers, panel.environment, None
        self.url = proxy

    def client(self, token: str = MASTER, *, timeout_s: float = 120) -> httpx.Client:
        headers = {"Host": NAME} | ({"Authorization": f"Bearer {token}"} if token else {})
        return httpx.Client(base_url=f"{self.url}/api", headers=headers, timeout=timeout_s, verify=False)  # noqa: S501 - our own certificate

    def socket(self, path: str, token: str = MASTER) -> ClientConnection:
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        stream = socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=10)
        return connect(f"wss://{NAME}/api{path}?token={token}", ssl=trust, sock=stream, max_size=None, open_timeout=20)


@pytest.fixture
def panel(one: Installation, proxy: str) -> Panel:  # noqa: F811
    return Behind(one.panel, proxy)
