"""Takes the proxy's events, verifies them, and prints what the agent says, with nothing but Python's standard library.
  WEBHOOK_PORT=9080 EVENTS_URL=http://127.0.0.1:8080 npm run sandbox    in one terminal
  python3 examples/python/receive.py    in another; then write as the agent, on the desk: http://127.0.0.1:3001
PORT: of this app. EVENTS_SECRET: the one of the proxy, if it has one.
"""
import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EVENTS_SECRET = os.environ.get("EVENTS_SECRET")


def is_signed(headers, body):
    """Standard Webhooks: the signature covers the id, a time that is not long ago, and the bytes of the body."""
    if EVENTS_SECRET is None:
        return True
    event_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > 300:
        return False
    key = base64.b64decode(EVENTS_SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256).digest()
    right = b"v1," + base64.b64encode(digest)
    return any(hmac.compare_digest(right, one.encode()) for one in headers.get("webhook-signature", "").split())


class App(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = is_signed(self.headers, body)
        event = json.loads(body) if signed else {"type": "forged"}
        # An event comes at least once: a real app ignores an id that it knows, and a conversation that is not its own.
        if event["type"] == "message.created" and event["data"]["sender"]["kind"] == "agent":
            print("agent:", event["data"].get("text"), flush=True)
        # Any 2xx says that the event is ours now. If it must not be lost, store it before this line.
        self.send_response_only(204 if signed else 401)
        self.end_headers()


with ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), App) as app:
    print(f"listening on {app.server_port}", flush=True)
    app.serve_forever()
