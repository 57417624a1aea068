"""The clinics that live here: making, pausing, resuming, closing one, and its addresses.

Promises: a slug is never given twice, and every change is written to the platform's audit. Begin at `actions.py`;
what a slug or a host may be is in `rules.py`.
"""
