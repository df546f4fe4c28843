#!/usr/bin/env python3
"""Reads what print-report wrote with Python's own json and csv: report-readback.py FOLDER CHECK"""
import csv, json, os, re, sys

folder, check = sys.argv[1:3]
LONG = 3000


def path(name):
    return os.path.join(folder, name)


def lines(name):
    return [json.loads(line) for line in open(path(name), encoding='utf-8')]


def one(name):
    documents = lines(name)
    assert len(documents) == 1
    return documents[0]


def table(name):
    rows = list(csv.DictReader(open(path(name), newline='', encoding='utf-8'), strict=True))
    for row in rows:
        assert None not in row and None not in row.values(), 'ragged row'
        for name, cell in row.items():
            assert cell[:1] not in tuple('=+-@\t\r') or not cell, (name, cell[:20])
            assert cell.isprintable(), name
    return rows


def check_show():
    google, long, failure, evil, photo, odd, tls, empty = lines('show.json')
    for document in (google, long, failure, evil, photo, odd, tls, empty):
        assert list(document) == ['file', 'outcome', 'reports', 'failures', 'problems'], list(document)
    assert [d['outcome'] for d in (google, evil, photo, tls)] == ['report', 'broken', 'not-a-report', 'tls-report']
    assert evil['file'] == 'evil\033[2J\n.eml'
    good, hostile, bare = google['reports']
    assert list(good) == ['report_metadata', 'xml_schema', 'policy_published', 'records', 'xml_namespace', 'recovered']
    assert good['report_metadata'] == {
        'org_name': 'google.com', 'org_email': 'noreply-dmarc-support@google.com', 'org_extra_contact_info': None,
        'report_id': '5678901234', 'begin': 1538697600, 'end': 1538783999, 'begin_date': '2018-10-05T00:00:00Z',
        'end_date': '2018-10-05T23:59:59Z', 'errors': ['one message was too large'], 'generator': None}
    assert good['policy_published'] == {
        'domain': 'example.com', 'p': 'none', 'sp': 'quarantine', 'np': None, 'adkim': 'r', 'aspf': 's', 'pct': '100',
        'fo': None, 'testing': None, 'discovery_method': None}
    passing, failing, disagreeing = good['records']
    assert passing == {
        'source': {'ip_address': '192.0.2.1'}, 'count': 1204, 'alignment': {'spf': False, 'dkim': True, 'dmarc': True},
        'policy_evaluated': {'disposition': 'none', 'dkim': 'pass', 'spf': 'fail', 'policy_override_reasons': []},
        'identifiers': {'header_from': 'example.com', 'envelope_from': 'bounce.example.com',
                        'envelope_to': 'receiver.example'},
        'auth_results': {
            'dkim': [{'domain': 'example.com', 'selector': 'mail', 'result': 'pass', 'human_result': None},
                     {'domain': 'esp.example', 'selector': 's1', 'result': 'hardfail', 'human_result': 'bad, really',
                      'means': 'fail'}],
            'spf': [{'domain': 'bounce.example.com', 'scope': 'mfrom', 'result': 'pass', 'human_result': None}]}}
    assert failing['source']['ip_address'] == '2001:db8::1' and failing['identifiers']['envelope_from'] == ''
    assert disagreeing['disagrees'] == ['dkim'] and disagreeing['policy_evaluated']['spf'] is None
    assert hostile['recovered'] is True and hostile['records_uncounted'] == 2 and hostile['xml_schema'] == 'draft'
    assert hostile['xml_namespace'] == 'urn:ietf:params:xml:ns:dmarc-2.0'
    assert hostile['report_metadata']['begin'] is None and hostile['report_metadata']['begin_date'] is None
    record = hostile['records'][0]
    assert record['count'] == 2 ** 64 - 1 and len(record['identifiers']['header_from']) == LONG
    assert record['auth_results']['dkim'][0]['domain'] == "=cmd|'/c calc'!A1"
    assert record['auth_results']['dkim'][0]['means'] == 'other'
    assert '\u202e' in record['source']['ip_address'] and '\ufffd\ufffd' in record['source']['ip_address']
    assert bare['records'] == [] and len(long['reports'][0]['records']) == 60
    assert len(google['problems']) == 3 and set(google['problems'][0]) == {'where', 'what'}
    full, plain = failure['failures']
    assert full['fields']['original-rcpt-to'] == ['<%s@receiver.example>' % c for c in 'abc'] == full['original_rcpt_to']
    assert list(full['fields'])[:5] == ['feedback-type', 'user-agent', 'version', 'original-rcpt-to',
                                        'authentication-results']
    assert full['arrival_date_utc'] == '2018-10-06T10:00:00Z' and full['source_ip'] == '2001:db8::25'
    assert full['sample']['sha256'] == 'ab' * 32 and full['incidents'] == 3 and full['identity_rule'] == 'rfc9991'
    assert plain['sample'] is None and plain['non_arf'] and not plain['counted'] and plain['fields'] == {}


