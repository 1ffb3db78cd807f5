import pytest

from web.client_address import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("9.9.9.9", "1.1.1.1", [], "9.9.9.9"),
        ("9.9.9.9", "1.1.1.1", ["8.8.8.8"], "9.9.9.9"),
        ("9.9.9.9", "1.1.1.1", ["9.9.9.9"], "1.1.1.1"),
        ("10.0.0.2", "6.6.6.6, 1.1.1.1, 10.0.0.1", ["10.0.0.0/8"], "1.1.1.1"),
        ("10.0.0.2", "nonsense", ["10.0.0.0/8"], "10.0.0.2"),
        ("10.0.0.2", "", ["10.0.0.0/8"], "10.0.0.2"),
        ("::ffff:10.0.0.2", "1.1.1.1", ["10.0.0.2"], "1.1.1.1"),
        ("::1", "2001:db8::7", ["::1"], "2001:db8::7"),
        ("", "1.1.1.1", ["10.0.0.0/8"], None),
        (None, "1.1.1.1", [], None),
    ],
)
def test_only_trusted_proxies_are_believed(
    peer: str | None, forwarded: str, trusted: list[str], client: str | None
) -> None:
    assert client_address(peer, forwarded_for=forwarded, trusted_proxies=trusted) == client
