"""The admin site: owners only."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.options import BaseModelAdmin

# The types say which model an admin class is for, ``ModelAdmin[User]``; Django itself cannot read that.
setattr(BaseModelAdmin, "__class_getitem__", classmethod(lambda cls, _: cls))  # noqa: B010 - unknown to the types


class McAdminSite(admin.AdminSite):
    """Django's admin under our name; ``User.is_staff`` lets owners in and nobody else."""

    site_header = site_title = "MC Admin"
    index_title = "Administration"


class McAdminConfig(AdminConfig):
    """Makes ``McAdminSite`` the default site."""

    default_site = "mcadmin.admin_site.McAdminSite"


site = admin.site
