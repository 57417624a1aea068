"""Settings, read once from the environment (prefix LONGTIDE_). Nonsense is refused at start, all errors at once."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import secrets
import sys
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from flask import current_app
from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

CANNOT_START = 3  # gunicorn's word for a worker that will never start; any other and it would try for ever
_MASTER_ID = re.compile(r"[a-z0-9-]{1,32}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(BaseSettings):
    """Every setting there is; `deploy/.env.example` describes each for the person who runs Longtide."""

    model_config = SettingsConfigDict(env_prefix="LONGTIDE_", extra="ignore")

    env: Literal["demo", "staging", "production"] = "demo"
    data: Path = Path("instance")
    secret_key: str = ""
    base_url: str = "http://127.0.0.1:8000"
    platform_hosts: str = ""
    base_domain: str = ""
    database_url: str = ""
    database_pool: int = 10
    master_keys: str = ""
    keys: str = ""
    trusted_proxies: int = 0

    payments: Literal["stripe", "sandbox"] = "sandbox"
    stripe_api_key: str = ""
    stripe_api_base: str = ""
    stripe_connect_webhook_secret: str = ""
    stripe_account_webhook_secret: str = ""
    sandbox_url: str = "http://127.0.0.1:8001"

    mail_transport: Literal["mailbox", "smtp", "memory"] = "mailbox"
    mail_from: str = "Longtide <no-reply@longtide.example>"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: str = ""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"

    metrics_token: str = ""
    rate_limits: bool = True
    password_cost: Literal["normal", "low"] = "normal"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        problems = [*self._address_problems(), *self._key_problems(), *self._payment_problems()]
        if self.env != "demo":
            problems += self._hardening_problems()
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _address_problems(self) -> list[str]:
        problems = []
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            problems.append("LONGTIDE_BASE_URL must be an address like https://book.example, without a path")
        if self.database_url and not self.database_url.startswith(("sqlite:///", "postgresql")):
            problems.append("LONGTIDE_DATABASE_URL must begin with sqlite:/// or postgresql://")
        return problems

    def _key_problems(self) -> list[str]:
        problems = []
        try:
            _master_keys(self.master_keys)
        except ValueError as error:
            problems.append(f"LONGTIDE_MASTER_KEYS: {error}")
        if self.keys and not self.keys.startswith(("sqlite:///", "postgresql://")):
            problems.append("LONGTIDE_KEYS must begin with sqlite:/// or postgresql://")
        if self.key_store in (self.database, self.database_url):
            problems.append("LONGTIDE_KEYS must not be the database: its backups would hold the keys")
        return problems

    def _payment_problems(self) -> list[str]:
        problems = []
        if self.env == "production" and self.payments != "stripe":
            problems.append("LONGTIDE_PAYMENTS=sandbox moves no money: production needs LONGTIDE_PAYMENTS=stripe")
        if self.payments == "stripe":
            if not self.stripe_api_key:
                problems.append("LONGTIDE_STRIPE_API_KEY is missing")
            if self.stripe_api_base:
                problems.append("LONGTIDE_STRIPE_API_BASE is for the sandbox only")
            problems += [
                f"LONGTIDE_{name.upper()} is missing"
                for name in ("stripe_connect_webhook_secret", "stripe_account_webhook_secret")
                if not getattr(self, name)
            ]
        elif urlsplit(self.stripe_api_base or self.sandbox_url).hostname not in _LOOPBACK:
            problems.append("the sandbox must be on loopback (LONGTIDE_STRIPE_API_BASE, LONGTIDE_SANDBOX_URL)")
        return problems

    def _hardening_problems(self) -> list[str]:
        problems = []
        if len(self.secret_key) < 32:
            problems.append("LONGTIDE_SECRET_KEY must be at least 32 characters of randomness")
        if not self.database_url:
            problems.append("LONGTIDE_DATABASE_URL is missing")
        if not self.master_keys:
            problems.append("LONGTIDE_MASTER_KEYS is missing: what clients write is sealed under it")
        if self.database_url.startswith("postgresql") and not self.keys:
            problems.append("LONGTIDE_KEYS is missing: name the database that the keys lie in")
        if self.env == "production" and not self.base_url.startswith("https://"):
            problems.append("LONGTIDE_BASE_URL must be https:// in production")
        if self.env == "production" and self.mail_transport != "smtp":
            problems.append("LONGTIDE_MAIL_TRANSPORT must be smtp in production")
        elif self.mail_transport == "mailbox":
            problems.append("LONGTIDE_MAIL_TRANSPORT=mailbox shows every mail to everybody: it is for the demo only")
        if self.mail_transport == "smtp" and not self.smtp_host:
            problems.append("LONGTIDE_SMTP_HOST is missing")
        if self.env == "production" and self.password_cost != "normal":
            problems.append("LONGTIDE_PASSWORD_COST=low is for tests only")
        if self.env == "production" and not self.rate_limits:
            problems.append("LONGTIDE_RATE_LIMITS=false is for tests only")
        return problems

    @property
    def database(self) -> str:
        """The SQLAlchemy address: what is set, else a SQLite file in the data folder."""
        if not self.database_url:
            return f"sqlite:///{(self.data / 'longtide.db').resolve()}"
        if self.database_url.startswith("postgresql://"):
            return "postgresql+psycopg://" + self.database_url.removeprefix("postgresql://")
        return self.database_url

    @property
    def key_store(self) -> str:
        """The address of the key store: what is set, else a SQLite file in the data folder."""
        return self.keys or f"sqlite:///{(self.data / 'keys.db').resolve()}"

    def masters(self) -> dict[str, bytes]:
        """The master keys by their ids, newest first. A demo that is given none makes one in its data folder."""
        return _master_keys(self.master_keys or _own_master_key(self.data / "master.key"))

    @property
    def secret(self) -> str:
        """The secret everything is derived from; the demo on a bare machine has a well-known one."""
        return self.secret_key or "demo-only-secret-demo-only-secret"

    @property
    def secure(self) -> bool:
        """Whether people reach us over TLS (cookies, HSTS)."""
        return self.base_url.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """The platform's own hosts, lower case, without port."""
        named = {h.strip().lower() for h in self.platform_hosts.split(",") if h.strip()}
        own = (urlsplit(self.base_url).hostname or "").lower()
        return frozenset(named | {own} | ({*_LOOPBACK} if own in _LOOPBACK else set()))

    @property
    def pay_origin(self) -> str:
        """The origin a client is sent to for paying; the pages' form-action must name it."""
        if self.payments == "stripe":
            return "https://checkout.stripe.com"
        parts = urlsplit(self.sandbox_url)
        return f"{parts.scheme}://{parts.netloc}"


