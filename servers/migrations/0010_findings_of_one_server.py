"""What an owner accepted counts for the server that it was said of, and not for a later one of the same id."""

from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce


def take_present_numbers(apps: Any, _: Any) -> None:
    """Let what was accepted go on counting for the servers that are there now."""
    numbers = apps.get_model("servers", "Incarnation").objects.filter(server_id=OuterRef("server_id"))
    apps.get_model("servers", "AcceptedFindings").objects.update(
        incarnation=Coalesce(Subquery(numbers.values("number")[:1]), 1)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('servers', '0009_operation_indexes'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='acceptedfindings', name='accepted_once_per_text'),
        migrations.AddField(
            model_name='acceptedfindings',
            name='incarnation',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.RunPython(take_present_numbers, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='acceptedfindings',
            constraint=models.UniqueConstraint(
                fields=('server_id', 'incarnation', 'text_hash'), name='accepted_once_per_text'
            ),
        ),
    ]
