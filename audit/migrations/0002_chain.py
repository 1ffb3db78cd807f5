from typing import Any

from django.db import migrations, models

from audit import chain


def link_existing(apps: Any, schema_editor: Any) -> None:
    """Chain the rows that are there, in the order in which they were written."""
    events, heads = apps.get_model("audit", "AuditEvent"), apps.get_model("audit", "ChainHead")
    sequence, previous = 0, chain.START
    for event in events.objects.order_by("id").iterator():
        sequence += 1
        event.sequence, event.previous_hash = sequence, previous
        event.hash = previous = chain.hash_of(vars(event), previous_hash=previous)
        event.save(update_fields=["sequence", "previous_hash", "hash"])
    heads.objects.create(pk=1, sequence=sequence, hash=previous, pruned_hash=chain.START)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ChainHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField(default=0)),
                ("hash", models.CharField(max_length=64)),
                ("pruned_sequence", models.BigIntegerField(default=0)),
                ("pruned_hash", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditFailure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("place", models.CharField(max_length=16)),
                ("late", models.PositiveIntegerField(default=0)),
                ("lost", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(max_length=300)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["day", "place"], name="one_row_a_day_and_place")]
            },
        ),
        migrations.AddField("auditevent", "sequence", models.BigIntegerField(null=True)),
        migrations.AddField("auditevent", "previous_hash", models.CharField(max_length=64, default="")),
        migrations.AddField("auditevent", "hash", models.CharField(max_length=64, default="")),
        migrations.RunPython(link_existing, migrations.RunPython.noop),
        migrations.AlterField("auditevent", "sequence", models.BigIntegerField(unique=True)),
        migrations.AlterField("auditevent", "previous_hash", models.CharField(max_length=64)),
        migrations.AlterField("auditevent", "hash", models.CharField(max_length=64)),
        migrations.AlterField("auditevent", "request_id", models.CharField(blank=True, max_length=64, db_index=True)),
        migrations.AlterField("auditevent", "status_code", models.PositiveSmallIntegerField("status", null=True)),
        migrations.AlterField("auditevent", "processing_time_ms", models.FloatField("took (ms)", null=True)),
        migrations.AlterField("auditevent", "client_ip", models.GenericIPAddressField("address", null=True)),
        migrations.AlterField("auditevent", "username", models.CharField("who", max_length=150, db_index=True)),
        migrations.AlterField(
            "auditevent", "server_id", models.CharField("server", max_length=64, blank=True, db_index=True)
        ),
        migrations.AlterField("auditevent", "count", models.PositiveIntegerField("times", default=1)),
        migrations.AlterModelOptions(
            "auditevent",
            {"ordering": ["-sequence"], "verbose_name": "audit event", "verbose_name_plural": "audit events"},
        ),
    ]
