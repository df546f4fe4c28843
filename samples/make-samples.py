#!/usr/bin/env python3
"""Builds the samples that cannot be written by hand: containers, mails around them and the demonstration mailbox.

Same octets every time (no clock, no chance); python3 and its standard library are enough. What it packs are the readable
reports in plain/. The results are kept in the repository, so that nobody needs to run this in order to use them; run it
after a change here and look at the difference. Every name and address is reserved for examples (RFC 2606, 5737, 3849)."""

import base64
import binascii
import calendar
import gzip
import hashlib
import io
import ipaddress
import json
import os
import quopri
import re
import struct
import time
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(HERE, name), "rb") as file:
        return file.read()


def write(name, octets):
    path = os.path.join(HERE, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(octets)


REPORT = read("plain/rfc7489.xml")
OTHER = read("plain/other.xml")
NAME = "receiver.example!example.com!1793923200!1794009599"

# ---------------------------------------------------------------------------------------------------------- containers


def gz(octets):
    return gzip.compress(octets, 9, mtime=0)


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, octets in entries:
            info = zipfile.ZipInfo(name, (2026, 11, 7, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if name.endswith("/") else method
            info.create_system = 3
            archive.writestr(info, octets)
    return out.getvalue()


class Pipe(io.RawIOBase):
    """Cannot seek: zipfile then puts sizes behind the data."""

    def __init__(self):
        self.octets = b""

    def writable(self):
        return True

    def write(self, octets):
        self.octets += bytes(octets)
        return len(octets)


def zip_streamed(name, octets):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2026, 11, 7, 0, 0, 0)), octets, zipfile.ZIP_DEFLATED)
    return pipe.octets


def zip_encrypted(name, octets):
    """An entry that says it is encrypted; there is no key to it."""
    plain = bytearray(zipped([(name, bytes(12) + octets)], zipfile.ZIP_STORED))
    for at, flags in ((plain.index(b"PK\3\4"), 6), (plain.index(b"PK\1\2"), 8)):
        plain[at + flags] |= 1
    start = 30 + len(name)
    for i in range(start, start + 12 + len(octets)):
        plain[i] = plain[i] * 7 + i * 31 & 255
    return bytes(plain)


def zip_one_bad(bad, good):
    """Two stored entries, one octet of the first changed: its CRC is wrong."""
    octets = bytearray(zipped([("bad.xml", bad), ("good.xml", good)], zipfile.ZIP_STORED))
    octets[octets.index(b"plain-7489")] ^= 1
    return bytes(octets)


