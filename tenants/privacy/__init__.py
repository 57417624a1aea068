"""What clients may ask for about their own data: a copy, an end to it, who opened it, what they agreed to.

Promises that an erased client cannot be brought back from any backup, and that nothing is erased by itself. Begin with
`actions.py`.
"""
