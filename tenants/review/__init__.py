"""What the team sees of an intake: the summary before a session, what is urgent, what was decided.

Owns the pages; the rows are the intake's. Promises that every look at answers is in the audit, with the sections seen.
Begin with `staff.py`.
"""