def many_records(n):
    head, record = REPORT.split(b"  <record>")[:2]
    rows = []
    for i in range(n):
        address = b"2001:db8::%x:%x" % (i // 100, i % 100 + 1)
        row = record.replace(b"192.0.2.10", address).replace(b"<count>4<", b"<count>%d<" % (i % 4 + 1))
        rows.append(b"  <record>" + row)
    return head.replace(b"plain-7489", b"C10") + b"".join(rows) + b"</feedback>\n"


def containers():
    one = gz(REPORT)
    deep = REPORT
    for _ in range(7):
        deep = gz(deep)
    damaged = bytearray(one)
    for i in range(40, 60):
        damaged[i] = 255
    return {
        "C01-line-end-behind-gzip.xml.gz": one + b"\r\n",
        "C01-nuls-behind-gzip.xml.gz": one + bytes(200),
        "C02-gzip-in-gzip.xml.gz.gz": gz(one),
        "C02-zip-in-gzip.zip.gz": gz(zipped([(NAME + ".xml", REPORT)])),
        "C02-gzip-in-zip.zip": zipped([(NAME + ".xml.gz", one)]),
        "C02-raw-zlib.zlib": zlib.compress(REPORT, 9),
        "C02-seven-deep.gz": deep,
        "C03-two-members.xml.gz": gz(REPORT[:700]) + gz(REPORT[700:]),
        "C04-trailer-missing.xml.gz": one[:-8],
        "C04-cut.xml.gz": one[: len(one) // 2],
        "C04-wrong-checksum.zlib": zlib.compress(REPORT, 9)[:-1] + b"\0",
        "C04-wrong-crc.xml.gz": one[:-8] + bytes([one[-8] ^ 1]) + one[-7:],
        "C04-damaged.xml.gz": bytes(damaged),
        "C05-several-reports.zip": zipped(
            [
                ("reports/", b""),
                ("reports/" + NAME + ".xml", REPORT),
                ("__MACOSX/reports/._" + NAME + ".xml", b"\0\5\26\7" + bytes(60)),
                ("empty.xml", b""),
                ("other.xml", OTHER),
            ]
        ),
        "C05-first-entry-is-folder.zip": zipped([("2026/", b""), ("2026/" + NAME + ".xml", REPORT)]),
        "C05-streamed.zip": zip_streamed(NAME + ".xml", REPORT),
        "C05-stored.zip": zipped([(NAME + ".xml", REPORT)], zipfile.ZIP_STORED),
        "C05-one-bad-entry.zip": zip_one_bad(REPORT, OTHER),
        "C05-mbox.zip": zipped(
            [
                (
                    "Mail/dmarc.mbox",
                    b"".join(
                        b"From 1@receiver.example Sat Nov  7 03:00:00 2026\n" + mail + b"\n"
                        for mail in (usual("C05-first"), usual("C05-second", part("text/xml", OTHER)))
                    ),
                )
            ]
        ),
        "C05-mails.zip": zipped(
            [("one.eml", usual("C05-one")), ("two.eml", usual("C05-two", part("text/xml", OTHER)))]
        ),
        "C02-base64-file.txt": base64_lines(one),
        "C02-line-end-before-gzip.xml.gz": b"\r\n" + one,
        "C06-path-traversal.zip": zipped([("../../../../etc/cron.d/report.xml", REPORT)]),
        "C06-no-extension.zip": zipped([("!example.com!1793923200!1794009599", REPORT)]),
        "C06-non-ascii-name.zip": zipped([("Bericht für \u202eexample.com.xml", REPORT)]),
        "C07-encrypted.zip": zip_encrypted(NAME + ".xml", REPORT),
        "C07-empty.zip": zipped([]),
        "C07-no-central-directory.zip": (lambda z: z[: z.index(b"PK\1\2")])(zipped([(NAME + ".xml", REPORT)])),
        "C07-empty.xml": b"",
        "C08-brackets.xml.gz": gz(b"<" * 1000000),
        "C10-many-records.xml.gz": gz(many_records(4000)),
    }


# --------------------------------------------------------------------------------------------------------------- mails


def base64_lines(octets, width=76):
    text = base64.b64encode(octets)
    return b"".join(text[i : i + width] + b"\n" for i in range(0, len(text), width))


def head(name, subject="Report Domain: example.com Submitter: receiver.example Report-ID: <plain-7489>", mime=True):
    text = (
        "From: DMARC Reports <dmarc@receiver.example>\nTo: dmarc@example.com\nSubject: %s\n"
        "Date: Sat, 07 Nov 2026 03:00:00 +0000\nMessage-ID: <%s@receiver.example>\n" % (subject, name)
    )
    return (text + ("MIME-Version: 1.0\n" if mime else "")).encode()


def part(type_, body, name=None, encoding="base64", disposition='attachment; filename="%s"', field="Content-Type"):
    lines = "%s: %s\n" % (field, type_) if type_ else ""
    if encoding:
        lines += "Content-Transfer-Encoding: %s\n" % encoding
    if name:
        lines += "Content-Disposition: " + disposition % name + "\n"
    return lines.encode() + b"\n" + (base64_lines(body) if encoding == "base64" else body)


def multipart(parts, subtype="mixed", boundary="sep", close=True):
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\n" + p.rstrip(b"\n") + b"\n" for p in parts)
    return (
        b'Content-Type: multipart/%s; boundary="%s"\n\n' % (subtype.encode(), boundary.encode())
        + body
        + (mark + b"--\n" if close else b"")
    )


TEXT = part("text/plain; charset=us-ascii", b"This is an aggregate report.\n", encoding=None)


def usual(name, attachment=None, **more):
    """Text and one attachment, the form most reporters use."""
    attachment = attachment or part("application/gzip", gz(REPORT), NAME + ".xml.gz")
    return head(name, **more) + multipart([TEXT, attachment])


def long_header(mail):
    """As mails are that came a long way: From stands behind five thousand octets."""
    relays = b"".join(
        b"Received: from mx%02d.example.com by mx%02d.example.com with ESMTPS id %040d;\n\tSat, 07 Nov 2026 03:00:00 +0000\n"
        % (i, i + 1, i)
        for i in range(40)
    )
    return b"Delivered-To: dmarc@example.com\n" + relays + b"Return-Path: <dmarc@receiver.example>\n" + mail


def attachment_mails():
    one, packed = gz(REPORT), zipped([(NAME + ".xml", REPORT)])
    mails = {
        "M01-whole-message-zip": head("M01") + part("application/zip", packed, NAME + ".zip"),
        "M01-whole-message-gzip": head("M01-gzip") + part("application/gzip", one, NAME + ".xml.gz"),
        "M04-contenttype": usual("M04", part("application/gzip", one, NAME + ".xml.gz", field="ContentType")),
        "M05-header-line-without-colon": usual(
            "M05",
            part("application/gzip", one, NAME + ".xml.gz").replace(
                b"Content-Transfer", b'name="%s.xml.gz"\nContent-Transfer' % NAME.encode(), 1
            ),
        ),
        "M07-dirty-base64": usual(
            "M07",
            b"Content-Type: application/gzip\nContent-Transfer-Encoding: BASE64 \n\n" + dirty(base64.b64encode(one)),
        ),
        "M11-subject-forms": usual(
            "M11",
            subject="=?utf-8?Q?[Preview]_Dmarc_Aggregate_Report_Domain:_{example.com}?=\n"
            " =?utf-8?B?%s?=" % base64.b64encode(b"  Submitter: {Re\xc3\xa7eiver}").decode(),
        ),
        "M14-two-attachments": head("M14")
        + multipart(
            [
                TEXT,
                part("application/gzip", one, NAME + ".xml.gz"),
                part("application/zip", zipped([("other.xml", OTHER)]), "other.zip"),
            ]
        ),
        "C09-word-unused": usual("C09", part("application/gzip", gz(b"unused"), NAME + ".xml.gz")),
    }
    for name, type_, octets, file in (
        ("M02-octet-stream", "application/octet-stream", one, ".xml.gz"),
        ("M02-x-zip-compressed", "application/x-zip-compressed", packed, ".zip"),
        ("M02-zip-called-gzip", "application/gzip", packed, ".xml.gz"),
        ("M02-gzip-called-zip", "application/zip", one, ".zip"),
        ("M02-zip-as-text-plain", "text/plain", packed, ".zip"),
        ("M02-alternative-on-the-part", "multipart/alternative", one, ".xml.gz"),
        ("M03-gzip-named-zip", "application/octet-stream", one, ".zip"),
    ):
        mails[name] = usual(name, part(type_, octets, NAME + file))
    mails["M03-no-name"] = usual("M03-no-name", part("application/octet-stream", one))
    return mails


def dirty(text):
    """Lines of 200, blanks and empty lines inside, no padding."""
    lines = [text[i : i + 200] for i in range(0, len(text), 200)]
    lines[0] = lines[0][:50] + b" \t" + lines[0][50:] + b"\n"
    return b"\n".join(lines).rstrip(b"=") + b"\n"


def name_mails():
    one = gz(REPORT)
    long = b'Content-Type: application/gzip;\n name*0="%s";\n name*1="%s.xml.gz"\n' % (
        NAME[:20].encode(),
        NAME[20:].encode(),
    )
    word = b"=?utf-8?B?%s?=" % base64.b64encode((NAME + ".xml.gz").encode())
    tail = b"Content-Transfer-Encoding: base64\n\n" + base64_lines(one)
    return {
        "M06-rfc2231-name": usual("M06", long + tail),
        "M06-encoded-word-name": usual("M06-word", b'Content-Type: application/gzip; name="' + word + b'"\n' + tail),
        "M06-unquoted-name": usual(
            "M06-bare",
            b"Content-Type: application/gzip; name=%s.xml.gz;\n"
            b'Content-Disposition: attachment; filename="%s.xml.gz";\n' % ((NAME.encode(),) * 2) + tail,
        ),
    }


def structure_mails():
    one = part("application/gzip", gz(REPORT), NAME + ".xml.gz")
    html = part("text/html; charset=us-ascii", b"<p>This is an <b>aggregate</b> report.</p>\n", encoding=None)
    footer = part("text/plain", b"_____\nTo leave this list, write to leave@lists.example\n", encoding=None)
    return {
        "M08-xml-8bit": usual("M08", part("text/xml; charset=utf-8", REPORT, NAME + ".xml", "8bit")),
        "M08-xml-quoted-printable": usual(
            "M08-qp", part("application/xml", quopri.encodestring(REPORT), NAME + ".xml", "quoted-printable")
        ),
        "M08-xml-inline-7bit": head("M08-inline")
        + part("text/xml", REPORT, NAME + ".xml", None, 'inline; filename="%s"'),
        "M09-related-in-mixed": head("M09") + multipart([multipart([html], "related", "inner"), one]),
        "M09-alternative": head("M09-alternative") + multipart([TEXT, one], "alternative"),
        "M09-report": head("M09-report") + multipart([TEXT, one], "report; report-type=dmarc"),
        "M10-attached-mail": head("M10", "Fwd: Report Domain: example.com")
        + multipart([TEXT, part("message/rfc822", usual("M10-inner"), encoding=None)]),
        "M10-list-footer": head("M10-list", "[owners] Report Domain: example.com")
        + multipart([multipart([TEXT, one], boundary="inner"), footer]),
    }


def mislabelled_mails():
    """What is said about the octets is wrong: the type, the encoding, the boundary."""
    one = gz(REPORT)
    file = NAME + ".xml.gz"
    inner = usual("inner")
    return {
        "M02-rfc822-that-is-gzip": usual("M02-rfc822", part("message/rfc822", one, file)),
        "M02-feedback-report-that-is-gzip": usual("M02-feedback", part("message/feedback-report", one, file)),
        "M02-empty-attachment": usual("M02-empty", part("application/gzip", b"", file)),
        "M02-error-page": usual("M02-page", part("application/gzip", b"<html><p>502 Bad Gateway</p></html>\n", file)),
        "M04-contenttype-at-the-top": usual("M04-top").replace(
            b"Content-Type: multipart", b"ContentType: multipart", 1
        ),
        "M07-base64-undeclared": usual("M07-undeclared", part("application/gzip", base64_lines(one), file, None)),
        "M07-base64-in-other-words": usual("M07-words", part("application/gzip", base64_lines(one), file, "base-64;")),
        "M07-base64-twice": usual("M07-twice", part("application/gzip", base64_lines(one), file)),
        "M08-xml-called-base64": usual("M08-base64", part("text/xml", REPORT, NAME + ".xml", None)).replace(
            b"Content-Type: text/xml\n", b"Content-Type: text/xml\nContent-Transfer-Encoding: base64\n", 1
        ),
        "M09-wrong-boundary": usual("M09-boundary").replace(b'boundary="sep"', b'boundary="other"', 1),
        "M10-attached-as-octet-stream": head("M10-file", "Fwd: a report")
        + multipart([TEXT, part("application/octet-stream", inner, "report.eml")]),
        "M10-attached-as-text": head("M10-text", "Fwd: a report")
        + multipart([TEXT, part("text/plain", inner, "report.txt")]),
        "M10-attached-long-header": head("M10-long", "Fwd: a report")
        + multipart([TEXT, part("application/octet-stream", long_header(inner), "report.eml")]),
        "M12-cr-cr-lf": usual("M12-cr-cr-lf").replace(b"\n", b"\r\r\n"),
        "M13-text-like-zlib": head("M13-zlib", "Re: your mail")
        + b"Content-Type: text/plain; charset=us-ascii\n\n(See what I wrote last week, and the week before.)\n",
        "M13-text-like-bzip2": head("M13-bzip2", "Re: your mail")
        + b"Content-Type: text/plain; charset=us-ascii\n\nBZh is what the file began with.\n",
        "M13-words-about-xml": head("M13-words", "Re: your mail")
        + b"Content-Type: text/plain; charset=us-ascii\n\nThe <feedback> element is the root, see here:feedback is what it says.\n",
        "M13-name-with-bangs": head("M13-bangs", "Summer sale")
        + multipart([TEXT, part("image/png", b"\x89PNG\r\n\x1a\n", "Now!! only!.png")]),
        "M13-archive-not-read": head("M13-7z", "Your invoice")
        + multipart([TEXT, part("application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24), "invoice.7z")]),
        "M13-page-with-feedback-tag": head("M13-tag", "Your opinion")
        + b"Content-Type: text/html; charset=us-ascii\n\n<html><body><feedback id=1>Write & win</feedback></body></html>\n",
        "M13-signed-reply": head("M13-signed", "Re: Report Domain: example.com Submitter: receiver.example")
        + multipart([TEXT, part("application/pkcs7-signature", b"0\x80\x06\x09*\x86H", "smime.p7s")]),
        "M14-report-and-failure": head("M14-both")
        + multipart(
            [
                TEXT,
                part("application/gzip", one, file),
                part(
                    "message/feedback-report",
                    b"Feedback-Type: auth-failure\nAuth-Failure: dmarc\n"
                    b"Source-IP: 198.51.100.7\nReported-Domain: example.com\n",
                    encoding=None,
                ),
            ]
        ),
    }


def failure_mails():
    """The ARF report of plain/, its parts renamed, doubled or out of order."""
    plain = read("plain/failure-rfc6591.eml")
    head_, text, feedback, sample = plain.replace(b"--b1--\n", b"").split(b"--b1\n")
    fields, mail = feedback.split(b"\n\n", 1)[1], sample.split(b"\n\n", 1)[1]

    def build(name, *parts):
        return head_.replace(b"<plain@", b"<%s@" % name.encode()) + b"".join(b"--b1\n" + p for p in parts) + b"--b1--\n"

    def typed(text, octets):
        return b"Content-Type: " + text + b"\n\n" + octets

    file = b'application/octet-stream; name="%s"'
    other = mail.replace(b"Your order", b"Your bill").replace(b"order-1", b"bill-1")
    return {
        "F01-feedback-as-file": build("F01-file", text, typed(file % b"details.txt", fields), sample),
        "F01-text-feedback-report": build("F01-text", text, typed(b"text/feedback-report", fields), sample),
        "F01-two-feedback-parts": build(
            "F01-two",
            text,
            feedback,
            sample,
            feedback.replace(b"198.51.100.7", b"198.51.100.8"),
            sample.replace(mail, other),
        ),
        "F04-arrival-date-forms": build(
            "F04-date", text, feedback.replace(b"Sat, 07 Nov 2026 10:00:00 +0000", b"2026-11-07T11:00:00+01:00"), sample
        ),
        "F06-source-ip-comment-before": build(
            "F06-before", text, feedback.replace(b"Source-IP: ", b"Source-IP: (client) "), sample
        ),
        "F06-source-ip-list": build(
            "F06-list",
            text,
            feedback.replace(b"Source-IP: 198.51.100.7", b"Source-IP: 198.51.100.7, 10.0.0.1").replace(
                b"Version: 1", b"Version: 1 (ARF)"
            ),
            sample,
        ),
        "F07-fields-of-a-mail": build(
            "F07-mail",
            text,
            feedback.replace(b"Feedback-Type", b"From: a@b.example\nTo: c@d.example\nSubject: x\nFeedback-Type", 1),
            sample,
        ),
        "F07-reported-domain-forms": build(
            "F07-domain", text, feedback.replace(b"Domain: example.com", b"Domain: <Example.COM.>, example.org"), sample
        ),
        "F08-sample-first": build("F08-first", text, sample, feedback),
        "F08-sample-as-file": build("F08-file", text, feedback, typed(file % b"original.eml", mail)),
        "F08-sample-as-text": build("F08-text", text, feedback, typed(b"text/plain", mail.split(b"\n\n")[0] + b"\n\n")),
        "F08-sample-global": build("F08-global", text, feedback, typed(b"message/global", mail)),
    }


def octet_mails():
    plain = usual("M12")
    lines = plain.split(b"\n")
    return {
        "M12-from-line": b"From dmarc@receiver.example Sat Nov  7 03:00:00 2026\n" + plain,
        "M12-quoted-from-line": b">From dmarc@receiver.example Sat Nov  7 03:00:00 2026\n" + plain,
        "M12-leading-blank-lines": b"\n\n" + plain,
        "M12-bom": b"\xef\xbb\xbf" + plain,
        "M12-cr-only": plain.replace(b"\n", b"\r"),
        "M12-mixed-line-ends": b"".join(line + (b"\r\n" if i % 2 else b"\n") for i, line in enumerate(lines[:-1])),
        "M12-no-mime-version": usual("M12-mime", mime=False),
        "M12-no-closing-boundary": head("M12-open")
        + multipart([TEXT, part("application/gzip", gz(REPORT))], close=False),
    }


def uuencoded(octets, name):
    lines = b"".join(binascii.b2a_uu(octets[i : i + 45]) for i in range(0, len(octets), 45))
    return b"begin 644 " + name.encode() + b"\n" + lines + b"`\nend\n"


def winmail_attribute(level, identity, value, kind=6):
    return (
        bytes([level])
        + struct.pack("<HHI", identity, kind, len(value))
        + value
        + struct.pack("<H", sum(value) & 0xFFFF)
    )


def winmail(files):
    """[MS-OXTNEF]: the version, then for each file its beginning, title, data and properties."""
    octets = b"\x78\x9f\x3e\x22\1\0" + winmail_attribute(1, 0x9006, struct.pack("<I", 0x10000), 8)
    for name, data in files:
        octets += winmail_attribute(2, 0x9002, bytes(14))
        octets += winmail_attribute(2, 0x8010, name.encode() + b"\0", 1)
        octets += winmail_attribute(2, 0x800F, data)
    return octets


def winmail_mail(inner):
    """A mail that was attached: PR_ATTACH_DATA_OBJ among the properties, behind the identity of its class."""
    value = struct.pack("<IHHII", 1, 0x0D, 0x3701, 1, 16 + len(inner)) + bytes(16) + inner
    return b"\x78\x9f\x3e\x22\1\0" + winmail_attribute(2, 0x9002, bytes(14)) + winmail_attribute(2, 0x9005, value)


def der(tag, *pieces):
    octets = b"".join(pieces)
    n = len(octets)
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([131]) + struct.pack(">I", n)[1:]) + octets


def signed_data(entity):
    """CMS signed data (RFC 5652 5.1) around an entity, without a signer: nobody looks at the signature."""
    data, signed = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    content = der(0x30, data, der(0xA0, der(0x04, entity)))
    return der(0x30, signed, der(0xA0, der(0x30, b"\2\1\1", der(0x31), content, der(0x31))))


def wrapped_mails():
    """What other programs make of an attachment: uuencode, winmail.dat, a signature around the mail."""
    one = gz(REPORT)
    file = NAME + ".xml.gz"
    plain = b"Content-Type: text/plain; charset=us-ascii\n\nHere it is.\n\n"
    attached = part("application/gzip", one, file)
    dat = winmail([("report.txt", b"See the file."), (file, one)])

    def forwarded(name, type_, octets, file):
        return head(name, "FW: your report") + part(type_, octets, file)

    return {
        "M08-uuencoded": head("M08-uu", "FW: a report") + plain + uuencoded(one, file),
        "M08-uuencoded-two": head("M08-uu-two", "FW: reports")
        + plain
        + uuencoded(one, file)
        + b"\nAnd the other one:\n\n"
        + uuencoded(OTHER, "other.xml"),
        "M08-uuencoded-cut": head("M08-uu-cut", "FW: a report") + plain + uuencoded(one, file)[:400] + b"\n",
        "M10-winmail": head("M10-winmail", "FW: a report")
        + multipart([TEXT, part("application/ms-tnef", dat, "winmail.dat")]),
        "M10-winmail-attached-mail": head("M10-winmail-mail", "FW: a report")
        + multipart([TEXT, part("application/ms-tnef", winmail_mail(dat), "winmail.dat")]),
        "M10-winmail-cut": forwarded("M10-winmail-cut", "application/ms-tnef", dat[:-40], "winmail.dat"),
        "M10-signed-opaque": forwarded(
            "M10-signed",
            "application/pkcs7-mime; smime-type=signed-data",
            signed_data(multipart([TEXT, attached], boundary="inner").replace(b"\n", b"\r\n")),
            "smime.p7m",
        ),
        "M10-signed-opaque-file": forwarded(
            "M10-signed-file", "application/pkcs7-mime; smime-type=signed-data", signed_data(attached), "smime.p7m"
        ),
        "M13-winmail": forwarded(
            "M13-winmail", "application/ms-tnef", winmail([("minutes.txt", b"Nothing new.")]), "winmail.dat"
        ),
        "M13-words-like-uuencode": head("M13-uu", "Re: your mail")
        + plain
        + b"begin 644 times over\nMonday is when we meet.\nend\n",
    }


def other_mails():
    text = "Content-Type: text/plain; charset=us-ascii\n\n"
    tls = json.dumps(
        {
            "organization-name": "Example Receiver",
            "contact-info": "tls@receiver.example",
            "report-id": "T01-gzip",
            "date-range": {"start-datetime": "2026-11-06T00:00:00Z", "end-datetime": "2026-11-06T23:59:59Z"},
            "policies": [
                {
                    "policy": {"policy-type": "sts", "policy-domain": "example.com"},
                    "summary": {"total-successful-session-count": 5, "total-failure-session-count": 0},
                }
            ],
        }
    ).encode()


    def bounce(sent):
        return multipart(
            [
                part("text/plain", b"The mail could not be delivered.\n", encoding=None),
                part(
                    "message/delivery-status",
                    b"Reporting-MTA: dns; mx.receiver.example\n\nFinal-Recipient: rfc822; x@receiver.example\n"
                    b"Action: failed\nStatus: 5.1.1\n",
                    encoding=None,
                ),
                part("message/rfc822", sent, encoding=None),
            ],
            "report; report-type=delivery-status",
        )

    returned = head("M13-returned", "Undeliverable: Report Domain: other.example")
    own = usual("own").replace(b"dmarc@receiver.example", b"reports@mail.example.com").replace(b"boundary=\"sep\"", b"boundary=\"own\"")
    own = own.replace(b"\n--sep", b"\n--own")
    passed_on = usual("passed-on").replace(b'"sep"', b'"own"').replace(b"\n--sep", b"\n--own")
    return {
        "M13-auto-reply": head("M13", "Out of office: Report Domain: example.com")
        + (text + "I am away.\n\nFrom tomorrow on I read mail again.\n").encode(),
        "M13-bounce": head("M13-bounce", "Undelivered Mail Returned to Sender")
        + bounce(head("sent", "Hello") + b"\nHello\n"),
        "M13-own-report-returned": returned + bounce(own),
        "M13-passed-on-report-returned": returned.replace(b"returned@", b"passed-on@") + bounce(passed_on),
        "M13-too-large-notice": head("M13-large", "DMARC error report")
        + (
            text + "Report-Date: Sat, 07 Nov 2026 03:00:00 +0000\nReport-Domain: example.com\nReport-ID: plain-7489\n"
            "Report-Size: 20000000\nSubmitter: receiver.example\nSubmitting-URI: mailto:dmarc@example.com!10m\n"
        ).encode(),
        "M13-spam": head("M13-spam", "Invoice")
        + multipart([TEXT, part("application/zip", zipped([("invoice.txt", b"Pay at once.\n")]), "invoice.zip")]),
        "T01-gzip": head("T01", "Report Domain: example.com Submitter: receiver.example Report-ID: <T01-gzip>")
        + multipart(
            [TEXT, part("application/tlsrpt+gzip", gz(tls), NAME + "!T01.json.gz")], "report; report-type=tlsrpt"
        ),
        "T10-dmarc-subject": head("T10")
        + multipart([TEXT, part("application/gzip", gz(tls.replace(b"T01-gzip", b"T10")), NAME + ".xml.gz")]),
    }


def mbox():
    mails = [
        usual("box-1"),
        usual("box-2", part("application/gzip", gz(REPORT)[:200], NAME + ".xml.gz")),
        usual("box-3", part("application/zip", zipped([("other.xml", OTHER)]), "other.zip")),
    ]
    line = b"From dmarc@receiver.example Sat Nov  7 0%d:00:00 2026\n"
    return b"".join(line % i + mail + b"\n" for i, mail in enumerate(mails))


# ------------------------------------------------------------------------------- demonstration: a fortnight of one owner

DAY = 86400
FIRST = calendar.timegm((2026, 11, 7, 0, 0, 0))  # a Saturday; fourteen days
SHOP, CAFE = "harborlight.example", "lighthouse-cafe.example"

# For this demonstration only: one RSA key signs for everybody. zone.txt publishes it under every name that is used.
KEY_N = int(
    "fe30107c58eda0f98014ec6f90bb3a1a2cb06447ba07377f4880912dc4aa72c3fe9a0cbe2d97ca8e1084e6f6dd6583d82f5d"
    "3b8ba094e78ae5b4bd3bace7b51e2870e11a90fba7eaa557f53c23a33e642c010bbf107e03a184ab7e4378099b0d0f81978c"
    "cb85ca22319c4a0165fb05f17092471c7a04fd08f935d80bd95471053d7ba762bab468f35962df98510700c343e663cd4f95"
    "7dbc96197f9fb18fca1b73f493c6029fa83015498bc988c03fead4d0dde06c7610b8e6ccae366e00e1572c3b009ef80f6999"
    "087a4998bdc8e7e3ec545ee1bff081e4beb1ab3e3e8b289b80e4363e1c24f533a67ed6020dc66085a72c0d4431086582db77"
    "04fcc6397fff",
    16,
)
KEY_D = int(
    "56e01892575688411e0c88aeacd9c0c6f7652630f99cc3d405f4a329f0608d2efd92ab2e48a8eb7ad89c83cff5e55f458112"
    "ad6a506cf4221dd64322e53aa045796ef310c062b286591291e7870aa1255d80d201f062115d9fd979231820b854a36b185f"
    "efa37f6d66655349dd10097cf68b98305c67de0fb615380cfcaf869ca4828e357980e5ff841ec2512728be4eabbced825789"
    "3065811a593584e77798cd0e82987ad9d1551d392438ee6cc6c69555112535ca6db6e9c97ed3f8a31691c9c2b7f8e3bd7772"
    "e5ed77f2cc7897c6a0c47243cba78d81fff31bd4c178bb058234a34291070d98e450af861245aa1618ccf029b69a37133646"
    "d823b3fdcd49",
    16,
)
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # DigestInfo, RFC 8017 9.2


def rsa_sign(octets):
    info = SHA256_INFO + hashlib.sha256(octets).digest()
    padded = b"\0\1" + b"\xff" * (256 - 3 - len(info)) + b"\0" + info
    return pow(int.from_bytes(padded, "big"), KEY_D, KEY_N).to_bytes(256, "big")


def rsa_public():
    """SubjectPublicKeyInfo, RFC 5280."""

    def der(tag, octets):
        n = len(octets)
        return bytes([tag]) + (bytes([n]) if n < 128 else bytes([130]) + struct.pack(">H", n)) + octets

    key = der(48, der(2, b"\0" + KEY_N.to_bytes(256, "big")) + der(2, b"\1\0\1"))
    return base64.b64encode(der(48, bytes.fromhex("300d06092a864886f70d0101010500") + der(3, b"\0" + key))).decode()


def relaxed(name, value):
    return name.lower().strip() + b":" + b" ".join(value.split()) + b"\r\n"


def dkim_sign(mail, domain, selector, moment):
    """rsa-sha256, relaxed/relaxed (RFC 6376)."""
    header, body = mail.split(b"\n\n", 1)
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\n")]
    canonical = b"\r\n".join(lines).rstrip(b"\r\n") + b"\r\n"
    fields = {}
    for line in re.sub(rb"\n(?=[ \t])", b"", header).split(b"\n"):
        name, value = line.split(b":", 1)
        fields[name.lower()] = (name, value)
    signed = [
        name
        for name in (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type")
        if name in fields
    ]
    value = b" v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=%s; t=%d; h=%s; bh=%s; b=" % (
        domain.encode(),
        selector.encode(),
        moment,
        b":".join(signed),
        base64.b64encode(hashlib.sha256(canonical).digest()),
    )
    octets = b"".join(relaxed(*fields[name]) for name in signed) + relaxed(b"DKIM-Signature", value)[:-2]
    signature = base64.b64encode(rsa_sign(octets))
    folded = b"".join(b"\n " + signature[i : i + 72] for i in range(0, len(signature), 72))
    return b"DKIM-Signature:" + value.replace(b"; h=", b";\n h=").replace(b"; bh=", b";\n bh=") + folded + b"\n" + mail


def rows_of(domain, day, share):
    """What one receiver saw on one day: (address, count, envelope_from, dkim results, spf result, reason)."""
    weekend = day % 7 < 2
    selector = "aaisp" if domain == SHOP else "UE202605"
    busy = (6 if weekend else 40 + day * 7 % 13) * share // 10
    own = (domain, selector, "pass")
    rows = [
        ("203.0.113.10", busy + 2, domain, [own], "pass", None),
        ("2001:db8:10::25", busy // 3 + 1, domain, [own], "pass", None),
    ]
    if domain == CAFE:
        if day % 3 == 0:
            rows.append(("203.0.113.199", 2 + day % 4, "offers.example", [], "none", None))
        return rows
    if day % 7 == 4:  # the newsletter goes out on Wednesdays
        rows.append(
            (
                "198.51.100.31",
                30 * share,
                "bounce.newsmill.example",
                [("newsmill.example", "nm1", "pass")],
                "pass",
                None,
            )
        )
    elif not weekend:
        rows.append(
            (
                "198.51.100.31",
                1 + share // 4,
                "bounce.newsmill.example",
                [("newsmill.example", "nm1", "pass")],
                "pass",
                None,
            )
        )
    if not weekend:
        rows.append(("192.0.2.77", 1 + (day + share) % 3, domain, [], "softfail", None))  # the printer
    if day % 2 and share > 3:  # the list changes subject and body
        rows.append(
            (
                "192.0.2.140",
                2 + day % 3,
                "lists.guild.example",
                [(domain, "aaisp", "fail"), ("lists.guild.example", "list", "pass")],
                "pass",
                "mailing_list",
            )
        )
    if day % 3 == 1:  # a plain forwarder: the signature survives, SPF does not
        rows.append(("198.51.100.200", 1 + share // 3, domain, [own], "fail", None))
    if day in (9, 10):  # a burst of forgeries
        rows.append(("203.0.113.66", 60 * share, "rnd%d.example" % day, [], "none", None))
    elif day % 4 == 2:
        rows.append(("2001:db8:bad::%x" % (day + 1), 1 + share // 2, domain, [], "fail", None))
    return rows


def row_xml(domain, policy, row, style):
    address, count, envelope, signatures, spf, reason = row
    aligned = any(d == domain and result == "pass" for d, _, result in signatures)
    spf_aligned = spf == "pass" and envelope == domain
    delivered = "pass" if style == "rfc9990" and policy != "none" else "none"
    disposition = delivered if aligned or spf_aligned or reason else policy
    dkim = "".join(
        "<dkim><domain>%s</domain><selector>%s</selector><result>%s</result></dkim>" % signature
        for signature in signatures
    )
    spf_xml = "<spf><domain>%s</domain>%s<result>%s</result></spf>" % (
        envelope,
        "" if style in ("google", "yahoo") else "<scope>mfrom</scope>",
        spf,
    )
    why = (
        "<reason><type>%s</type><comment>%s</comment></reason>" % (reason, "arc=pass" if style == "google" else "")
        if reason
        else ""
    )
    names = "<header_from>%s</header_from>" % domain
    if style not in ("google", "yahoo"):
        names = "<envelope_from>%s</envelope_from>" % envelope + names
    if style == "microsoft":
        names = "<envelope_to>outpost.example</envelope_to>" + names
    return (
        "<record><row><source_ip>%s</source_ip><count>%d</count><policy_evaluated><disposition>%s</disposition>"
        "<dkim>%s</dkim><spf>%s</spf>%s</policy_evaluated></row><identifiers>%s</identifiers>"
        "<auth_results>%s</auth_results></record>"
        % (
            address,
            count,
            disposition,
            "pass" if aligned else "fail",
            "pass" if spf_aligned else "fail",
            why,
            names,
            spf_xml + dkim if style == "ironport" else dkim + spf_xml,
        )
    )


def report_xml(reporter, domain, day, rows):
    org, email, style = reporter["org"], reporter["email"], reporter["style"]
    policy = "none" if domain == SHOP else "quarantine"
    begin = FIRST + day * DAY
    end = begin + {"microsoft": DAY, "ironport": DAY + 10}.get(style, DAY - 1)
    id_ = reporter["id"] % {
        "day": day,
        "begin": begin,
        "end": end,
        "domain": domain,
        "hash": hashlib.sha256(("%s %s %d" % (org, domain, day)).encode()).hexdigest()[:32],
        "digits": int(hashlib.sha256(("%s %d" % (domain, day)).encode()).hexdigest()[:15], 16),
    }
    root = {
        "microsoft": '<feedback xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
        "rfc9990": '<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">',
    }.get(style, "<feedback>")
    published = "<domain>%s</domain>" % domain + (
        "<discovery_method>psl</discovery_method>" if style == "rfc9990" else ""
    )
    published += "<adkim>r</adkim><aspf>r</aspf><p>%s</p>" % policy
    published += {
        "yahoo": "<pct>100</pct>",
        "rfc9990": "<sp>%s</sp><testing>n</testing>" % policy,
        "google": "<sp>%s</sp><pct>100</pct><np>%s</np>" % (policy, policy),
        "ironport": "<sp/><pct>100</pct>",
    }.get(style, "<sp>%s</sp><pct>100</pct><fo>0</fo>" % policy)
    text = '<?xml version="1.0"%s?>' % (' encoding="UTF-8"' if style in ("google", "rfc9990", "mailru") else "") + root
    if style in ("microsoft", "rfc9990", "ironport"):
        text += "<version>1.0</version>"
    text += "<report_metadata><org_name>%s</org_name><email>%s</email>" % (org, email)
    if style in ("google", "mailru", "rfc9990"):
        text += "<extra_contact_info>https://%s/dmarc</extra_contact_info>" % email.split("@")[1]
    text += (
        "<report_id>%s</report_id><date_range><begin>%d</begin><end>%d%s</end></date_range></report_metadata>"
        "<policy_published>%s</policy_published>" % (id_, begin, end, " " if style == "yahoo" else "", published)
    )
    text += "".join(row_xml(domain, policy, row, style) for row in rows) + "</feedback>"
    if style != "mailru":
        text = text.replace("><", ">\n<")
    return text.replace("\n", "\r\n" if style == "microsoft" else "\n").encode(), id_, begin, end


REPORTERS = {
    "bigmail": {
        "org": "bigmail.example",
        "email": "noreply-dmarc@bigmail.example",
        "style": "google",
        "id": "%(digits)d",
        "share": 10,
    },
    "outpost": {
        "org": "Enterprise Outpost",
        "email": "dmarcreport@outpost.example",
        "style": "microsoft",
        "id": "%(hash)s",
        "share": 8,
    },
    "yonder": {
        "org": "Yonder",
        "email": "dmarc@yonder.example",
        "style": "yahoo",
        "id": "%(begin)d.%(day)06d",
        "share": 4,
    },
    "post": {
        "org": "Post.Example",
        "email": "dmarc_support@post.example",
        "style": "mailru",
        "id": "%(digits)d%(begin)d",
        "share": 2,
    },
    "mailhaus": {
        "org": "Mailhaus",
        "email": "noreply-dmarc@mailhaus.example",
        "style": "rfc9990",
        "id": "%(hash)s",
        "share": 5,
    },
    "guild": {
        "org": "esa1.guild.example",
        "email": "postmaster@guild.example",
        "style": "ironport",
        "id": "%(hash)s$1c=0a@esa1.guild.example",
        "share": 1,
    },
}
WHEN = [
    ("bigmail", SHOP, range(14)),
    ("bigmail", CAFE, (1, 6, 12)),
    ("outpost", SHOP, (0, 2, 4, 5, 9, 11)),
    ("outpost", CAFE, (3, 9)),
    ("yonder", SHOP, (1, 4, 8, 10)),
    ("post", SHOP, (3, 10)),
    ("mailhaus", SHOP, (5, 9)),
    ("guild", SHOP, (11,)),
]


def mail_date(moment):
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(moment))


def demo_head(who, to, subject, moment, id_):
    return (
        "From: %s\nTo: dmarc@%s\nSubject: %s\nDate: %s\nMessage-ID: <%s>\nMIME-Version: 1.0\n"
        % (who, to, subject, mail_date(moment), id_)
    ).encode()


def demo_body(style, file, xml):
    text = part("text/plain; charset=us-ascii", b"This is an aggregate report about your domain.\n", encoding=None)
    packed = part("application/gzip", gz(xml), file + ".xml.gz")
    if style == "google":
        return part("application/zip", zipped([(file + ".xml", xml)]), file + ".zip")
    if style == "mailru":
        return multipart([text, part("application/zip", zipped([(file + ".xml", xml)]), file + ".zip")])
    if style == "microsoft":
        html = part(
            "text/html; charset=us-ascii", b"<p>This is a DMARC aggregate report from Outpost.</p>\n", encoding=None
        )
        return multipart([multipart([html], "related", "rel"), packed])
    if style == "yahoo":
        return multipart([text, part("application/gzip", gz(xml), file + ".xml.gz")])
    return multipart([text, packed])


SUBJECTS = {
    "mailru": "Report Domain: %s; Submitter: %s; Report-ID: %s",
    "microsoft": "[Preview] Report Domain: %s Submitter: %s Report-ID: %s",
    "google": "Report domain: %s Submitter: %s Report-ID: %s",
}


def demo_report(name, domain, day):
    """The mail, and how many records and messages it tells of."""
    reporter = REPORTERS[name]
    rows = rows_of(domain, day, reporter["share"])
    xml, id_, begin, end = report_xml(reporter, domain, day, rows)
    host = reporter["email"].split("@")[1]
    sent = end + 3 * 3600 + len(name) * 417
    subject = SUBJECTS.get(reporter["style"], "Report Domain: %s Submitter: %s Report-ID: <%s>") % (domain, host, id_)
    file = "%s!%s!%d!%d" % (host, domain, begin, end)
    mail = demo_head(reporter["email"], domain, subject, sent, "%s.%d@%s" % (domain, begin, host))
    mail = dkim_sign(mail + demo_body(reporter["style"], file, xml), host, "rep2026", sent)
    return mail, len(rows), sum(row[1] for row in rows)


def demo_failures():
    moment = FIRST + 5 * DAY + 34000
    sent = dkim_sign(
        (
            "From: Mara Quill <mara@%s>\nTo: guild@lists.guild.example\nSubject: Opening hours\nDate: %s\n"
            "Message-ID: <hours-1@%s>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\n"
            "Dear all,\n\nwe open at nine on Saturday.\n\nMara\n" % (SHOP, mail_date(moment), SHOP)
        ).encode(),
        SHOP,
        "aaisp",
        moment,
    )
    listed = (
        sent.replace(b"Subject: Opening", b"Subject: [Guild] Opening")
        + b"_____\nThe guild's list: https://lists.guild.example\n"
    )
    listed = (
        b"Received: from lists.guild.example ([192.0.2.140]) by mx.mailhaus.example; %s\n"
        % mail_date(moment + 40).encode()
        + listed
    )
    forged = (
        "Received: from rnd9.example ([203.0.113.66]) by mx.outpost.example; %s\nFrom: Harbor Light <billing@%s>\n"
        "To: <redacted>\nSubject: Unpaid invoice\nDate: %s\nMessage-ID: <x9@rnd9.example>\n"
        % (mail_date(moment + 4 * DAY), SHOP, mail_date(moment + 4 * DAY))
    )

    def fields(source, result, arrival, more):
        return (
            "Feedback-Type: auth-failure\nVersion: 1\nUser-Agent: examplegate/2.1\nAuth-Failure: dmarc\n"
            "Authentication-Results: %s\nOriginal-Mail-From: <bounce@%s>\nArrival-Date: %s\nSource-IP: %s\n"
            "Reported-Domain: %s\n%s" % (result, more[0], mail_date(arrival), source, SHOP, more[1])
        ).encode()

    def failure(who, subject, when, feedback, third_type, third):
        text = part("text/plain; charset=us-ascii", b"A mail that used your domain failed DMARC.\n", encoding=None)
        host = who.split("@")[1]
        mail = demo_head(who, SHOP, subject, when, "failure.%d@%s" % (when, host)) + multipart(
            [text, part("message/feedback-report", feedback, encoding=None), part(third_type, third, encoding=None)],
            "report; report-type=feedback-report",
        )
        return dkim_sign(mail, host, "rep2026", when)

    notice = (
        demo_head(
            "postmaster@gateway.example", SHOP, "DMARC failure: " + SHOP, moment + 9000, "notice-1@gateway.example"
        )
        + (
            "Content-Type: text/plain; charset=us-ascii\n\nA message claiming to be from you has failed the published DMARC policy for "
            "your domain.\n\n  Sender Domain: %s\n  Sender IP Address: 192.0.2.77\n  Received Date: %s\n  SPF Alignment: no\n"
            "  DKIM Alignment: no\n  DMARC Results: None, Accept\n" % (SHOP, mail_date(moment + 8900))
        ).encode()
    )
    return [
        failure(
            "noreply-ruf@mailhaus.example",
            "Failure Report: [Guild] Opening hours",
            moment + 60,
            fields(
                "192.0.2.140",
                "mx.mailhaus.example; dmarc=fail header.from=" + SHOP,
                moment + 40,
                (
                    "lists.guild.example",
                    "Identity-Alignment: spf, dkim\nDelivery-Result: delivered\nDKIM-Domain: %s\nDKIM-Identity: @%s\n"
                    "DKIM-Selector: aaisp\n" % (SHOP, SHOP),
                ),
            ),
            "message/rfc822",
            listed,
        ),
        failure(
            "ruf@outpost.example",
            "Failure report for " + SHOP,
            moment + 4 * DAY + 30,
            fields(
                "203.0.113.66",
                "mx.outpost.example; dmarc=fail header.from=" + SHOP,
                moment + 4 * DAY,
                ("rnd9.example", "Identity-Alignment: none\nDelivery-Result: spam\n"),
            ),
            "text/rfc822-headers",
            forged.encode(),
        ),
        notice,
    ]


def demo():
    """File name -> (mail, outcome, reports, records, messages, failures, what it shows)."""
    mails = {}
    for name, domain, days in WHEN:
        for day in days:
            mail, records, messages = demo_report(name, domain, day)
            short = "shop" if domain == SHOP else "cafe"
            mails["%s-%s-11%02d.eml" % (name, short, 7 + day)] = (mail, "report", 1, records, messages, 0, "")
    again, _, _, records, messages, _, _ = mails["bigmail-shop-1111.eml"]
    again = (
        b"Received: from mx2.harborlight.example ([203.0.113.25]) by store.harborlight.example; %s\n"
        % mail_date(FIRST + 5 * DAY + 15000).encode()
        + again
    )
    mails["bigmail-shop-1111-again.eml"] = (again, "report", 1, records, messages, 0, "delivered twice: counted once")
    xml, id_, begin, end = report_xml(REPORTERS["yonder"], SHOP, 6, rows_of(SHOP, 6, 4))
    broken = demo_head(
        "dmarc@yonder.example",
        SHOP,
        "Report Domain: %s Submitter: yonder.example Report-ID: <%s>" % (SHOP, id_),
        end + 9000,
        "broken@yonder.example",
    )
    broken += demo_body("yahoo", "yonder.example!%s!%d!%d" % (SHOP, begin, end), xml).replace(
        base64_lines(gz(xml)).rstrip(b"\n"), base64_lines(gz(xml)[:180]).rstrip(b"\n")
    )
    mails["yonder-shop-1113-cut.eml"] = (
        dkim_sign(broken, "yonder.example", "rep2026", end + 9000),
        "broken",
        0,
        0,
        0,
        0,
        "a gzip that was cut",
    )
    for name, mail, what in zip(
        ("failure-list", "failure-forged", "failure-notice"),
        demo_failures(),
        ("the list changed the body: the signature no longer fits", "headers only", "a notice without ARF parts"),
    ):
        mails[name + ".eml"] = (mail, "report", 0, 0, 0, 1, what)
    mails["out-of-office.eml"] = (
        demo_head(
            "mara@harborlight.example",
            SHOP,
            "Out of office: Report Domain: " + SHOP,
            FIRST + 3 * DAY,
            "away-1@harborlight.example",
        )
        + b"\nI am away until Monday.\n",
        "not-a-report",
        0,
        0,
        0,
        0,
        "somebody's auto-reply",
    )
    return mails


# Host names of the demonstration's addresses, both ways; who forges has none.
HOSTS = [
    ("relay." + SHOP, "203.0.113.10"),
    ("relay." + SHOP, "2001:db8:10::25"),
    ("printer." + SHOP, "192.0.2.77"),
    ("lists.guild.example", "192.0.2.140"),
    ("out31.newsmill.example", "198.51.100.31"),
    ("forward.alumni.example", "198.51.100.200"),
]


def zone():
    """Master file (RFC 1035): what a resolver must know so that the demonstration's signatures can be checked, its hosts
    named and the domains' own records judged."""
    names = ["aaisp._domainkey." + SHOP, "UE202605._domainkey." + CAFE]
    names += sorted({"rep2026._domainkey." + r["email"].split("@")[1] for r in REPORTERS.values()})
    text = "v=DKIM1; k=rsa; p=" + rsa_public()
    pieces = " ".join('"%s"' % text[i : i + 200] for i in range(0, len(text), 200))
    lines = ["%s. 3600 IN TXT %s" % (name, pieces) for name in names]
    lines += [
        '_dmarc.%s. 3600 IN TXT "v=DMARC1; p=%s; rua=mailto:dmarc@%s"' % (d, p, d)
        for d, p in ((SHOP, "none"), (CAFE, "quarantine"))
    ]
    lines += ['%s. 3600 IN TXT "v=spf1 ip4:203.0.113.10 ip6:2001:db8:10::25 ~all"' % d for d in (SHOP, CAFE)]
    lines += ["%s. 3600 IN MX 10 relay.%s." % (d, SHOP) for d in (SHOP, CAFE)]
    for name, address in HOSTS:
        lines.append("%s. 3600 IN %s %s" % (name, "AAAA" if ":" in address else "A", address))
        lines.append("%s. 3600 IN PTR %s." % (ipaddress.ip_address(address).reverse_pointer, name))
    return "\n".join(lines) + "\n"


def main():
    for name, octets in containers().items():
        write("quirks/" + name, octets)
    for build in (
        attachment_mails,
        name_mails,
        structure_mails,
        mislabelled_mails,
        failure_mails,
        octet_mails,
        wrapped_mails,
        other_mails,
    ):
        for name, mail in build().items():
            write("quirks/" + name + ".eml", mail)
    write("mailboxes/broken-in-the-middle.mbox", mbox())
    for name, (mail, *_) in demo().items():
        write("demo/" + name, mail)
    write("zone.txt", zone().encode())


if __name__ == "__main__":
    main()
