"""The audit after it is written: chained by a job, checked by a command, read on a page.

Promises: a row that was altered, taken away or put in afterwards is found by `flask audit verify`; a page of the trail
costs the same for a hundred rows and for a hundred thousand. `saas/audit.py` writes the rows; begin at `actions.py`.
"""
