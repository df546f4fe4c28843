"""Do the days and rows of a verdict add up to it?  Usage: VERDICT.json, in a folder with rows and days as .csv and .json"""
import csv
import json
import sys

with open(sys.argv[1]) as file:
    verdict = json.load(file)
measures = {name: verdict['measures'][name]['messages'] for name in ('own', 'forwarded', 'undecided', 'forged')}


def table(name):
    with open(name, newline='') as file:
        return list(csv.DictReader(file))


def document(name, members):
    with open(name) as file:
        return json.load(file)[members]


days, rows = table('days.csv'), table('rows.csv')
assert [{k: str(v) for k, v in day.items()} for day in document('days.json', 'days')] == [
    {k: v for k, v in day.items() if k != 'domain'} for day in days]
sums = {name: sum(int(day[name]) for day in days) for name in days[0] if name not in ('domain', 'day')}
assert sums['own_pass'] + sums['own_fail'] == measures['own'], sums
assert sums['fwd_pass'] + sums['fwd_fail'] == measures['forwarded'], sums
assert sums['undecided'] == measures['undecided'] and sums['forged'] == measures['forged'], sums
assert len(days) == verdict['window']['days']

counted = [row for row in rows if row['counted'] == 'True']
assert sum(int(row['count']) for row in counted) == sum(measures.values())
assert all(row['path_id'] and row['kind'] for row in counted)
assert not any(row['path_id'] or row['kind'] for row in rows if row['counted'] != 'True')
plain = document('rows.json', 'rows')
assert [(row['day'], row['source_ip'], str(row['count']), row['path_id'] or '') for row in plain] == [
    (row['day'], row['source_ip'], row['count'], row['path_id']) for row in rows]
assert [','.join(one['domain'] or '' for one in row['dkim']) for row in plain] == [row['dkim_d'] for row in rows]
assert rows == sorted(rows, key=lambda row: (row['day'], row['reporter']))
