"""The only file that knows both sides: the platform and the clinics."""

from __future__ import annotations

import sys

from flask import Flask

from saas import cli
from saas.app import create_kernel
from saas.config import ConfigError, Settings, load_settings
from tenants.demo import command as demo
from tenants.register import parts

CANNOT_START = 3  # gunicorn's word for a worker that will never start; any other and it would try for ever


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application; a configuration that cannot work ends the process with every problem on a line."""
    try:
        known = settings or load_settings()
    except ConfigError as error:
        sys.stderr.write(f"Longtide cannot start:\n{error}\n")
        sys.exit(CANNOT_START)
    app = create_kernel(known, parts())
    cli.init_app(app)
    demo.init_app(app)
    return app
