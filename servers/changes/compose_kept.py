"""The compose file where it lies among the game's own files: kept from who may change those, and not it."""

from collections.abc import Callable

from accounts.identity import Identity
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from core.paths import Root, path_of, printable
from servers import wiring
from servers.minecraft.files import compose_names


def is_kept_from(user: Identity, server_id: str) -> bool:
    """Tell whether the compose file lies among the game's files and is not theirs."""
    if Verb.COMPOSE in rights_of(user).verbs(server_id):
        return False
    return wiring.live().data_root(server_id).in_server == ""


def check_for(user: Identity, server_id: str, root: Root) -> Callable[[str], None]:
    """Return what refuses a path of the data whose change would be one of what Compose reads; raises RightMissing.

    ``root``: the data's. For many paths, or before one is known.
    """
    if not is_kept_from(user, server_id):
        return lambda _: None
    names = compose_names.in_root(root)

    def check(path: str) -> None:
        if (touched := names.first_touched(root, path)) is not None:
            raise judge.RightMissing(
                f"Compose reads {printable(touched)} of this server. Changing it needs the right `compose`."
            )

    return check


def require_replaceable(user: Identity, server_id: str, path: str) -> None:
    """Refuse to replace a path of the data by another time's, as ``check_for`` does; of all of them, in any case.

    ``path``: as a client writes it.

    Raises:
        RightMissing; and as ``path_of`` and as holding the data do.
    """
    if not is_kept_from(user, server_id):
        return
    if not (inside := path_of(path)):
        raise judge.RightMissing(
            "The compose file lies among the game's files. Replacing them all needs the right `compose`; "
            "name a folder, or restore the whole server."
        )
    with wiring.live().data_root(server_id).hold() as root:
        check_for(user, server_id, root)(inside)
