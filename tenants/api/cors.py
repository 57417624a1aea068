"""Which other websites' pages may ask the API from a browser: those that the clinic's owner has named, and no other.

Only for what a website needs to offer times and to book one; never with cookies. What is behind a booking's link is for
our own pages and for programs that are no browser. Source of the headers: the Fetch standard, "CORS protocol".
"""

from __future__ import annotations

from flask import Response, request

from tenants.clinic.queries import allowed_origins

OPEN = {"api.services": "GET", "api.openings": "GET", "api.book": "POST"}
_KEPT_SECONDS = "600"


def share(response: Response) -> Response:
    """Tell the browser whether the page that asks may read this answer; for a preflight, what it may ask."""
    method = OPEN.get(request.endpoint or "")
    if method is None:
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin is None or origin not in allowed_origins():
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = method
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        response.headers["Access-Control-Max-Age"] = _KEPT_SECONDS
    else:
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response
