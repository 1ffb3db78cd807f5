"""Which machine, engine and folder of servers the processes of this panel see: noted for those that start later.

Who may believe the row is told by mcadmin/serving/one_place.py, which holds the lock that belongs to it.
"""

from dataclasses import asdict, dataclass

from servers.models import PanelPlace


@dataclass(frozen=True, slots=True)
class Place:
    """What a process sees.

    Attributes:
        machine: the boot id of its kernel. Processes that live at one time and have the same are on one machine,
            whatever its name and in whichever container; a copied disk does not copy it.
        host: the machine's name, for people.
        engine: the id of the Docker engine; empty when it could not be asked.
        server_path: every link followed.
    """

    machine: str
    host: str
    engine: str
    server_path: str

    def differences(self, other: "Place") -> list[str]:
        """Say in which ways ``other`` is elsewhere: ``server_path (/srv/a there, /srv/b here)``; we are there."""
        found = []
        if self.machine != other.machine:
            found.append(f"the machine ({self.host} there, {other.host} here)")
        if self.engine and other.engine and self.engine != other.engine:
            found.append(f"the Docker engine ({self.engine[:14]} there, {other.engine[:14]} here)")
        if self.server_path != other.server_path:
            found.append(f"server_path ({self.server_path} there, {other.server_path} here)")
        return found


def note(place: Place) -> None:
    """Note that the processes of this panel are at ``place`` now."""
    PanelPlace.objects.update_or_create(only=1, defaults=asdict(place))


def current() -> Place | None:
    """Return what was noted last; blocking."""
    row = PanelPlace.objects.filter(only=1).first()
    return None if row is None else Place(row.machine, row.host, row.engine, row.server_path)
