"""A clinic's times on its own website: the frame that shows them, the script that puts it there, and the owner's page
with the code to copy and the websites that may. Nothing but choosing a time is ever framed: details, money and intake
run on our own pages. Begin with `public.py`; what is published for good is in `rules.py`."""