def check_export():
    show = lines('show.json')
    exported = lines('export.json')
    assert [d['reports'][0] for d in exported[:3]] == show[0]['reports']
    assert [d['failures'][0] for d in exported[3:]] == show[2]['failures']
    assert all(list(d) == ['reports', 'failures'] for d in exported)


def check_summary():
    d = one('summary.json')
    assert d['schema'] == 'dmarcgate-summary/1'
    assert d['window'] == {'first_day': '2026-10-17', 'last_day': '2026-11-20', 'days': 35}
    (domain,) = d['domains']
    assert domain['neither'] == 106 == domain['would_be_caught']['reject'] and domain['spared'] == 40
    assert domain['both'] + domain['neither'] == domain['messages'] - (1100 - 1000) - (1104 - 1000)
    assert len(domain['by_source']) == 26 and len(domain['by_reporter']) == 13
    assert 'by_source' not in one('summary-all.json')['domains'][0] and len(one('summary-all.json')['domains']) == 5
    rows = table('summary.csv')
    assert [r['row'] for r in rows] == ['domain'] + ['source'] * 26 + ['reporter'] * 13
    assert {r['domain'] for r in rows} == {'example.com'}
    assert sum(int(r['messages']) for r in rows if r['row'] == 'source') == \
        sum(s['messages'] for s in domain['by_source'])
    assert len(table('summary-all.csv')) == 5


def check_reports():
    d = one('reports.json')
    rows = d['reports']
    assert d['schema'] == 'dmarcgate-reports/1'
    assert [r['state'] for r in rows] == ['counts', 'duplicate', 'conflict', 'counts', 'conflict', 'broken', 'broken']
    assert len({tuple(r) for r in rows}) == 1
    assert rows[2]['trust'] == 0 and rows[2]['signer'] is None
    assert rows[4]['messages'] == 2 ** 64 - 1 and rows[5]['id'] is None and rows[5]['reason']
    assert [r['state'] for r in table('reports.csv')] == [r['state'] for r in rows]


def check_ingested():
    d = one('ingested.json')
    assert d['schema'] == 'dmarcgate-ingest/1' and d['new'] == 12000 and len(d['broken_inputs']) == 2
    assert d['seen'] == d['new'] + d['duplicate'] + d['tls_report'] + d['not_a_report'] + d['broken']


def check_samples():
    rows = one('samples.json')['samples']
    page = one('sample.json')
    assert len({tuple(row) for row in rows}) == 1 and [row['id'] for row in rows] == [r['id'] for r in table('samples.csv')]
    assert list(page) == ['schema'] + list(rows[0]) + ['report', 'verification']
    assert [row['verdict'] for row in rows] == ['changed', 'none', 'passes', 'undecided']
    assert rows[2]['passed'] and not rows[2]['counted']
    for name in ('samples.txt', 'samples.json', 'samples.csv', 'sample.txt', 'sample.json', 'sample-hostile.txt'):
        text = open(path(name), encoding='utf-8').read()
        for person in ('joe@', 'ann@', 'bob@', 'doe@', 'john', '"ann', 'am9ob'):
            assert person not in text.replace('noreply', ''), (name, person)
    assert 'john.doe@example.com' in open(path('sample-addresses.txt'), encoding='utf-8').read()


def check_verify():
    changed, poor, bare, silent = lines('verify.json')
    assert [s['key_origin'] for s in changed['signatures']] == ['archived', 'published']
    assert changed['signatures'][0]['diagnosis']['steps'][1]['before'] == 'ann@example.org'
    assert poor['signatures'][2]['historic'] == {'result': 'pass', 'state': 'SUCCESS', 'reason': 'ok'}
    assert poor['signatures'][3]['t'] == 'never' and poor['signatures'][3]['aligned_strict'] is None
    assert bare['from_domain'] is None and bare['signatures'] == [] and silent['message_result'] == 'temperror'


def members(value, found):
    """Every member name within, but not the names of a failure report's own fields."""
    if isinstance(value, list):
        for item in value:
            members(item, found)
    elif isinstance(value, dict):
        for name, inner in value.items():
            found.add(name)
            if name != 'fields':
                members(inner, found)
    return found


