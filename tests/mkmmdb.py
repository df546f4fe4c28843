"""Writes a database in MaxMind's format with one network in it.  Usage: mkmmdb.py FILE NETWORK FIELD NAME [FIELD NAME]...
A field `a.b` is b in a."""
import ipaddress
import sys


def text(s):
    b = s.encode()
    return bytes([2 << 5 | len(b)]) + b if len(b) < 29 else bytes([2 << 5 | 29, len(b) - 29]) + b


def number(kind, n):
    b = n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return (bytes([kind << 5 | len(b)]) if kind < 8 else bytes([len(b), kind - 7])) + b


def mapping(d):
    return bytes([7 << 5 | len(d)]) + b''.join(text(k) + v for k, v in d.items())


def array(items):
    return bytes([len(items), 11 - 7]) + b''.join(items)


path, network = sys.argv[1:3]
fields = {'asn': text('AS64496')}
for field, name in zip(sys.argv[3::2], sys.argv[4::2]):
    outer, _, inner = field.partition('.')
    fields[outer] = mapping({inner: text(name)}) if inner else text(name)
net = ipaddress.ip_network(network)
bits, length = int(net.network_address), net.prefixlen + (96 if net.version == 4 else 0)
data = mapping(fields)
tree = b''
for i in range(length):
    bit = bits >> (127 - i) & 1
    on = i + 1 if i + 1 < length else length + 16       # the data section begins 16 behind the tree
    pair = [length, length]                             # as many as there are nodes: nothing is known
    pair[bit] = on
    tree += pair[0].to_bytes(3, 'big') + pair[1].to_bytes(3, 'big')
meta = mapping({'node_count': number(6, length), 'record_size': number(5, 24), 'ip_version': number(5, 6),
                'database_type': text('Test'), 'languages': array([text('en')]), 'binary_format_major_version': number(5, 2),
                'binary_format_minor_version': number(5, 0), 'build_epoch': number(9, 1700000000),
                'description': mapping({'en': text('made for a test')})})
open(path, 'wb').write(tree + bytes(16) + data + b'\xab\xcd\xefMaxMind.com' + meta)
