#!/usr/bin/env python3
"""Makes one DKIM-signed mail of about 3 kB for measuring: sign.py rsa|ed25519 FOLDER writes message.eml and keys.txt.

relaxed/relaxed, written from RFC 6376 3.4 to 3.7 and 8463; the key is made anew by openssl and thrown away."""
import base64, hashlib, os, re, subprocess, sys

kind, folder = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
key = os.path.join(folder, 'key.pem')
options = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] if kind == 'rsa' else ['-algorithm', 'ED25519']
subprocess.run(['openssl', 'genpkey', '-out', key] + options, check=True, capture_output=True)
public = subprocess.run(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER'], check=True, capture_output=True).stdout

body = ''.join('Line %02d of a message that says nothing in particular, at some length.\r\n' % n for n in range(30)).encode()
fields = [('From', 'Bench <bench@sender.example>'), ('To', 'reader@receiver.example'), ('Subject', 'A message for measuring'),
          ('Date', 'Sat, 21 Nov 2026 12:00:00 +0000'), ('Message-ID', '<bench@sender.example>'), ('MIME-Version', '1.0'),
          ('Content-Type', 'text/plain; charset=us-ascii')]


def relaxed(name, value):
    return name.lower() + ':' + re.sub(r'[ \t]+', ' ', value.replace('\r\n', '')).strip()


bh = base64.b64encode(hashlib.sha256(re.sub(rb'[ \t]+\r\n', b'\r\n', re.sub(rb'[ \t]+', b' ', body))).digest()).decode()
algorithm = 'rsa-sha256' if kind == 'rsa' else 'ed25519-sha256'
tags = 'v=1; a=%s; c=relaxed/relaxed; d=sender.example; s=bench; t=1795262400; h=%s; bh=%s; b=' % (
    algorithm, ':'.join(name for name, _ in fields), bh)
data = ('\r\n'.join(relaxed(n, v) for n, v in fields) + '\r\n' + relaxed('DKIM-Signature', tags)).encode()
signed = os.path.join(folder, 'data')
open(signed, 'wb').write(data if kind == 'rsa' else hashlib.sha256(data).digest())
if kind == 'rsa':
    command = ['openssl', 'dgst', '-sha256', '-sign', key, signed]
else:
    command = ['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', signed]
b = base64.b64encode(subprocess.run(command, check=True, capture_output=True).stdout).decode()
p = base64.b64encode(public if kind == 'rsa' else public[-32:]).decode()
with open(os.path.join(folder, 'message.eml'), 'wb') as out:
    out.write(('DKIM-Signature: ' + tags + b + '\r\n').encode())
    out.write(''.join('%s: %s\r\n' % field for field in fields).encode() + b'\r\n' + body)
with open(os.path.join(folder, 'keys.txt'), 'w') as out:
    out.write('bench._domainkey.sender.example v=DKIM1; k=%s; p=%s\n' % (kind, p))
