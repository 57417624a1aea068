"""The questionnaire that comes with Longtide, in our own words, English and Spanish: sections a to n, one place each.

Begin with `form.py`. Ids and codes are what the shipped rules look at (`ser_default/`), so they stay.
"""
