from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from saas.accounts.actions import create_account
from saas.config import Settings
from saas.db import db
from saas.doctor import problems
from saas.fleet.actions import ensure_platform
from saas.jobs import beat
from saas.keystore import KeyStore
from saas.sealing import Keyring, keyring
from saas.tenancy import tenant_scope


@pytest.fixture
def mail_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def healthy(app: Flask, now: datetime, mail_port: int) -> Iterator[Settings]:
    """What production says of itself, over the test's database; the platform lives."""
    config: Settings = app.config["LONGTIDE"]
    with app.app_context():
        platform = ensure_platform(now=now)
        with tenant_scope(platform):
            create_account(
                email="odo@example.com", name="Odo", role="operator", password="a long quiet sentence", now=now
            )
            beat("worker", now=now)
        good: dict[str, Any] = {
            "env": "production", "payments": "stripe", "stripe_api_key": "sk_live_x", "mail_transport": "smtp",
            "stripe_connect_webhook_secret": "whsec_one", "stripe_account_webhook_secret": "whsec_two",
            "smtp_host": "127.0.0.1", "smtp_port": mail_port, "base_url": "https://book.example", "trusted_proxies": 1,
            "secret_key": "k3JfP0sZq8LmVx1Tn6RwYb4Hd9Gc2AuE", "password_cost": "normal", "metrics_token": "m" * 20,
        }  # fmt: skip
        yield config.model_copy(update=good)


def found(config: Settings, now: datetime) -> list[str]:
    # The tests' PostgreSQL does not sync: it is thrown away.
    return [line for line in problems(config, now=now) if "power" not in line]


def test_a_healthy_installation_has_nothing_to_mend(healthy: Settings, now: datetime) -> None:
    assert found(healthy, now) == []


def test_a_key_store_that_is_gone_or_open_to_others_is_named(healthy: Settings, app: Flask, now: datetime) -> None:
    ring = keyring()
    if ring.store.path is None:
        app.extensions["longtide_keys"] = Keyring(KeyStore("postgresql://nobody@127.0.0.1:1/none"), healthy.masters())
    else:
        ring.store.path.chmod(0o644)
        assert ["chmod 600" in line for line in found(healthy, now)] == [True]
        ring.store.path.chmod(0o600)
        app.extensions["longtide_keys"] = Keyring(KeyStore(f"sqlite:///{ring.store.path}.lost"), healthy.masters())
    try:
        assert ["LONGTIDE_KEYS" in line for line in found(healthy, now)] == [True]
    finally:
        app.extensions["longtide_keys"] = ring


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"stripe_api_key": "sk_test_x"}, "LONGTIDE_STRIPE_API_KEY"),
        ({"stripe_connect_webhook_secret": "nothing"}, "LONGTIDE_STRIPE_CONNECT_WEBHOOK_SECRET"),
        ({"stripe_account_webhook_secret": "whsec_one"}, "must differ"),
        ({"payments": "sandbox"}, "sandbox"),
        ({"secret_key": "ab" * 20}, "LONGTIDE_SECRET_KEY"),
        ({"trusted_proxies": 0}, "LONGTIDE_TRUSTED_PROXIES"),
        ({"metrics_token": ""}, "LONGTIDE_METRICS_TOKEN"),
        ({"smtp_port": 1}, "mail host"),
        ({"smtp_tls": "none", "smtp_username": "x"}, "LONGTIDE_SMTP_TLS"),
    ],
)
def test_each_fault_is_one_line_that_names_the_setting(
    healthy: Settings, now: datetime, changes: dict[str, Any], word: str
) -> None:
    lines = found(healthy.model_copy(update=changes), now)
    assert len(lines) == 1
    assert word in lines[0]


def test_staging_pays_with_test_keys_or_the_sandbox(healthy: Settings, now: datetime) -> None:
    assert found(healthy.model_copy(update={"env": "staging", "payments": "sandbox"}), now) == []
    assert found(healthy.model_copy(update={"env": "staging", "stripe_api_key": "sk_test_x"}), now) == []
    assert len(found(healthy.model_copy(update={"env": "staging"}), now)) == 1


def test_a_demo_is_told_everything_that_production_needs(healthy: Settings, app: Flask, now: datetime) -> None:
    lines = "\n".join(found(app.config["LONGTIDE"], now))
    for word in ("LONGTIDE_ENV is demo", "LONGTIDE_BASE_URL", "LONGTIDE_MAIL_TRANSPORT", "LONGTIDE_PAYMENTS"):
        assert word in lines


def test_a_worker_that_was_not_seen_lately_is_missed(healthy: Settings, now: datetime) -> None:
    assert found(healthy, now + timedelta(minutes=3)) == ["no worker is running: start flask --app wsgi worker"]


def test_a_missing_lock_in_the_database_is_named(healthy: Settings, app: Flask, now: datetime) -> None:
    if db.engine.dialect.name != "sqlite":
        return  # the application's role cannot take a policy away, which is the point
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER client_tenant_insert")
        connection.exec_driver_sql("DROP TRIGGER booking_room_overlap_update")
    lines = found(healthy, now)
    assert len(lines) == 2
    assert "client" in lines[0]
    assert "booking_room_overlap_update" in lines[1]


def test_a_database_that_is_not_migrated_says_so(healthy: Settings, now: datetime) -> None:
    if db.engine.dialect.name != "sqlite":
        return  # the application's role cannot write there
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert "db upgrade" in found(healthy, now)[-1]


def test_mails_travel_in_the_clear_on_this_machine_only(healthy: Settings, now: datetime) -> None:
    here = healthy.model_copy(update={"smtp_tls": "none"})
    assert found(here, now) == []
    elsewhere = here.model_copy(update={"smtp_host": "127.0.0.2"})  # nobody listens there, which is told as well
    assert any("LONGTIDE_SMTP_TLS" in line for line in found(elsewhere, now))
