import httpx
import pytest

from tests.dialects.learner_profile.profile_client import Service


@pytest.fixture
def service(api: httpx.AsyncClient) -> Service:
    return Service(api)


@pytest.fixture
def other_service(other_api: httpx.AsyncClient) -> Service:
    return Service(other_api)
