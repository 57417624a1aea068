"""The intake: what a clinic asks before a first session, what a client answered, and what of it matters.

Owns questionnaires and their published versions, answers (sealed, never overwritten), the rules that flag them, alerts
and consent receipts. Promises that an answer once saved is kept, that nobody reads one without a trace, and that an
answer nobody gave never counts as "no". Begin with `questions.py` (what a questionnaire is), then `flags.py`.
"""
