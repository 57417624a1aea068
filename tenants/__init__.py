"""One clinic: everything that belongs to a single clinic, in rooms.

`register.py` is the table of contents. Rooms import downwards only (pyproject.toml keeps the order); `saas` never
imports anything from here.
"""
