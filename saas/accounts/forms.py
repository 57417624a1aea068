"""Flask-Security's own log-in form, less what is switched off. Its words are in the template."""

from __future__ import annotations

from flask_security import LoginForm


class EnterForm(LoginForm):
    """Log-in without "remember me": a session ends with the browser, or by itself."""

    remember = None
