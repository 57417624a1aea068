"""The clinic's clients as its people meet them: a list to find them in, a page for each, and two records made one.

Promises: whoever gives sessions sees their own clients only; a record that is read is noted in the audit; merging moves
everything that points at the one who goes, and loses nothing. Begin at `queries.py`, then `actions.py`.
"""
