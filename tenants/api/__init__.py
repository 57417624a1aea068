"""The public JSON API, version 1: what the pages do, for programs. Begin at `public.py`; `schemas.py` is its OpenAPI document."""
