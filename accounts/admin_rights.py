"""Roles and grants on the admin site: made, changed and taken by the rules that hold for the API, too."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import wiring
from accounts.models import Access, Grant, Role, User
from accounts.rights import grants, roles
from accounts.rights.built_in import BUILT_IN
from accounts.rights.verbs import Verb, in_order, with_view
from core.errors import AppError, InvalidRequest
from web.admin_base import RoomAdmin, pill

if TYPE_CHECKING:  # generic in the stubs only

    class _RoleForm(forms.ModelForm[Role]): ...

    class _GrantForm(forms.ModelForm[Grant]): ...

else:
    _RoleForm = _GrantForm = forms.ModelForm

WORDS = {
    Verb.VIEW: "see the server; comes with any other",
    Verb.CONSOLE: "read the console",
    Verb.COMMAND: "give any command, and read the RCON password",
    Verb.PLAYERS: "manage players",
    Verb.POWER: "start, stop, restart and update",
    Verb.FILES_READ: "read and download files, also in snapshots",
    Verb.FILES_WRITE: "change files; a plugin is a file, so this is worth every other right inside the game",
    Verb.BACKUP: "make snapshots and pin them",
    Verb.RESTORE: "restore snapshots",
    Verb.TASKS: "schedules",
    Verb.COMPOSE: "read and change the compose file, which holds the RCON password",
    Verb.REMOVE: "remove the server",
}


class RoleForm(_RoleForm):
    """Name, verbs, and words of commands; what they may be is judged by ``accounts.rights.roles``."""

    verbs = forms.MultipleChoiceField(
        choices=[(str(verb), f"{verb}: {words}") for verb, words in WORDS.items()], required=False,
        widget=forms.CheckboxSelectMultiple, label="May",
    )
    commands = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 2}), label="Commands",
        help_text="First words of commands that are allowed without the right “command”, such as: say tell kick",
    )

    class Meta:
        model = Role
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["verbs"].initial = self.instance.verbs
        self.fields["commands"].initial = " ".join(self.instance.commands)

    def clean(self) -> dict[str, Any]:
        """Show what speaks against the role before anything is written."""
        cleaned = super().clean() or {}
        if {"name", "verbs"} <= cleaned.keys():
            try:
                roles.check(**self.wanted())
            except InvalidRequest as error:
                for field, messages in (error.errors or {"name": [str(error)]}).items():
                    self.add_error(field, messages)
        return cleaned

    def wanted(self) -> dict[str, Any]:
        """Return what the form says."""
        values = self.cleaned_data
        return {"name": values["name"], "verbs": values["verbs"], "commands": values["commands"].split()}


@admin.register(Role)
class RoleAdmin(RoomAdmin):
    """The roles that owners made, above those that are there from the start, which never change."""

    form = RoleForm
    change_list_template = "mcadmin/admin/roles.html"
    list_display = ["name", "may", "words", "held_by"]
    fields = ["name", "verbs", "commands"]

    def store(self, request: HttpRequest, row: Role, form: Any, *, is_new: bool) -> Role:  # noqa: ARG002 - a room's signature
        """Make or change it by the API's own rules."""
        return roles.create(**form.wanted()) if is_new else roles.change(row.pk, **form.wanted())

    def remove(self, request: HttpRequest, row: Role) -> None:  # noqa: ARG002 - a room's signature
        """Delete it by the API's own rules."""
        roles.remove(row.pk)

    def get_deleted_objects(
        self, objs: QuerySet[Role] | Sequence[Role], request: HttpRequest  # noqa: ARG002 - Django's signature
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Show who has a role, so that the page explains instead of failing."""
        held = [(role, roles.holders(role)) for role in objs]
        protected = [
            f"The role {role}: {', '.join(names)}. Give them another one first." for role, names in held if names
        ]
        return [str(role) for role, _ in held], {"roles": len(held)}, set(), protected

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the roles that are there from the start, too."""
        given = [
            {"name": name, "may": ", ".join(in_order(role.verbs)), "words": ", ".join(sorted(role.words))}
            for name, role in BUILT_IN.items()
        ]
        return super().changelist_view(request, {**(extra_context or {}), "built_in": given})

    @admin.display(description="may")
    def may(self, role: Role) -> str:
        return ", ".join(in_order(with_view(role.verbs)))

    @admin.display(description="commands")
    def words(self, role: Role) -> str:
        return ", ".join(role.commands) or "-"

    @admin.display(description="who has it")
    def held_by(self, role: Role) -> str:
        return ", ".join(roles.holders(role)) or "nobody"


class GrantForm(_GrantForm):
    """Who gets which role where."""

    given_role = forms.ChoiceField(label="Role")
    narrows = forms.BooleanField(
        required=False, initial=True, label="Nothing else",
        help_text="Where they have access to everything so far, they have what they were given alone from now on.",
    )

    class Meta:
        model = Grant
        fields = ["user", "server"]
        help_texts = {"server": "The id of a server, or a pattern for all that fit, also those to come: lobby-*"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for offer in ("add", "change", "delete", "view"):
            setattr(self.fields["user"].widget, f"can_{offer}_related", False)
        names = [str(role["name"]) for role in roles.listed()]
        self.fields["given_role"] = forms.ChoiceField(label="Role", choices=[(name, name) for name in names])

    def clean(self) -> dict[str, Any]:
        """Show what speaks against it before anything is written."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                grants.check_pattern(cleaned["server"])
                wiring.wanted_grant(cleaned["given_role"], cleaned["server"])
            except AppError as error:
                self.add_error("server", str(error))
        return cleaned


@admin.register(Grant)
class GrantAdmin(RoomAdmin):
    """Who has which role on which server: given and taken, never changed."""

    form = GrantForm
    list_display = ["user", "role_shown", "server", "state"]
    list_display_links = None
    list_filter = ["user"]
    search_fields = ["user__username", "server"]
    list_select_related = ["user", "role"]
    show_facets = admin.ShowFacets.NEVER
    fields = ["user", "given_role", "server", "narrows"]

    def has_change_permission(self, request: HttpRequest, obj: Grant | None = None) -> bool:
        """Refuse to change one: it is taken, and another one given."""
        return obj is None and super().has_change_permission(request)

    def store(self, request: HttpRequest, row: Grant, form: Any, *, is_new: bool) -> Grant:  # noqa: ARG002 - a room's signature
        """Give it by the rules of the API and the command."""
        values = form.cleaned_data
        wanted = wiring.wanted_grant(values["given_role"], values["server"])
        made = grants.add(values["user"].pk, wanted, narrows=values["narrows"])
        row.built_in, row.role = made.built_in, made.role  # for the sentence on the next page
        return made

    def remove(self, request: HttpRequest, row: Grant) -> None:  # noqa: ARG002 - a room's signature
        """Take it."""
        grants.take_one(row.pk)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Offer no further change of one."""
        return super().render_change_form(request, {**context, "show_save_and_continue": False}, *args, **kwargs)

    def get_deleted_objects(
        self, objs: QuerySet[Grant] | Sequence[Grant], request: HttpRequest  # noqa: ARG002 - Django's signature
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Say whose they are."""
        return [f"{row.user}: {row}" for row in objs], {"grants": len(objs)}, set(), []

    @admin.display(description="role")
    def role_shown(self, row: Grant) -> str:
        return row.role_name

    @admin.display(description="state")
    def state(self, row: Grant) -> SafeString:
        if not row.counts:
            return pill("that server was removed", "idle")
        if row.user.is_owner:
            return pill("an owner has everything", "idle")
        if row.user.access == Access.EVERYTHING:
            return pill("has access to everything", "idle")
        return pill("counts", "good")


def rights_shown(user: User) -> SafeString:
    """Return what a user was given, with the ways to give more and to take some."""
    rows = [(row.role_name, row.server, "" if row.counts else " (removed at present)") for row in grants.of(user.pk)]
    given = format_html_join(", ", "{} on {}{}", rows) if rows else "nothing"
    page = reverse("admin:accounts_grant_changelist")
    return format_html(
        '{}<br><a href="{}add/?user={}">Give a role</a> · <a href="{}?user__id__exact={}">Take one</a>',
        given, page, user.pk, page, user.pk,
    )