def check_man():
    """Every member that is written is documented, and the examples have the members that are written."""
    page = open(os.path.join(os.path.dirname(__file__), '..', 'man', 'dmarcgate-json.5'), encoding='utf-8').read()
    prose = set(re.findall(r'[a-z0-9_]+', ' '.join(re.findall(r'^\..*\bLi .*', page, re.M))))
    examples = [''.join(block.splitlines()) for block in re.findall(r'^\.Bd[^\n]*\n(\{.*?)^\.Ed', page, re.M | re.S)]
    show, export, summary, reports, verify, samples, record, ingested = [json.loads(example) for example in examples]
    written = lines('show.json')
    golden = os.path.join(os.path.dirname(__file__), 'golden')
    lint, new, text = [json.load(open(os.path.join(golden, name), encoding='utf-8'))
                       for name in ('lint-seen.json', 'record-next.json', 'record-check.json')]
    missing = members([written, one('summary.json'), one('reports.json'), one('ingested.json'),
                       lines('verify.json'), one('samples.json'), one('sample.json'), lint, new, text], set()) - prose
    assert not missing, 'not documented: %s' % sorted(missing)
    assert members(show['reports'], set()) <= members(written[0]['reports'], set())
    assert list(export['failures'][0]) == list(written[2]['failures'][0])
    assert list(show['reports'][0]) == list(written[0]['reports'][0])
    assert list(show['reports'][0]['records'][0]) == list(written[0]['reports'][0]['records'][2])
    assert list(summary['domains'][0]) == list(one('summary-all.json')['domains'][0])
    assert list(reports['reports'][0]) == list(one('reports.json')['reports'][0])
    assert list(ingested) == list(one('ingested.json'))
    assert list(record) == list(new) and list(record['findings'][0]) == list(lint['domains'][0]['findings'][0])
    changed = lines('verify.json')[0]
    assert list(verify) == list(changed) and list(verify['signatures'][0]) == list(changed['signatures'][0])
    assert list(verify['signatures'][0]['diagnosis']) == list(changed['signatures'][0]['diagnosis'])
    assert list(samples['samples'][0]) == list(one('samples.json')['samples'][0])
    assert ingested['seen'] == sum(ingested[k] for k in ('new', 'duplicate', 'tls_report', 'not_a_report', 'broken'))


AGGREGATE = '''xml_schema, org_name, org_email, org_extra_contact_info, report_id, begin_date, end_date,
normalized_timespan, errors, domain, adkim, aspf, p, sp, np, pct, fo, testing, discovery_method, source_ip_address,
source_country, source_reverse_dns, source_base_domain, source_name, source_type, source_asn, source_as_name,
source_as_domain, count, spf_aligned, dkim_aligned, dmarc_aligned, disposition, policy_override_reasons,
policy_override_comments, envelope_from, header_from, envelope_to, dkim_domains, dkim_selectors, dkim_results,
spf_domains, spf_scopes, spf_results'''
FAILURE = '''feedback_type, user_agent, version, original_envelope_id, original_mail_from, original_rcpt_to,
arrival_date, arrival_date_utc, subject, message_id, authentication_results, dkim_domain, source_ip_address,
source_country, source_reverse_dns, source_base_domain, source_name, source_type, source_asn, source_as_name,
source_as_domain, delivery_result, auth_failure, reported_domain, authentication_mechanisms, sample_headers_only'''


def check_csv():
    for name, wanted in (('export-records.csv', AGGREGATE), ('export-failures.csv', FAILURE)):
        heading = next(csv.reader(open(path(name), newline='', encoding='utf-8')))
        assert heading == [column.strip() for column in wanted.split(',')], heading
        assert b'\r' not in open(path(name), 'rb').read()
    passing, failing, disagreeing, hostile, last = table('export-records.csv')
    assert passing['dkim_domains'] == 'example.com,esp.example' and passing['dkim_results'] == 'pass,hardfail'
    assert passing['dmarc_aligned'] == 'True' and failing['dmarc_aligned'] == 'False' and passing['count'] == '1204'
    assert hostile['org_email'] == "'=cmd|'/c calc'!A1" and hostile['envelope_from'] == "'-2+3"
    assert hostile['org_extra_contact_info'] == 'a,b"c"\\x0Ad' and hostile['begin_date'] == ''
    assert len(hostile['header_from']) == LONG + 1 and hostile['count'] == str(2 ** 64 - 1)
    full, plain = table('export-failures.csv')
    assert full['original_rcpt_to'].count('@') == 3 and full['sample_headers_only'] == 'True'
    assert plain['sample_headers_only'] == '' and plain['arrival_date_utc'] == ''


globals()['check_' + check]()
