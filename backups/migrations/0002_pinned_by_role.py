"""Pins remember the role of who set them; those that are there take it from the users as they are now."""

from django.db import migrations, models


def take_roles(apps, schema_editor):
    roles = dict(apps.get_model("accounts", "User").objects.values_list("username", "role"))
    pin = apps.get_model("backups", "Pin")
    for row in pin.objects.all():  # whoever is gone, and the master token, counts as an owner
        pin.objects.filter(pk=row.pk).update(pinned_by_role=roles.get(row.pinned_by, "owner"))


class Migration(migrations.Migration):
    dependencies = [("backups", "0001_initial"), ("accounts", "0001_initial")]
    operations = [
        migrations.AddField("pin", "pinned_by_role", models.CharField(default="owner", max_length=16)),
        migrations.RunPython(take_roles, migrations.RunPython.noop),
    ]
