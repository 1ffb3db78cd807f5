"""Two servers whose projects and volumes make one name: whose the volume is says its label, never its name."""

from pathlib import Path

import pytest

from servers.docker.compose_file.document import project_name
from servers.docker.compose_file.volumes import Volume
from servers.docker.engine_volumes import EngineVolume, KnownVolumes
from servers.minecraft.data_root import DataKind, locate, mount_of_file

# Servers, each with the key of a volume: Compose calls both of a pair the same.
PAIRS = [(("a_b", "c"), ("a", "b_c")), (("a", "b_c_d"), ("a_b_c", "d")), (("a-_b", "c"), ("a-", "b_c"))]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("project", ["of the first", "of the second", "", "elsewhere"])
def test_a_volume_is_opened_for_the_server_that_it_was_made_for(
    tmp_path: Path, pair: tuple[tuple[str, str], tuple[str, str]], turned: bool, project: str
) -> None:
    first, second = reversed(pair) if turned else pair
    names = {f"{server}_{key}" for server, key in pair}
    assert len(names) == 1, "the table has pairs of one name"
    name = names.pop()
    made_for = {"of the first": project_name(first[0]), "of the second": project_name(second[0])}.get(project, project)
    engine = tmp_path / "volumes"
    volume = EngineVolume(name, "local", has_options=False, mountpoint=f"{engine}/{name}/_data", project=made_for)
    known = KnownVolumes(engine, {name: volume}, frozenset([name]))

    found = {}
    for server, key in (first, second):
        own = project_name(server)
        mount = mount_of_file([Volume("volume", key, "/data")], {}, project=own)
        assert mount is not None
        assert mount.name == name
        root = locate(mount, server_path=tmp_path, server_id=server, volumes=known, project=own)
        found[server] = root.kind is DataKind.VOLUME

    assert found == {first[0]: project == "of the first", second[0]: project == "of the second"}
