import pytest
from rest_framework.test import APIClient

from accounts.models import User, UserRole


@pytest.fixture
def owner(api: APIClient, db: None) -> APIClient:
    """A client signed in as an owner."""
    user = User(username="olivia", role=UserRole.OWNER)
    user.set_unusable_password()
    user.save()
    api.force_authenticate(user)
    return api
