"""Roles and grants. Users who are there keep what they have: access to everything."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_sign_ins")]

    operations = [
        migrations.CreateModel(
            name="Role",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50, unique=True)),
                ("verbs", models.JSONField(default=list)),
                ("commands", models.JSONField(default=list)),
            ],
            options={"ordering": ["name"]},
        ),
        migrations.AddField(
            model_name="user",
            name="access",
            field=models.CharField(
                choices=[("everything", "everything"), ("granted", "granted")],
                default="everything",
                help_text="everything: all servers, also those to come; granted: what the grants say",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="may_create",
            field=models.BooleanField(
                default=False,
                help_text="With access `everything` they may in any case.",
                verbose_name="may create servers",
            ),
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("built_in", models.CharField(blank=True, max_length=16)),
                ("server", models.CharField(max_length=63)),
                ("incarnation", models.PositiveIntegerField(null=True)),
                ("counts", models.BooleanField(default=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="accounts.role",
                    ),
                ),
            ],
            options={
                "ordering": ["server", "id"],
                "indexes": [models.Index(fields=["server"], name="grant_server")],
            },
        ),
    ]
