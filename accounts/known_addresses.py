"""Where people signed in from lately: what strangers do elsewhere must not shut them out there.

In the database and not in the cache: without Redis the cache ends with the process.
"""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import SignInAddress, User

KNOWN_FOR = timedelta(days=30)
RENEWED_AFTER = timedelta(days=1)  # so that a sign-in seldom writes
MOST_OF_ONE = 50


def remember(user: User, address: str) -> None:
    """Note that ``user`` signed in from ``address`` (as ``address_group`` gives it); their oldest are forgotten."""
    now = timezone.now()
    mine = SignInAddress.objects.filter(user=user)
    if mine.filter(address=address, at__gt=now - RENEWED_AFTER).exists():
        return
    SignInAddress.objects.update_or_create(user=user, address=address, defaults={"at": now})
    mine.filter(at__lte=now - KNOWN_FOR).delete()
    kept = list(mine.order_by("-at").values_list("pk", flat=True)[:MOST_OF_ONE])
    mine.exclude(pk__in=kept).delete()


def is_known(address: str) -> bool:
    """Tell whether anybody who has an account now signed in from ``address`` lately."""
    return _lately(address).exists()


def is_known_of(username: str, address: str) -> bool:
    """Tell whether the user of that name did."""
    return "\0" not in username and _lately(address).filter(user__username=username).exists()


def _lately(address: str) -> QuerySet[SignInAddress]:
    return SignInAddress.objects.filter(address=address, at__gt=timezone.now() - KNOWN_FOR, user__is_active=True)
