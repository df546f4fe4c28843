"""Mail servers that follow the book except where a test says otherwise: `twist` maps a stage to a function that is given
the conversation and the command, and answers in place of the honest server. None from it: as the book says."""
import base64
import socket
import ssl
import threading
import time

from mailserver import crlf, mail

SECRET = "s3cret-of-the-tests"
FORMS = [SECRET.encode(), base64.b64encode(b"\0reports\0" + SECRET.encode()).rstrip(b"=")]


class Gone(Exception):
    pass


class Conversation:
    def __init__(self, server, connection):
        self.server, self.connection, self.private, self.rest = server, connection, False, b""

    def tls(self):
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.private = True

    def line(self, seconds=60):
        """None: not within so many seconds."""
        self.connection.settimeout(seconds)
        while b"\n" not in self.rest:
            try:
                data = self.connection.recv(4096)
            except socket.timeout:
                return None
            finally:
                self.connection.settimeout(60)
            if not data:
                raise Gone
            (self.server.private if self.private else self.server.clear).append(data)
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.rstrip(b"\r")

    def send(self, *parts):
        for part in parts:
            self.connection.sendall(part.encode() if isinstance(part, str) else part)
        return True

    def hang(self):
        self.server.stopped.wait(60)
        raise Gone

    def drop(self):
        raise Gone


class Server:
    """One thread a connection. `clear` and `private`: what came from the poller, before and after TLS."""

    def __init__(self, context, tls, twist=None, mails=None):
        self.context, self.implicit, self.twist = context, tls, twist or {}
        self.mails = mails if mails is not None else [crlf(mail(i)) for i in range(4)]
        self.clear, self.private, self.connections = [], [], 0
        self.gone = set()
        self.stopped = threading.Event()
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.stopped.is_set():
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(60)
        conversation = Conversation(self, connection)
        try:
            if self.implicit:
                if not self.twisted("handshake", conversation, b""):
                    conversation.tls()
            self.talk(conversation)
        except (Gone, OSError, ssl.SSLError, UnicodeDecodeError, IndexError):  # it may hear a TLS handshake
            pass
        finally:
            try:
                conversation.connection.close()
            except OSError:
                pass

    def twisted(self, stage, conversation, command):
        function = self.twist.get(stage)
        return function is not None and function(conversation, command) is not None

    def leaked(self):
        heard = b"".join(self.clear)
        return any(form in heard for form in FORMS)

    def told(self):
        heard = b"".join(self.clear) + b"".join(self.private)
        return any(form in heard for form in FORMS)

    def close(self):
        self.stopped.set()
        self.listener.close()


class Imap(Server):
    scheme = "imap"
    more_abilities = " IDLE"
    validity = 77

    def stage(self, words):
        verb = b" ".join(words[1:3] if words[1].upper() == b"UID" else words[1:2]).upper().decode()
        if verb == "UID FETCH":
            return "sizes" if b"RFC822.SIZE" in b" ".join(words) else "bodies"
        return {"EXAMINE": "select", "UID SEARCH": "search", "SELECT": "select"}.get(verb, verb.lower())

    def talk(self, c):
        if not self.twisted("greeting", c, b""):
            c.send("* OK ready\r\n")
        while True:
            line = c.line()
            words = (line or b"").split(b" ")
            stage = self.stage(words)
            tag = words[0].decode()
            if self.twisted(stage, c, line):
                continue
            getattr(self, "on_" + stage.replace(" ", "_"), self.on_other)(c, words)
            c.send("%s OK done\r\n" % tag)
            if stage == "starttls" and not self.twisted("handshake", c, b""):
                c.tls()
            if stage == "logout":
                return

    def uids(self, text):
        found = []
        for part in text.decode().split(","):
            first, _, last = part.partition(":")
            found += range(int(first), int(last or first) + 1)
        return [uid for uid in found if uid <= len(self.mails) and uid not in self.gone]

    def on_capability(self, c, words):
        c.send("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN MOVE UIDPLUS NAMESPACE%s\r\n" % self.more_abilities)

    def on_namespace(self, c, words):
        c.send('* NAMESPACE (("" "/")) NIL NIL\r\n')

    def on_select(self, c, words):
        c.send("* %d EXISTS\r\n* OK [UIDVALIDITY %d] lasting\r\n" % (len(self.mails), self.validity))

    def on_search(self, c, words):
        c.send("* SEARCH %s\r\n" % " ".join(str(i + 1) for i in range(len(self.mails)) if i + 1 not in self.gone))

    def on_sizes(self, c, words):
        for uid in self.uids(words[3]):
            c.send("* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, len(self.mails[uid - 1])))

    def body(self, c, uid):
        c.send("* %d FETCH (UID %d BODY[] {%d}\r\n" % (uid, uid, len(self.mails[uid - 1])), self.mails[uid - 1], ")\r\n")

    def on_bodies(self, c, words):
        for uid in self.uids(words[3]):
            self.body(c, uid)

    def on_uid_move(self, c, words):
        self.gone.update(self.uids(words[3]))

    def on_idle(self, c, words):
        known = len(self.mails)
        c.send("+ idling\r\n")
        while True:
            line = c.line(0.05)
            if line == b"DONE":
                return
            if len(self.mails) > known:
                known = len(self.mails)
                c.send("* %d EXISTS\r\n" % known)

    def on_other(self, c, words):
        pass


class Pop(Server):
    scheme = "pop"

    def talk(self, c):
        if not self.twisted("greeting", c, b""):
            c.send("+OK ready\r\n")
        while True:
            line = c.line()
            words = (line or b"").split(b" ")
            stage = words[0].decode().lower()
            if self.twisted(stage, c, line):
                continue
            answer = getattr(self, "on_" + stage, lambda c, words: "+OK\r\n")(c, words)
            c.send(answer)
            if stage == "stls" and not self.twisted("handshake", c, b""):
                c.tls()
            if stage == "quit":
                return

    def on_uidl(self, c, words):
        return "+OK\r\n" + "".join("%d id%d\r\n" % (i + 1, i) for i in range(len(self.mails))) + ".\r\n"

    def on_list(self, c, words):
        return "+OK\r\n" + "".join("%d %d\r\n" % (i + 1, len(data)) for i, data in enumerate(self.mails)) + ".\r\n"

    def on_retr(self, c, words):
        data = self.mails[int(words[1]) - 1]
        stuffed = b"".join(b"." + line if line.startswith(b".") else line for line in data.splitlines(True))
        return b"+OK\r\n" + stuffed + b".\r\n"


def drip(data, seconds=1.0):
    """One octet a second."""
    def function(c, command):
        for octet in data:
            c.send(bytes([octet]))
            if c.server.stopped.wait(seconds):
                raise Gone
        return True
    return function


def flood(data):
    def function(c, command):
        end = time.time() + 30
        while time.time() < end:
            c.send(data)
        raise Gone
    return function
