"""Hours: the pages on which a clinic says when people can book, and sees what follows from it.

Promises: nothing is saved before "Save hours", and nothing that was typed is lost; whoever takes openings or bookings
away is told first; a booking stays as it was promised until somebody moves or cancels it; "why is this time not
offered?" is answered by the engine that refuses it.

Begin reading at `drafts.py` (the week while it is edited) and `rules.py` (what a change gives and takes); the tables
belong to `tenants/availability`.
"""
