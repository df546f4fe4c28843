CREATE TABLE authset(id INTEGER PRIMARY KEY, list BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE failure(id INTEGER PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail,
 day INTEGER NOT NULL, domain INTEGER NOT NULL, fields BLOB NOT NULL,
 feedback_type TEXT, source ANY, arrival_date TEXT, auth_failure TEXT, delivery_result TEXT,
 identity_alignment TEXT, arrived INTEGER, incidents INTEGER NOT NULL,
 plain_text INTEGER NOT NULL, dmarc INTEGER NOT NULL, identity_rule INTEGER NOT NULL,
 has_sample INTEGER NOT NULL, headers_only INTEGER NOT NULL, sample_octets INTEGER NOT NULL,
 sample_sha256 BLOB NOT NULL, sample_subject TEXT, sample_from TEXT,
 number INTEGER NOT NULL, name BLOB NOT NULL UNIQUE, dmarc_passed INTEGER NOT NULL, traits INTEGER NOT NULL DEFAULT 0, hops TEXT) STRICT;
CREATE TABLE file(key BLOB PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail)
 STRICT, WITHOUT ROWID;
CREATE TABLE host(address BLOB PRIMARY KEY, state INTEGER NOT NULL, name TEXT, seen INTEGER NOT NULL)
 STRICT, WITHOUT ROWID;
CREATE TABLE inflow(day INTEGER NOT NULL, sender TEXT NOT NULL, reports INTEGER NOT NULL,
 PRIMARY KEY(day, sender)) STRICT, WITHOUT ROWID;
CREATE TABLE kept(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, part INTEGER NOT NULL,
 chunk INTEGER NOT NULL, packed INTEGER NOT NULL, octets INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE keyrecord(id INTEGER PRIMARY KEY, name TEXT NOT NULL, record BLOB NOT NULL,
 absent INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
 fresh_until INTEGER NOT NULL, secure INTEGER NOT NULL, UNIQUE(name, record, absent)) STRICT;
CREATE TABLE mail(id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE,
 folder INTEGER, name TEXT NOT NULL, octets INTEGER NOT NULL, arrived INTEGER NOT NULL,
 state INTEGER NOT NULL, outcome INTEGER NOT NULL, reason TEXT,
 sender INTEGER, subject TEXT, message_id TEXT, date INTEGER,
 trust INTEGER NOT NULL, signer INTEGER, repaired INTEGER NOT NULL) STRICT;
CREATE TABLE mailfolder(id INTEGER PRIMARY KEY, mailbox TEXT NOT NULL, name TEXT NOT NULL,
 uidvalidity INTEGER NOT NULL, highest INTEGER NOT NULL, since INTEGER, UNIQUE(mailbox, name)) STRICT;
CREATE TABLE place(id INTEGER PRIMARY KEY, folder INTEGER NOT NULL REFERENCES mailfolder,
 uid INTEGER NOT NULL, name TEXT NOT NULL, state INTEGER NOT NULL, UNIQUE(folder, uid, name)) STRICT;
CREATE TABLE poll(mailbox TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE problem(id INTEGER PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail,
 report INTEGER REFERENCES report DEFERRABLE INITIALLY DEFERRED, place TEXT, what TEXT) STRICT;
CREATE TABLE reasonset(id INTEGER PRIMARY KEY, list BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE records(id INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE report(id INTEGER PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail,
 identity BLOB NOT NULL, content BLOB NOT NULL,
 state INTEGER NOT NULL, trust INTEGER NOT NULL, recovered INTEGER NOT NULL,
 reporter INTEGER NOT NULL, domain INTEGER NOT NULL, day INTEGER NOT NULL,
 range_begin INTEGER, range_end INTEGER, report_id TEXT, errors BLOB,
 org_name INTEGER, org_email INTEGER, org_extra_contact_info INTEGER,
 generator INTEGER, version INTEGER, namespace INTEGER,
 p INTEGER, sp INTEGER, np INTEGER, adkim INTEGER, aspf INTEGER, pct INTEGER, fo INTEGER,
 testing INTEGER, discovery_method INTEGER,
 first_record INTEGER NOT NULL, records INTEGER NOT NULL, uncounted INTEGER NOT NULL,
 messages INTEGER NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, both INTEGER NOT NULL,
 none INTEGER NOT NULL, quarantine INTEGER NOT NULL, reject INTEGER NOT NULL,
 other INTEGER NOT NULL, spared INTEGER NOT NULL, taken INTEGER, arrived INTEGER, signer INTEGER, carried INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE rollup(domain INTEGER NOT NULL, day INTEGER NOT NULL,
 reports INTEGER NOT NULL, records INTEGER NOT NULL, first_begin INTEGER, last_end INTEGER,
 messages INTEGER NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, both INTEGER NOT NULL,
 none INTEGER NOT NULL, quarantine INTEGER NOT NULL, reject INTEGER NOT NULL,
 other INTEGER NOT NULL, spared INTEGER NOT NULL, PRIMARY KEY(domain, day)) STRICT, WITHOUT ROWID;
CREATE TABLE sending(message_id TEXT NOT NULL, recipients TEXT NOT NULL, thread TEXT NOT NULL,
 day INTEGER NOT NULL, begun INTEGER NOT NULL, done INTEGER, state BLOB NOT NULL,
 PRIMARY KEY(message_id, recipients)) STRICT, WITHOUT ROWID;
CREATE TABLE signature(verification INTEGER NOT NULL REFERENCES verification ON DELETE CASCADE,
 number INTEGER NOT NULL, domain INTEGER, d INTEGER, selector INTEGER, reason INTEGER NOT NULL,
 historic INTEGER NOT NULL, body_hash INTEGER NOT NULL, header_hash INTEGER NOT NULL,
 key_bits INTEGER NOT NULL, flags INTEGER NOT NULL, strict INTEGER NOT NULL, relaxed INTEGER NOT NULL,
 t INTEGER, x INTEGER, undone INTEGER, sentence TEXT, diagnosis BLOB, rest BLOB NOT NULL,
 PRIMARY KEY(verification, number)) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot(id INTEGER PRIMARY KEY, place TEXT NOT NULL, type INTEGER NOT NULL,
 answer BLOB NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
 ttl INTEGER NOT NULL, security INTEGER NOT NULL) STRICT;
CREATE TABLE str(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE told(domain TEXT NOT NULL, alert TEXT NOT NULL, last_open INTEGER NOT NULL,
 message_id TEXT NOT NULL, recipients TEXT NOT NULL, PRIMARY KEY(domain, alert)) STRICT, WITHOUT ROWID;
CREATE TABLE verdict(id INTEGER PRIMARY KEY, domain INTEGER NOT NULL, asked INTEGER NOT NULL,
 day INTEGER NOT NULL, target INTEGER NOT NULL, word INTEGER NOT NULL, own_upper REAL NOT NULL,
 own INTEGER NOT NULL, own_fails INTEGER NOT NULL, forwarded INTEGER NOT NULL,
 forwarded_fails INTEGER NOT NULL, undecided INTEGER NOT NULL, forged INTEGER NOT NULL,
 UNIQUE(domain, asked, day)) STRICT;
CREATE TABLE verdict_item(verdict INTEGER NOT NULL REFERENCES verdict ON DELETE CASCADE,
 kind INTEGER NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,
 PRIMARY KEY(verdict, kind, subject)) STRICT, WITHOUT ROWID;
CREATE TABLE verification(id INTEGER PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail,
 number INTEGER NOT NULL, at INTEGER, result INTEGER NOT NULL, aligned INTEGER NOT NULL,
 unsettled INTEGER NOT NULL, total INTEGER NOT NULL, from_domain INTEGER, rest BLOB NOT NULL,
 UNIQUE(mail, number)) STRICT;
CREATE TABLE words(id INTEGER PRIMARY KEY, list BLOB NOT NULL UNIQUE) STRICT;
CREATE INDEX failure_day ON failure(domain, day, dmarc, dmarc_passed);
CREATE INDEX failure_mail ON failure(mail);
CREATE INDEX host_seen ON host(seen);
CREATE INDEX mail_outcome ON mail(outcome) WHERE outcome<>1;
CREATE INDEX mail_state ON mail(state) WHERE state<>0;
CREATE INDEX place_open ON place(folder, uid) WHERE state<>0;
CREATE INDEX problem_mail ON problem(mail);
CREATE INDEX problem_report ON problem(report) WHERE report IS NOT NULL;
CREATE UNIQUE INDEX report_conflict ON report(coalesce(range_begin, 0), identity, content) WHERE state=2;
CREATE UNIQUE INDEX report_counts ON report(coalesce(range_begin, 0), identity) WHERE state=0;
CREATE INDEX report_day ON report(domain, day, state, reporter, trust, recovered, range_begin, range_end, report_id,
 content, org_name, org_email, p, sp, np, adkim, aspf, pct, testing, first_record, records, messages, taken, arrived,
 signer, carried);
CREATE INDEX report_duplicate ON report(coalesce(range_begin, 0), identity, content) WHERE state=1;
CREATE INDEX report_mail ON report(mail);
CREATE INDEX sending_thread ON sending(thread, recipients, day);
CREATE INDEX snapshot_place ON snapshot(place, type, last_seen);
CREATE INDEX snapshot_seen ON snapshot(last_seen);
CREATE INDEX verdict_day ON verdict(day);
CREATE INDEX verification_unsettled ON verification(mail) WHERE unsettled=1;
