"""The bare Flask application that ours is compared with: one route, a few bytes of JSON, the same gunicorn."""

from flask import Flask, Response, jsonify

app = Flask("bare")


@app.get("/")
def hello() -> Response:
    return jsonify(ready=True)
