"""On which ports the panel itself listens: noted in the database, so that every process and command knows them.

A game that publishes one of them on another address (``127.0.0.2``, ``[::1]``) would be sent the cookies of owners:
browsers keep them by host name and look at no port.
"""

from django.db import transaction

from core import process_identity
from servers.models import PanelPort


def note(port: int) -> None:
    """Note that this process listens on ``port``, and forget the ports of processes that are gone.

    What the panel used last stays known while it does not run: it will want it again.
    """
    with transaction.atomic():
        for row in PanelPort.objects.all():
            if process_identity.is_dead(row.owner):
                row.delete()
        PanelPort.objects.update_or_create(port=port, defaults={"owner": process_identity.this_process()})


def current() -> frozenset[int]:
    """Return the ports, all TCP; blocking."""
    return frozenset(PanelPort.objects.values_list("port", flat=True))
