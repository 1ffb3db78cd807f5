"""A drill that had no world to look at is neither passed nor failed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("backups", "0006_saving_off_by_game")]

    operations = [
        migrations.AlterField(
            model_name="drill",
            name="passed",
            field=models.BooleanField(help_text="null: there was no world to look at", null=True),
        ),
    ]
