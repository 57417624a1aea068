"""A configuration that cannot work, or must not, is refused at start."""

from __future__ import annotations

import pytest

from saas.config import ConfigError, load_settings
from tests.databases import MASTER_KEYS

STAGING = {
    "env": "staging",
    "secret_key": "k3JfP0sZq8LmVx1Tn6RwYb4Hd9Gc2AuE",
    "database_url": "postgresql://book@127.0.0.1/book",
    "master_keys": MASTER_KEYS,
    "keys": "postgresql://keys@127.0.0.1/keys",
    "mail_transport": "smtp",
    "smtp_host": "127.0.0.1",
}


def test_staging_runs_with_the_sandbox_in_place_of_stripe() -> None:
    assert load_settings(**STAGING).payments == "sandbox"


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"mail_transport": "mailbox"}, "LONGTIDE_MAIL_TRANSPORT"),
        ({"smtp_host": ""}, "LONGTIDE_SMTP_HOST"),
        ({"secret_key": "short"}, "LONGTIDE_SECRET_KEY"),
        ({"database_url": ""}, "LONGTIDE_DATABASE_URL"),
        ({"master_keys": ""}, "LONGTIDE_MASTER_KEYS"),
        ({"keys": ""}, "LONGTIDE_KEYS"),
        ({"keys": "postgresql://book@127.0.0.1/book"}, "LONGTIDE_KEYS"),
        ({"base_url": "ftp://x"}, "LONGTIDE_BASE_URL"),
        ({"sandbox_url": "http://pay.example"}, "loopback"),
        ({"payments": "stripe"}, "LONGTIDE_STRIPE_API_KEY"),
        ({"env": "production"}, "LONGTIDE_PAYMENTS"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, str], word: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(**STAGING | changes)
    assert word in str(refused.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(**STAGING | {"secret_key": "", "smtp_host": "", "database_url": ""})
    said = str(refused.value).splitlines()
    assert [line.partition(" ")[0] for line in said] == [
        "LONGTIDE_SECRET_KEY", "LONGTIDE_DATABASE_URL", "LONGTIDE_SMTP_HOST",
    ]  # fmt: skip


def test_a_value_that_is_none_is_named_by_its_setting() -> None:
    with pytest.raises(ConfigError, match=r"^LONGTIDE_MAIL_TRANSPORT: "):
        load_settings(**STAGING | {"mail_transport": "pigeon"})
