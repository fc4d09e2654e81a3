"""What (m) is compared with: a Flask app that calls `task.delay()` of plain Celery, and does nothing else."""

from __future__ import annotations

from flask import Flask, jsonify, request

from benchmarks import plain

app = Flask(__name__)


@app.post("/send")
def send():
    """Send the task that the body names a value for."""
    result = plain.nothing.delay(request.get_json()["value"])
    return jsonify(task=result.id), 201
