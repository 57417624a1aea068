"""People who come: find or make, how they may be reached, what they typed that we did not know.

Promises: what a stranger types never overwrites what is known, and nobody learns from an answer who is known here.
Begin at `rules.py`, then `actions.py`.
"""
