"""Opens a conversation and sends a message, with a safe retry and nothing but Python's standard library.
  npm run sandbox    in one terminal
  python3 examples/python/send.py    in another
PROXY_URL, API_KEY: of the proxy.
"""
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

PROXY_URL = os.environ.get("PROXY_URL", "http://127.0.0.1:3000")
CONSUMER = f"python-{uuid.uuid4()}"


class Refused(Exception):
    """`delivery` says whether LiveEngage may have acted: `unknown` or `not-sent`."""


def post(path, body, attempts=5):
    """The same key at each attempt: however often it is tried, LiveEngage gets it once."""
    headers = {
        "Content-Type": "application/json",
        "X-LP-Consumer-Id": CONSUMER,
        "Idempotency-Key": str(uuid.uuid4()),
    }
    if "API_KEY" in os.environ:
        headers["X-API-Key"] = os.environ["API_KEY"]
    for attempt in range(1, attempts + 1):
        try:
            request = urllib.request.Request(PROXY_URL + path, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=15) as answer:
                return json.load(answer) if answer.status != 204 else {}
        except urllib.error.HTTPError as error:
            problem, wait = json.load(error), error.headers.get("Retry-After")
            if attempt == attempts or not problem["retryable"]:
                raise Refused(f"{problem['code']}, delivery: {problem['delivery']}") from None
        except (OSError, http.client.HTTPException):
            # No answer: it may have been sent, and the key makes a retry safe.
            wait = None
            if attempt == attempts:
                raise
        time.sleep(float(wait or 0.2 * 2**attempt))


try:
    conversation = post("/conversations", {})["conversationId"]
    print("opened", conversation)
    print("sent", post(f"/conversations/{conversation}/messages", {"text": "Hi"})["sequence"])
except (Refused, OSError, http.client.HTTPException) as error:
    sys.exit(str(error))
