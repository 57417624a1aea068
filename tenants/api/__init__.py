"""The public JSON API, version 1: what the pages do, for programs.

Begin at `public.py` (its addresses), then `requests.py` (what they take); `schemas.py` is its OpenAPI document.
"""
