"""A server may have several games, each of which is held by itself."""

from typing import Any

from django.db import migrations, models


def copy(apps: Any, schema_editor: Any) -> None:
    """Keep the facts: a game whose saving is off now must be found by the guard afterwards."""
    del schema_editor
    new = apps.get_model("backups", "SavingOff")
    fields = ("server_id", "operation_id", "container_id", "container_started_at", "since", "guarded_until")
    for row in apps.get_model("backups", "SavingOffOfServer").objects.values(*fields):
        new.objects.create(service="", **row)


class Migration(migrations.Migration):
    dependencies = [("backups", "0005_lists_of_what_to_leave_out")]

    operations = [
        migrations.RenameModel("SavingOff", "SavingOffOfServer"),
        migrations.CreateModel(
            name="SavingOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("server_id", models.CharField(max_length=63)),
                ("service", models.CharField(blank=True, max_length=255)),
                ("operation_id", models.UUIDField()),
                ("container_id", models.CharField(blank=True, max_length=64)),
                ("container_started_at", models.DateTimeField(null=True)),
                ("since", models.DateTimeField()),
                ("guarded_until", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "saving off",
                "constraints": [models.UniqueConstraint(fields=["server_id", "service"], name="one_fact_a_game")],
            },
        ),
        migrations.RunPython(copy, migrations.RunPython.noop),
        migrations.DeleteModel("SavingOffOfServer"),
    ]
