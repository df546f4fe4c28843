"""Stands between a client and a Dovecot, with the server's own certificate, and cuts the connection in the middle of the
n-th mail, or before a command arrives; once, or always before that command."""
import re
import socket
import ssl
import threading

BEGIN = re.compile(rb"\* \d+ FETCH [^\r\n]*BODY\[\] \{\d+\}\r\n")


class Cutter:
    def __init__(self, dovecot, nth, command=None, scheme="imaps", always=False):
        self.dovecot, self.left, self.command, self.cut, self.connections = dovecot, nth, command, False, 0
        self.scheme, self.always = scheme, always
        self.context = dovecot.certificates.context("good")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            client = self.context.wrap_socket(client, server_side=True)
            trust = ssl.create_default_context(cafile=self.dovecot.certificates.ca)
            server = trust.wrap_socket(socket.create_connection(("127.0.0.1", self.dovecot.ports[self.scheme])),
                                       server_hostname="localhost")
        except OSError:
            return
        threading.Thread(target=self.pass_on, args=(client, server), daemon=True).start()
        while True:
            try:
                octets = server.recv(65536)
                if not octets:
                    break
                end = None if self.cut else self.where(octets)
                client.sendall(octets[:end])
                if end is not None:
                    self.cut = True
                    break
            except OSError:
                break
        for each in (client, server):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def where(self, octets):
        """Where to cut, when the n-th mail begins here: ten octets behind its literal's."""
        for begin in BEGIN.finditer(octets):
            self.left -= 1
            if self.left == 0:
                return begin.end() + 10
        return None

    def pass_on(self, client, server):
        try:
            while True:
                octets = client.recv(65536)
                if self.command and self.command in octets and (self.always or not self.cut):
                    self.cut = True
                    server.shutdown(socket.SHUT_RDWR)  # who passes on what it says sees its end
                    return
                if not octets:
                    return
                server.sendall(octets)
        except OSError:
            pass

    def close(self):
        self.listener.close()
