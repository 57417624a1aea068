"""People who come: find or make, how they may be reached, what they typed that we did not know.

Begin at `rules.py`.
"""
