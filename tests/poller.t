#!/usr/bin/env python3
"""The poller against a real Dovecot on loopback."""
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from mailserver import *  # noqa: E402,F403 the tests' own words


def transports(dovecot, ca):
    mails = [mail(i) for i in range(20)] + [mail(20, subject="("), mail(21, subject=")"), mail(22, size=3 << 20)]
    dovecot.deliver(mails)
    wire = sums(map(crlf, mails))
    for scheme in ("imaps", "imap"):
        polled = Polled(dovecot.url(scheme), ca=ca)
        check(polled.good and sorted(m[2] for m in polled.mails) == wire, scheme + ": every octet of every mail", polled.text)
    check(all(flags == [] for flags in dovecot.state().values()), "nothing was marked by reading", dovecot.state())
    for scheme in ("pops", "pop"):
        polled = Polled(dovecot.url(scheme), ca=ca)
        check(polled.good and sorted(m[2] for m in polled.mails) == sums(mails), scheme + ": every mail, LF line ends",
              polled.text)
    polled = Polled(dovecot.url("imaps", "127.0.0.1"), ca=ca)
    check(polled.good, "an address in the certificate is as good as a name", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, first=22, unwanted=23)
    check(polled.good and [m[0] for m in polled.mails] == ["box:INBOX#22"], "what is remembered is not fetched", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, max_messages=5)
    check(polled.good and len(polled.mails) == 5, "max_messages", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, since=3)
    check(polled.good and not polled.mails, "since: mails of 2023 are too old", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, max_octets=1000000)
    check(len(polled.mails) == 22 and polled.faults == ["fault input box:INBOX#23: %d octets, more than 1000000 (limits.mail); "
          "left where it is" % len(crlf(mails[22]))], "a mail that is too large stays and is named", polled.text)


def trust(dovecot, ca):
    polled = Polled(dovecot.url("imaps"))
    check("certificate is refused" in polled.text and "setup" in polled.text, "an unknown authority is refused", polled.text)
    good = dovecot.certificates.fingerprint("good")
    polled = Polled(dovecot.url("imaps"), pin=good, max_messages=1)
    check(polled.good, "a pinned certificate needs no authority", polled.text)
    polled = Polled(dovecot.url("imap"), ca=ca, pin=dovecot.certificates.fingerprint("other"))
    check("not the one of tls_fingerprint" in polled.text and good in polled.text, "another one than the pinned", polled.text)


def logins(dovecot, ca):
    polled = Polled(dovecot.url("imaps"), ca=ca, secret="wrong")
    check("closed setup box: localhost" in polled.text and "is refused" in polled.text, "IMAP: wrong password", polled.text)
    polled = Polled(dovecot.url("pops"), ca=ca, secret="wrong")
    check("closed setup box: localhost" in polled.text and "refuses" in polled.text, "POP3: wrong password", polled.text)
    for login in ("xoauth2", "oauthbearer"):
        for scheme in ("imaps", "pops"):
            polled = Polled(dovecot.url(scheme), ca=ca, login=login, secret=dovecot.token(), max_messages=1)
            check(polled.good and len(polled.mails) == 1, "%s: %s" % (scheme, login), polled.text + dovecot.log()[-2000:])
            polled = Polled(dovecot.url(scheme), ca=ca, login=login, secret=dovecot.token(seconds=-10))
            check("setup" in polled.text and "the access token is not accepted: " in polled.text, "%s: %s: the reason of a refusal is decoded" %
                  (scheme, login), polled.text)


def fates(dovecot, ca):
    def fresh(n=12):
        dovecot.empty()
        dovecot.deliver([mail(i) for i in range(n)])

    fresh()
    polled = Polled(dovecot.url("imaps"), ca=ca, after="flag:$dmarcgate", settle=5)
    check(polled.good and set(map(tuple, dovecot.state().values())) == {("$dmarcgate",)}, "a keyword", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, after="seen", max_messages=3)
    check(polled.good and sum("\\Seen" in flags for flags in dovecot.state().values()) == 3, "seen", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, after="move:Done/Größe & \"Maß\"", settle=5)
    target = dovecot.state("Done/Gr&APYA3w-e &- \\\"Ma&AN8-\\\"")
    check(polled.good and dovecot.state() == {} and target and len(target) == 12, "moved into a folder that is made", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, folders='INBOX, Done/*', after="move:Done/Größe & \"Maß\"")
    check(polled.good and not polled.mails, "the folder that mails are moved to is not polled", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, folders='Done/Gr%, Nowhere, INBOX')
    check(len(polled.mails) == 12 and len(polled.faults) == 1 and "Nowhere" in polled.faults[0],
          "patterns; a folder that is missing does not stop the others", polled.text)
    fresh()
    polled = Polled(dovecot.url("imaps"), ca=ca, after="delete", unwanted=7)
    check(polled.good and list(dovecot.state()) == [7], "deleted by UID, and nothing else", polled.text)
    fresh()
    polled = Polled(dovecot.url("pops"), ca=ca, after="delete", max_messages=4)
    check(polled.good and list(dovecot.state()) == list(range(5, 13)), "POP3 deletes", polled.text)
    polled = Polled(dovecot.url("pops"), ca=ca, after="delete", settle=2, kill=4, limit=60)
    check(list(dovecot.state()) == list(range(5, 13)) and "the poller died" in polled.text,
          "POP3: a session that is cut deletes nothing", polled.text)
    fresh()
    validity = dovecot_validity(dovecot)
    polled = Polled(dovecot.url("imaps"), ca=ca, after="seen", journal="INBOX:%d:3" % validity, max_messages=1)
    check("journal settled 1" in polled.text and dovecot.state()[3] == ["\\Seen"], "a mail of an earlier run is settled", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, after="delete", journal="INBOX:%d:3" % (validity + 1), settle=0)
    check("journal input" in polled.text and 3 in dovecot.state(), "not when UIDVALIDITY has changed", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, after="delete", journal="INBOX:%d:99" % validity, settle=0)
    check("journal settled 1" in polled.text and len(dovecot.state()) == 12, "a mail that is gone is fine", polled.text)


