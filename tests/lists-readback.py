"""Reads a list back with python's own json and csv: one document, rows of one length, no formula.  Usage: FILE json|csv"""
import csv
import json
import sys

name, kind = sys.argv[1:]
with open(name, encoding='utf-8', newline='') as file:
    if kind == 'json':
        document = json.load(file)
        assert document['schema'].startswith('dmarcgate-')
        for domain in document.get('domains', []):
            for sender in domain.get('senders', []):
                assert sender['window']['messages'] >= sender['week']['messages'], sender
                assert sum(sender['weeks']) == sender['window']['messages'], sender
            for reporter in domain.get('reporters', []):
                assert sum(reporter['reports_by_trust']) == reporter['reports'], reporter
                assert sum(reporter['reports_by_use'].values()) == reporter['reports'], reporter
                assert reporter['days'] <= domain['days'], reporter
    else:
        rows = list(csv.reader(file))
        assert rows and all(len(row) == len(rows[0]) for row in rows)
        assert not any(cell[:1] in ('=', '+', '-', '@') for row in rows for cell in row)
