"""Room for snapshots, and what the repository takes of it."""

from pathlib import Path

from backups.repository.space import SIZE_MAX_AGE_S, SIZE_SHARE, RepositorySize


def test_size_is_measured_once_a_minute(tmp_path: Path) -> None:
    now = [0.0]
    size = RepositorySize(clock=lambda: now[0])
    (tmp_path / "pack").write_bytes(b"x" * 10)
    assert size.read(tmp_path) == 10

    (tmp_path / "more").write_bytes(b"x" * 5)
    now[0] = SIZE_MAX_AGE_S - 1
    assert size.read(tmp_path) == 10
    now[0] = SIZE_MAX_AGE_S
    assert size.read(tmp_path) == 15


def test_what_takes_long_to_measure_is_measured_less_often(tmp_path: Path) -> None:
    times = iter([0.0, 30.0, 30 / SIZE_SHARE, 30 + 30 / SIZE_SHARE, 9999.0])
    size = RepositorySize(clock=lambda: next(times))
    assert size.read(tmp_path) == 0  # took 30 s

    (tmp_path / "more").write_bytes(b"x" * 5)
    assert size.read(tmp_path) == 0
    assert size.read(tmp_path) == 5


def test_a_missing_repository_has_no_bytes(tmp_path: Path) -> None:
    assert RepositorySize().read(tmp_path / "absent") == 0
