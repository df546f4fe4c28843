"""An OAuth server for the tests, on loopback over TLS: it gives tokens, and it can be told to misbehave."""
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLIENT, CLIENT_SECRET = "a client of the tests", "s3cret of the client/+&="
SCOPE = "mail offline_access"


class Asked:
    def __init__(self, path, form, headers):
        self.path, self.form, self.headers, self.time = path, form, headers, time.time()


class TokenServer:
    """`give` makes an access token. `refresh`: the one that is valid now; `pending`: what is said before a code is entered."""

    def __init__(self, certificates, give, certificate="good"):
        self.give, self.asked, self.pending = give, [], []
        self.refresh, self.seconds, self.rotate, self.more = None, 3600, True, {}
        self.device_code, self.interval = None, 1
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True))
                outer.asked.append(Asked(self.path, form, self.headers))
                try:
                    getattr(outer, "serve_" + self.path.strip("/").replace("-", "_"))(self, form)
                except OSError:
                    pass  # the client has had enough

            def do_GET(self):
                outer.asked.append(Asked(self.path, {"method": "GET"}, self.headers))
                self.send_error(405)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that refuses the certificate
        self.server.socket = certificates.context(certificate).wrap_socket(self.server.socket, server_side=True,
                                                                           do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="token", host="localhost"):
        return "https://%s:%d/%s" % (host, self.server.server_address[1], path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # -- what is right

    def answer(self, handler, status, thing, kind="application/json; charset=utf-8"):
        data = thing if isinstance(thing, bytes) else json.dumps(thing).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        handler.send_header("Cache-Control", "no-store")
        handler.end_headers()
        handler.wfile.write(data)

    def error(self, handler, code, description=None, status=400):
        self.answer(handler, status, {"error": code, **({"error_description": description} if description else {})})

    def tokens(self, handler, refresh=True):
        thing = {"access_token": self.give(), "token_type": "Bearer", "expires_in": self.seconds}
        if refresh and self.rotate:
            self.refresh = "refresh-" + secrets.token_urlsafe(30)
            thing["refresh_token"] = self.refresh
        self.answer(handler, 200, {**thing, **self.more})

    def serve_token(self, handler, form):
        grant = form.get("grant_type")
        if form.get("client_id") != CLIENT:
            self.error(handler, "invalid_client", status=401)
        elif grant == "refresh_token":
            if form.get("refresh_token") == self.refresh:
                self.tokens(handler)
            else:
                self.error(handler, "invalid_grant", "AADSTS70000: The refresh token has expired.\r\nTrace ID: 1")
        elif grant == "client_credentials":
            if form.get("client_secret") == CLIENT_SECRET:
                self.tokens(handler, refresh=False)
            else:
                self.error(handler, "invalid_client", status=401)
        elif grant == "urn:ietf:params:oauth:grant-type:device_code" and form.get("device_code") == self.device_code:
            if self.pending:
                self.error(handler, self.pending.pop(0), "not yet \x1b[31m")
            else:
                self.tokens(handler)
        else:
            self.error(handler, "unsupported_grant_type")

    def serve_device(self, handler, form):
        self.device_code = "device-" + secrets.token_urlsafe(30)
        self.answer(handler, 200, {"device_code": self.device_code, "user_code": "WDJB-MJHT", "expires_in": 600,
                                   "verification_uri": "https://example.org/device", "interval": self.interval,
                                   "message": "for people", **self.more})

    # -- what is not

    def serve_huge(self, handler, form):
        self.answer(handler, 200, b'{"access_token":"' + b"x" * 2000000 + b'"}')

    def serve_endless(self, handler, form):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        for _ in range(10000):
            handler.wfile.write(b" " * 10000)

    def serve_headers(self, handler, form):
        handler.send_response(200)
        for number in range(40):
            handler.send_header("X-%d" % number, "x" * 4000)
        self.answer(handler, 200, {})

    def serve_garbage(self, handler, form):
        self.answer(handler, 200, b'{"access_token": "x", \x00\xff]]]')

    def serve_deep(self, handler, form):
        self.answer(handler, 200, b"[" * 60000)

    def serve_array(self, handler, form):
        self.answer(handler, 200, [{"access_token": "x"}])

    def serve_twice(self, handler, form):
        self.answer(handler, 200, b'{"access_token":"abc","access_token":"def"}')

    def serve_kind(self, handler, form):
        self.answer(handler, 200, {"access_token": 7, "token_type": "Bearer"})

    def serve_lines(self, handler, form):
        self.answer(handler, 200, {"access_token": "a\r\nb", "token_type": "Bearer"})

    def serve_none(self, handler, form):
        self.answer(handler, 200, {"token_type": "Bearer"})

    def serve_mac(self, handler, form):
        self.answer(handler, 200, {"access_token": "abc", "token_type": "mac"})

    def serve_html(self, handler, form):
        self.answer(handler, 200, b'{"access_token":"abc"}', "text/html")

    def serve_portal(self, handler, form):
        self.answer(handler, 404, b"<html>Welcome to our hotel</html>", "text/html")

    def serve_away(self, handler, form):
        self.answer(handler, 503, b"<html>", "text/html")

    def serve_redirect(self, handler, form):
        handler.send_response(307)
        handler.send_header("Location", self.url("token"))
        handler.end_headers()

    def serve_drop(self, handler, form):
        handler.connection.close()

    def serve_hang(self, handler, form):
        time.sleep(300)

    def serve_drip(self, handler, form):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        for _ in range(300):
            handler.wfile.write(b" ")
            time.sleep(0.5)

    def serve_echo(self, handler, form):
        self.error(handler, "invalid_grant", "what is " + "".join(form.get(name, "") for name in
                                                                   ("refresh_token", "client_secret", "device_code")))

    def serve_tell(self, handler, form):
        self.error(handler, "odd\x1b[2J", "\x1b]0;owned\x07\u202e" + "long " * 1000)
