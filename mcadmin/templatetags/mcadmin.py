"""``{% load mcadmin %}``: pills, times and buttons of the admin site's pages."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from web import admin_base

register = template.Library()
register.simple_tag(admin_base.status_pill, name="status")
register.simple_tag(admin_base.state_pill, name="state")
register.simple_tag(admin_base.pill, name="pill")
register.simple_tag(admin_base.when, name="when")


@register.simple_tag
def action(server_id: str, one: Any) -> SafeString:
    """Return the button of an action; one that players notice leads to a question first."""
    if one.asks:
        url = reverse("admin:confirm", args=[server_id, one.action])
        return format_html('<a class="button {}" href="{}">{}</a>', one.tone, url, one.word)
    return format_html(
        '<button form="act" class="button {}" name="do" value="server:{}:{}">{}</button>',
        one.tone, server_id, one.action, one.word,
    )
