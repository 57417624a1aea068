"""What a demo runs in place of the outside world; never on in production.

`stripe/` speaks the part of Stripe's HTTP API that Longtide uses, so that the real `stripe` library
can be tried and tested without an account: begin reading at `stripe/serve.py`. `mailbox.py` is the page on which
a demo's mails are read.
"""
