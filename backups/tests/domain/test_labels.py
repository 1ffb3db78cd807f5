from backups.restic.labels import Labels, Saved, Scope, Trigger, read_labels, worst


def test_labels_survive_their_way_through_tags() -> None:
    labels = Labels(
        instance="6f1c", scope=Scope.GLOBAL, trigger=Trigger.SCHEDULE, saved=Saved.UNCONFIRMED,
        servers=("a", "b"), saved_by_server={"a": Saved.FLUSHED, "b": Saved.UNCONFIRMED}, operation="77",
        volumes={"a": "a_mc-data"}, folders={"b": "games/my data, new"}, inside={"a": "", "b": "a,b: \udc80 %2C/ü"},
    )

    assert read_labels(labels.tags) == labels
    assert labels.server_id is None
    assert labels.level_of("a") is Saved.FLUSHED
    assert labels.level_of("c") is None


def test_a_foreign_snapshot_says_nothing() -> None:
    labels = read_labels(["home", "saved:maybe", "scope:moon", "server:x"])

    assert (labels.instance, labels.scope, labels.trigger, labels.saved) == (None, None, None, None)


def test_the_worst_level_counts() -> None:
    assert worst([Saved.FLUSHED, Saved.LIVE, Saved.STOPPED]) is Saved.LIVE
    assert worst([]) is Saved.STOPPED
