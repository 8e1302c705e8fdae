"""What is refused of a database login, asked of the real server."""

from portal.embedded import servers
from portal.start_up import database_faults, pools_transactions


def test_the_applications_login_is_taken() -> None:
    assert list(database_faults(servers.ensure_postgres().app)) == []


def test_the_owners_login_is_refused_for_the_application() -> None:
    assert any("may make roles" in fault for fault in database_faults(servers.ensure_postgres().owner))


def test_a_superuser_is_refused() -> None:
    assert any("superuser" in fault for fault in database_faults(servers.ensure_postgres().superuser))


def test_a_direct_connection_is_no_pooler() -> None:
    assert not pools_transactions(servers.ensure_postgres().app)
