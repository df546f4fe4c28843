#!/usr/bin/python3
"""lint-expect.py ZONE < DOCUMENT: does `lint --json` find what stands in the zone's `;= DOMAIN: CODE ...` lines, and is every
finding whole? One line per difference."""
import json
import re
import sys

with open(sys.argv[1], encoding="utf-8") as zone:
    wanted = {m[1]: sorted(m[2].split()) for m in re.finditer(r"^;= ([^:]+): *(.*)$", zone.read(), re.M)}
severities = {"note": 0, "warning": 1, "error": 2}
document = json.load(sys.stdin)
for page in document["domains"]:
    codes = sorted(finding["code"] for finding in page["findings"])
    if codes != wanted.pop(page["domain"]):
        print(f"{page['domain']}: {' '.join(codes)}")
    counts = [sum(f["severity"] == word for f in page["findings"]) for word in severities]
    worst = max((severities[f["severity"]] for f in page["findings"]), default=None)
    if [page["notes"], page["warnings"], page["errors"]] != counts or severities.get(page["worst"]) != worst:
        print(f"{page['domain']}: the counts do not add up")
    for finding in page["findings"]:
        record = (finding["record"] or "").encode("utf-8")
        if not finding["what"].endswith(".") or not finding["why"] or finding["at"] + finding["length"] > len(record):
            print(f"{page['domain']}: {finding['code']} is not whole")
        if finding["fix"] is not None and not (finding["fix_name"] and finding["fix_zone"]):
            print(f"{page['domain']}: {finding['code']} does not say where to publish its correction")
for domain in wanted:
    print(f"{domain}: missing")
