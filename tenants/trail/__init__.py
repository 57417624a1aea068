"""A clinic's audit as its owner reads it: the deeds of all its rooms in words, and where each can be seen.

Promises: every deed has a sentence (a test reads the code for them). The page itself is `saas/trail`; begin at
`words.py`.
"""
