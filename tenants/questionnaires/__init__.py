"""Where a clinic writes its own questionnaire and rules, tries them, and brings published forms in.

Owns the pages; the rows and what they mean are the intake's. Promises that nothing is published that could hurt: see
`tenants/intake/lint.py`. Begin with `staff.py`.
"""