def dovecot_validity(dovecot):
    client = dovecot.login()
    client.select("INBOX", readonly=True)
    value = int(client.response("UIDVALIDITY")[1][0])
    client.logout()
    return value


def many(dovecot, ca):
    dovecot.empty()
    mails = [mail(i, size=4000) for i in range(2000)]
    dovecot.deliver(mails)
    polled = Polled(dovecot.url("imaps"), ca=ca, after="move:Done", settle=100, timeout=60)
    check(polled.good and sorted(m[2] for m in polled.mails) == sums(map(crlf, mails)) and dovecot.state() == {} and
          len(dovecot.state("Done")) == 2000, "2,000 mails: fetched, moved, every octet", polled.text[-2000:])
    print("# %.0f mails a second, %d kB resident" % (2000 / polled.seconds, polled.resident))
    check(polled.resident < 20480 or sanitized(), "less than 20 MB resident", polled.resident)


def killed(dovecot, ca):
    """Whatever is killed, whenever: each mail is moved once and none is lost."""
    dovecot.empty()
    mails = [mail(i, size=3000) for i in range(150)]
    dovecot.deliver(mails)
    seen = set()
    for at in (1, 3, 7, 8, 20, 33, 2, 11, 16, 5):
        polled = Polled(dovecot.url("imaps"), ca=ca, after="move:Done", settle=7, kill=at)
        seen.update(m[2] for m in polled.mails)
        if "the poller died: Killed" not in polled.text:
            check(False, "it was killed", polled.text)
    polled = Polled(dovecot.url("imaps"), ca=ca, after="move:Done", settle=7)
    seen.update(m[2] for m in polled.mails)
    check(polled.good and sorted(seen) == sums(map(crlf, mails)) and dovecot.state() == {} and
          len(dovecot.state("Done")) == 150, "killed ten times: all mails came, each is moved once", polled.text[-1500:])


def locked(dovecot, ca):
    with open("config.h") as text:
        if "#define WITH_SANDBOX 1" not in text.read():
            return
    polled = Polled(dovecot.url("imaps"), ca=ca, lock=1, max_messages=1)
    check({"lock NoNewPrivs:\t1", "lock Seccomp:\t2", "lock CapEff:\t0000000000000000"} <= set(polled.lines), "it is locked",
          polled.text)


def sanitized():
    with open("Makefile") as text:
        return "-fsanitize=address" in text.read()


def other_servers(certificates):
    """An old server: no MOVE, no SASL-IR, names below INBOX. with dots in between, folders by LIST only."""
    dovecot = Dovecot(certificates, "imap_capability = IMAP4rev1 UIDPLUS NAMESPACE AUTH=PLAIN\n", ".", "INBOX.")
    try:
        dovecot.deliver([mail(i) for i in range(5)])
        polled = Polled(dovecot.url("imaps"), ca=certificates.ca, after="move:Done/2026")
        check(polled.good and dovecot.state() == {} and len(dovecot.state("INBOX.Done.2026")) == 5,
              "no MOVE, no SASL-IR, another delimiter and a prefix", polled.text + dovecot.log()[-1500:])
        polled = Polled(dovecot.url("imaps"), ca=certificates.ca, folders="Done/*, Done/2026")
        check(polled.good and len(polled.mails) == 5 and polled.folders() == ["INBOX.Done.2026"], "folders by their own names",
              polled.text)
        polled = Polled(dovecot.url("imaps"), ca=certificates.ca, folders="INBOX/Done/2026", after="move:INBOX/Seen")
        check(polled.good and polled.folders() == ["INBOX.Done.2026"] and len(dovecot.state("INBOX.Seen") or []) == 5,
              "the prefix may be written, too, with either delimiter", polled.text)
    finally:
        dovecot.close()


def only_login(certificates):
    """A server that offers LOGIN and no mechanism of SASL."""
    dovecot = Dovecot(certificates, "imap_capability = IMAP4rev1 UIDPLUS MOVE\n")
    try:
        dovecot.deliver([mail(1)])
        polled = Polled(dovecot.url("imaps"), ca=certificates.ca)
        check(polled.good and len(polled.mails) == 1, "LOGIN, where there is nothing better", polled.text + dovecot.log()[-1500:])
        polled = Polled(dovecot.url("imaps"), ca=certificates.ca, secret='wr"o\\ng')
        check("closed setup box: localhost" in polled.text and "is refused" in polled.text, "LOGIN: wrong password", polled.text)
    finally:
        dovecot.close()


def main():
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        skip_all("no dovecot")
    folder = tempfile.mkdtemp(prefix="poller.")
    os.chmod(folder, 0o755)
    try:
        certificates = Certificates(folder)
        dovecot = Dovecot(certificates)
        try:
            for part in (transports, trust, logins, fates, many, killed, locked):
                part(dovecot, certificates.ca)
        finally:
            if "--log" in sys.argv:
                print(dovecot.log())
            dovecot.close()
        other_servers(certificates)
        only_login(certificates)
    finally:
        shutil.rmtree(folder)
    plan()


main()
