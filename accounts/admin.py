"""Users on the admin site."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import people
from accounts.admin_login import SignInForm
from accounts.models import User
from accounts.owners import LastOwner, ensure_an_owner_remains, ensure_owners_remain_without

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
        fields = ["username", "role"]


class UserForm(_UserForm):
    """Name, role and whether they may sign in; refuses to take away the last owner."""

    class Meta:
        model = User
        fields = ["username", "password", "role", "is_active"]

    def clean(self) -> dict[str, Any]:
        """Add the rule that no field knows alone."""
        cleaned = super().clean() or {}
        if {"role", "is_active"} <= cleaned.keys():
            try:
                ensure_an_owner_remains(self.instance, role=cleaned["role"], is_active=cleaned["is_active"])
            except LastOwner as error:
                raise forms.ValidationError(str(error), error.code) from None
        return cleaned


@admin.register(User)
class UserAdmin(_UserAdmin):
    """Django's pages for users, with our fields."""

    form = UserForm
    add_form = NewUserForm
    list_display = ["username", "role", "is_active", "created_at"]
    list_filter = ["role", "is_active"]
    search_fields = ["username"]
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["created_at", "tokens_valid_after"]
    fieldsets = [(None, {"fields": ["username", "password", "role", "is_active", *readonly_fields]})]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["username", "role", "password1", "password2"]})]

    actions = ["end_all_tokens"]

    @admin.action(description="End all tokens of the selected users")
    def end_all_tokens(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Sign them out everywhere: tokens, open sockets, and sessions of this site."""
        for user in queryset:
            people.end_all_tokens(user.pk)
        self.message_user(request, f"All tokens of {', '.join(user.username for user in queryset)} have ended.")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """End the tokens of someone whose rights change."""
        if change and {"role", "is_active"} & set(form.changed_data):
            obj.end_tokens()
        super().save_model(request, obj, form, change)

    def get_deleted_objects(
        self, objs: QuerySet[User] | Sequence[User], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Show the last owner as protected, so that the page explains instead of failing."""
        deleted, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        try:
            with transaction.atomic():
                ensure_owners_remain_without(objs)
        except LastOwner as error:
            protected = [*protected, str(error)]
        return deleted, counts, perms_needed, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete one user unless they became the last owner meanwhile."""
        _delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete several users unless no owner would be left."""
        _delete(list(queryset))


def _delete(users: Sequence[User]) -> None:
    with transaction.atomic():
        try:
            ensure_owners_remain_without(users)
        except LastOwner as error:
            raise PermissionDenied(str(error)) from None
        for user in users:
            user.delete()
