"""The only file that knows both sides: the platform and the clinics."""

from __future__ import annotations

from flask import Flask

from saas import cli
from saas.app import create_kernel
from saas.config import Settings, load_or_exit
from tenants.demo import command as demo
from tenants.privacy import command as privacy
from tenants.register import parts


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application; a configuration that cannot work ends the process with every problem on a line."""
    app = create_kernel(settings or load_or_exit(), parts())
    cli.init_app(app)
    demo.init_app(app)
    privacy.init_app(app)
    return app
