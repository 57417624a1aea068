"""What the clinic's weeks add up to: sessions, filled hours, who came for the first time, and the ledger's income.

`queries.py` reads rows in a fixed number of questions, `rules.py` counts them; the owner's alone.
"""
