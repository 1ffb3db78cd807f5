"""Which address a request comes from, behind a proxy or not."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

_Address = IPv4Address | IPv6Address


def of_request(request: HttpRequest) -> str | None:
    """Return the client's address by the configured ``trusted_proxies``; None when there is none (a Unix socket)."""
    return client_address(
        request.META.get("REMOTE_ADDR"),
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted_proxies=settings.MC_ADMIN.trusted_proxies,
    )


def of_scope(scope: Mapping[str, Any]) -> str | None:
    """Return the same for an ASGI scope: a socket has no request."""
    forwarded = [value.decode("latin-1") for name, value in scope.get("headers", []) if name == b"x-forwarded-for"]
    return client_address(
        (scope.get("client") or (None,))[0],
        forwarded_for=",".join(forwarded),
        trusted_proxies=settings.MC_ADMIN.trusted_proxies,
    )


def is_trusted_peer(peer: str) -> bool:
    """Tell whether ``peer`` is one of the configured ``trusted_proxies``: what it says about its client counts."""
    address = _parse(peer)
    return address is not None and _is_trusted(address, settings.MC_ADMIN.trusted_proxies)


def client_address(peer: str | None, *, forwarded_for: str, trusted_proxies: Sequence[str]) -> str | None:
    """Return the nearest address that is no trusted proxy (addresses or networks, ``10.0.0.0/8``).

    ``forwarded_for`` is read from its end, where our own proxies write; what stands before the first address
    we do not trust was written by the client and may say anything.
    """
    nearest = _parse(peer or "")
    if nearest is None:
        return None
    for hop in reversed(forwarded_for.split(",")):
        if not _is_trusted(nearest, trusted_proxies) or (address := _parse(hop)) is None:
            break
        nearest = address
    return str(nearest)


def _is_trusted(address: _Address, trusted_proxies: Sequence[str]) -> bool:
    return any(address in ip_network(proxy, strict=False) for proxy in trusted_proxies)


def _parse(text: str) -> _Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
