"""Users on the admin site."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts import invitations, keys, sign_ins, users
from accounts.admin_login import SignInForm
from accounts.admin_rights import rights_shown
from accounts.identity import Identity, who
from accounts.models import Invitation, Key, SignIn, User
from accounts.rights import grants
from core.errors import AppError
from web.admin_base import ReadOnlyAdmin, when

if TYPE_CHECKING:  # generic in the stubs only

    class _NewUserForm(UserCreationForm[User]): ...

    class _UserForm(UserChangeForm[User]): ...

    class _UserAdmin(DjangoUserAdmin[User]): ...

else:
    _NewUserForm, _UserForm, _UserAdmin = UserCreationForm, UserChangeForm, DjangoUserAdmin

admin.site.unregister(Group)  # roles are all there is
admin.site.login_form = SignInForm


class NewUserForm(_NewUserForm):
    """Name, role, and the password twice."""

    class Meta:
        model = User
        fields = ["username", "role", "access"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["access"].initial = settings.MC_ADMIN.default_access
        self.fields["access"].required = False  # then it is the setting's


class UserForm(_UserForm):
    """Name, role and whether they may sign in; refuses what ``users.change`` would."""

    by: Identity  # who fills it in

    class Meta:
        model = User
        fields = ["username", "password", "role", "is_active", "access", "may_create"]
        help_texts = {
            "access": "Everything: all servers, also those to come. Granted: what they are given. "
            "Owners have everything.",
            "may_create": "With the access “granted”: they may make new servers, and are manager of those.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["access"].required = False  # then it stays

    def clean(self) -> dict[str, Any]:
        """Add the rules that no field knows alone."""
        cleaned = super().clean() or {}
        if {"role", "is_active"} <= cleaned.keys():
            try:
                with transaction.atomic():
                    users.check_rights(
                        self.instance.pk, by=self.by, role=cleaned["role"], is_active=cleaned["is_active"]
                    )
            except AppError as error:
                raise forms.ValidationError(str(error), error.code) from None
        return cleaned


@admin.register(User)
class UserAdmin(_UserAdmin):
    """Django's pages for users, with our fields."""

    form = UserForm
    add_form = NewUserForm
    list_display = ["username", "role", "access", "is_active", "created_at"]
    list_filter = ["role", "access", "is_active"]
    search_fields = ["username"]
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["given", "created_at", "tokens_valid_after"]
    fieldsets = [
        (None, {"fields": ["username", "password", "role", "is_active"]}),
        ("Rights", {"fields": ["access", "may_create", "given"]}),
        ("Times", {"fields": ["created_at", "tokens_valid_after"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["username", "role", "access", "password1", "password2"]})]

    actions = ["end_all_tokens"]

    @admin.display(description="was given")
    def given(self, user: User) -> SafeString:
        return rights_shown(user)

    @admin.action(description="End all tokens of the selected users")
    def end_all_tokens(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Sign them out everywhere: tokens, open sockets, and sessions of this site."""
        for user in queryset:
            users.end_all_tokens(user.pk)
        self.message_user(request, f"All tokens of {', '.join(user.username for user in queryset)} have ended.")

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any,  # noqa: FBT001, FBT002 - Django's
    ) -> Any:
        """Tell the form who fills it in."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"by": who(request)})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """Store the user by the rules that hold everywhere."""
        values = form.cleaned_data
        if change:
            users.change(
                obj.pk, by=who(request), username=values["username"], role=values["role"],
                is_active=values["is_active"],
            )
            if {"access", "may_create"} & set(form.changed_data):
                grants.set_rights(obj.pk, access=values["access"] or None, may_create=values["may_create"])
        else:
            made = users.create(
                username=values["username"], password=values["password1"], role=values["role"],
                access=values["access"] or None,
            )
            obj.pk = made.pk

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """End the keys of somebody else whose password is set here."""
        with transaction.atomic():
            before = _password_of(id)
            answer = super().user_change_password(request, id, form_url)
            if str(who(request).pk) != id and _password_of(id) != before:
                keys.end_all_of(int(id), why=keys.NEW_PASSWORD)
        return answer

    def get_deleted_objects(
        self, objs: QuerySet[User] | Sequence[User], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Show who may not be deleted as protected, so that the page explains instead of failing."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)  # their sign-ins go with them
        try:
            with transaction.atomic():
                users.check_deletion(objs, by=who(request))
        except AppError as error:
            protected = [*protected, str(error)]
        return deleted, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete one user unless they became the last owner meanwhile."""
        _delete([obj], by=who(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete several users unless no owner would be left."""
        _delete(list(queryset), by=who(request))


def _password_of(user_id: str) -> str | None:
    rows = User.objects.filter(pk=int(user_id)) if user_id.isdigit() else User.objects.none()
    return rows.values_list("password", flat=True).first()


def _delete(chosen: Sequence[User], *, by: Identity) -> None:
    try:
        with transaction.atomic():
            for user in chosen:
                users.delete(user.pk, by=by)
    except AppError as error:
        raise PermissionDenied(str(error)) from None


@admin.register(SignIn)
class SignInAdmin(ReadOnlyAdmin):
    """Who is signed in, from where; each can be ended."""

    list_display = ["user", "method", "began", "seen", "address", "agent"]
    list_filter = ["method", "user"]
    search_fields = ["user__username", "address", "agent"]
    list_select_related = ["user"]
    list_display_links = None
    actions = ["end"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignIn]:
        """Leave out what lets nobody in any more."""
        return sign_ins.good(super().get_queryset(request))

    @admin.display(description="since", ordering="began_at")
    def began(self, row: SignIn) -> SafeString:
        return when(row.began_at)

    @admin.display(description="last seen", ordering="last_seen_at")
    def seen(self, row: SignIn) -> SafeString:
        return when(row.last_seen_at)

    @admin.action(description="End the selected sessions and tokens")
    def end(self, request: HttpRequest, queryset: QuerySet[SignIn]) -> None:
        """End them, with their sockets."""
        rows = list(queryset.select_related("user"))
        for row in rows:
            with suppress(sign_ins.SignInNotFound):  # it ended meanwhile
                sign_ins.end(row.pk, user=row.user)
        self.message_user(request, f"Ended: {len(rows)}.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the list, which says all there is."""
        return HttpResponseRedirect(reverse("admin:accounts_signin_changelist"))


@admin.register(Key)
class KeyAdmin(ReadOnlyAdmin):
    """API keys of all users; each can be ended. They are made over the API or at a shell."""

    list_display = ["user", "name", "prefix", "what", "expires", "used", "last_address", "ended_why"]
    list_filter = ["user"]
    search_fields = ["user__username", "name", "prefix"]
    list_select_related = ["user"]
    list_display_links = None
    actions = ["end"]

    @admin.display(description="may")
    def what(self, row: Key) -> str:
        return f"{', '.join(row.all_verbs)} on {', '.join(row.servers) or 'no server'}"

    @admin.display(description="until", ordering="expires_at")
    def expires(self, row: Key) -> SafeString:
        return when(row.expires_at)

    @admin.display(description="last used", ordering="last_used_at")
    def used(self, row: Key) -> SafeString | str:
        return when(row.last_used_at) if row.last_used_at else "never"

    @admin.action(description="End the selected keys")
    def end(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        """End them, with their sockets."""
        ended = 0
        for row in queryset:
            with suppress(keys.KeyNotFound):  # it ended meanwhile
                keys.end(row.pk, why=keys.BY_OWNER)
                ended += 1
        self.message_user(request, f"Ended: {ended}.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the list, which says all there is."""
        return HttpResponseRedirect(reverse("admin:accounts_key_changelist"))


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """The invitations, of which each open one can be revoked; their links are shown to nobody again."""

    list_display = ["id", "state", "given", "made_by_name", "made", "until", "used_by"]
    list_select_related = ["used_by", "made_by"]
    list_display_links = None
    actions = ["revoke"]

    @admin.display(description="state")
    def state(self, row: Invitation) -> str:
        return invitations.state_of(row)

    @admin.display(description="lets them")
    def given(self, row: Invitation) -> str:
        return ", ".join(f"{one['role']} on {one['server']}" for one in row.grants) or row.access

    @admin.display(description="made", ordering="made_at")
    def made(self, row: Invitation) -> SafeString:
        return when(row.made_at)

    @admin.display(description="good until", ordering="expires_at")
    def until(self, row: Invitation) -> SafeString:
        return when(row.expires_at)

    @admin.action(description="Revoke the selected invitations")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Make them worthless; those that are over stay as they are."""
        ids = list(queryset.values_list("pk", flat=True))
        for one in ids:
            with suppress(invitations.InvitationNotFound):  # deleted meanwhile
                invitations.revoke(one)
        self.message_user(request, f"Revoked: {len(ids)}.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the list, which says all there is."""
        return HttpResponseRedirect(reverse("admin:accounts_invitation_changelist"))