def _master_keys(text: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _colon, coded = part.partition(":")
        try:
            key = base64.b64decode(coded.replace("-", "+").replace("_", "/"), validate=True)
        except binascii.Error:
            key = b""
        if not _MASTER_ID.fullmatch(name) or len(key) != 32:
            raise ValueError(
                "each is an id (a to z, 0 to 9 and -), a colon and 32 bytes in base64, with commas between"
            )
        if name in found:
            raise ValueError(f"the id {name} is there twice")
        found[name] = key
    return found


def _own_master_key(path: Path) -> str:
    with contextlib.suppress(FileExistsError):
        made = f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(0o600)
        draft.write_text(made, encoding="ascii")
        try:
            os.link(draft, path)  # whole or not at all, and never over another one's
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


class ConfigError(Exception):
    """The configuration cannot work. The message lists every problem, one a line."""


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment and `overrides`, or `ConfigError` with all that is wrong with them."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines: list[str] = []
        for item in error.errors():
            where = ".".join(str(part) for part in item["loc"])
            text = str(item["msg"]).removeprefix("Value error, ")
            lines += [f"LONGTIDE_{where.upper()}: {text}" if where else text]
        raise ConfigError("\n".join(lines)) from None


def load_or_exit() -> Settings:
    """Settings from the environment; what cannot work ends the process with every problem on a line."""
    try:
        return load_settings()
    except ConfigError as error:
        sys.stderr.write(f"Longtide cannot start:\n{error}\n")
        sys.exit(CANNOT_START)


def settings() -> Settings:
    """The running app's settings."""
    found: Settings = current_app.config["LONGTIDE"]
    return found
