"""Compares the verdict on the made-up organisation, as `check --json` prints it, with that of the reference.
Usage: world-verdict.py REFERENCE-DIRECTORY verdict.json [--unchecked]: without the domain's records the evidence of its SPF
record is missing, and nobody attested that there is no quarterly mail.

Three figures of the reference's drawing are not compared, because no reports can have them all: `surprise_days` 30 is given to
the model by hand, though no sender begins within the window; `history_days` 63 begins on 19 September, while the payroll's run
of 25 August is said to be in the store, and the policy to have been seen since 14 August."""
import json
import os
import sys

wanted = json.load(open(os.path.join(sys.argv[1], '../mock/verdict.json')))
found = json.load(open(sys.argv[2]))
unchecked = '--unchecked' in sys.argv
wrong = 0


def expect(what, got, want, close=0):
    global wrong
    same = abs(got - want) <= close if isinstance(want, (int, float)) and not isinstance(want, bool) else got == want
    if not same:
        print('%s: %r instead of %r' % (what, got, want))
        wrong += 1


for name in 'domain', 'target', 'verdict', 'exit':
    expect(name, found[name], wanted[name])
expect('first day', found['window']['first_day'], wanted['window']['from'])
expect('last day', found['window']['last_day'], wanted['window']['to'])
expect('days covered', found['window']['days_covered'], wanted['window']['days_covered'])
expect('effective', found['policy']['effective'], wanted['policy']['effective'])
m, w = found['measures'], wanted['measures']
for name, close in (('messages', 0), ('fail', 0), ('evidence', 0), ('loss', 0.00005), ('loss_upper95', 0.00006), ('dkim_share', 0.0005)):
    expect('own ' + name, m['own'][name], w['own'][name], close)
for name, close in (('messages', 0), ('fail', 0), ('loss', 0.00005), ('marked_by_receivers', 0)):
    expect('forwarded ' + name, m['forwarded'][name], w['forwarded'][name], close)
for name, close in (('messages', 0), ('sources', 0), ('share', 0.00005)):
    expect('undecided ' + name, m['undecided'][name], w['undecided'][name], close)
expect('forged', m['forged']['messages'], w['forged']['messages'])
expect('worst case', m['worst_case_loss'], w['worst_case_loss'], 0.00006)
expect('gates that fail', sorted({g['id'] for g in found['gates'] if g['state'] == 'fails'}),
       sorted({g['id'] for g in wanted['gates'] if not g['ok']}))
blockers = found['blockers']
for i, want in enumerate(wanted['blockers']):
    got = blockers[i]
    expect('step %d' % (i + 1), (got['rank'], got['subject']), (want['rank'], want['source']))
    expect('its gates', [g for g in got['gates'] if g != 'G5'], want['gate'])  # G5 is asked for p=reject
    expect('its messages', (got['messages'], got['per_week']), (want['messages'], want['per_week']))
    expect('its confidence', got['sender']['evidence']['confidence'], want['confidence'])
    if 'loss_now' in want:
        expect('its effect', (got['loss_now'], got['loss_after']), (want['loss_now'], want['loss_after']))
    if 'periodic' in want:
        expect('its run', (got['sender']['periodic'], got['sender']['next_day']), tuple(want['periodic'].values()))
expect('all steps', len(blockers), 4)
for want in wanted['later']:
    got = [s for s in found['later'] if s['subject'] == want.get('source') or (not want.get('source') and want['gate'] in s['gates'])]
    expect('later %s' % want.get('source', want['gate']), len(got), 1)
    if got and 'per_week' in want:
        expect('a week', got[0]['per_week'], want['per_week'])
    if got and 'selector' in want:
        expect('its key', (got[0]['sender']['selector'], got[0]['since_day']), (want['selector'], want['since']))
alerts = {a['kind']: a for a in found['alerts']}
expect('alerts', sorted(alerts), sorted(a['type'] for a in wanted['alerts']))
for want in wanted['alerts']:
    got = alerts.get(want['type'], {})
    expect('alert ' + want['type'], (got.get('level'), got.get('messages')), (want['severity'], want['messages']))
simulations = {(s['record'].replace('v=DMARC1; ', ''), s['after_steps']): s['rfc9989'] for s in found['simulation']}
for want in wanted['simulation']:
    got = simulations.get((want['record'], max(want.get('after', [0]))))
    lost = got and {f: got[f]['spam'] + got[f]['refused'] for f in got}
    expect('under ' + want['record'], lost, {f: want[f] for f in ('own', 'forwarded', 'undecided', 'forged')})
expect('reports', found['basis']['reports'], wanted['basis']['reports'])
expect('reporters', found['basis']['reporters'], wanted['basis']['reporters'])
expect('repeats', found['basis']['not_counted']['repeat'], wanted['basis']['not_counted']['repeat'])
expect('not authenticated', found['basis']['not_counted']['unauthenticated'], wanted['basis']['not_counted']['unsigned'])
largest = found['basis']['largest_reporter']
expect('largest', (largest['name'], round(largest['share'], 2)), tuple(wanted['basis']['largest_reporter'].values()))
if not unchecked:
    expect('rollback', found['next']['rollback'], wanted['next']['rollback'])
    expect('next', found['next']['record'], wanted['next']['then']['record'])
    expect('ttl', found['next']['ttl'], wanted['next']['then']['ttl'])
    expect('exceptions', found['exceptions'], wanted['exceptions'])
expect('hold', found['next']['hold_days'], wanted['next']['then']['hold_days'])
sys.exit(wrong > 0)
