/* Every statement of the store, in one table, so that a test asks SQLite how it would run each of them: none may go
 * through the whole record table or have SQLite make itself an index. The kinds that are not here: the schema
 * (schema.c); the list of reports that match a filter, which is put together from the table of conditions in
 * ask_reports.c and asked about as well; and what doctor examines (examine.c), which is everything. Nothing else can
 * be prepared (tests/rooms.t).
 *
 * Messages and other counts are unsigned 64-bit numbers kept in the signed integer of the same bits. They are added up in
 * C, where a sum can stop at the largest number, never in SQL. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#define REPORT_COLUMNS                                                                                                 \
	"id,mail,identity,content,state,trust,recovered,reporter,domain,day,range_begin,range_end,report_id,errors,"   \
	"org_name,org_email,org_extra_contact_info,generator,version,namespace,p,sp,np,adkim,aspf,pct,fo,testing,"     \
	"discovery_method,first_record,records,uncounted,messages,dkim,spf,both,none,quarantine,reject,other,spared"
#define ROLLUP_COLUMNS                                                                                                 \
	"domain,day,reports,records,first_begin,last_end,messages,dkim,spf,both,none,quarantine,reject,other,spared"
#define FAILURE_COLUMNS                                                                                                \
	"id,mail,day,domain,fields,feedback_type,source,arrival_date,auth_failure,delivery_result,"                    \
		"identity_alignment,"                                                                                  \
	"arrived,incidents,plain_text,dmarc,identity_rule,has_sample,headers_only,sample_octets,sample_sha256,"        \
	"sample_subject,sample_from,number,name,dmarc_passed,traits,hops"

/* As the indexes have it: what begins together lies together. */
#define SAME_IDENTITY "coalesce(r.range_begin,0)=?2 AND r.identity=?1"

/* What report repeats of its mail and that mail's verification, for the index by which verdicts read it. */
#define CARRIED                                                                                                        \
	"(arrived,signer,carried)=(SELECT v.at,m.signer,m.repaired+CASE WHEN v.total IS NULL THEN 0 WHEN v.total=0"    \
	" THEN 2 ELSE 6 END FROM mail m LEFT JOIN verification v ON v.mail=m.id AND v.number=0 WHERE m.id=report.mail)"

/* X(name, statement) */
#define STATEMENTS(X)                                                                                                  \
	/* transactions */                                                                                             \
	X(BEGIN, "BEGIN")                                                                                              \
	X(BEGIN_WRITING, "BEGIN IMMEDIATE")                                                                            \
	X(COMMIT, "COMMIT")                                                                                            \
	X(ROLLBACK, "ROLLBACK")                                                                                        \
	X(MARK, "SAVEPOINT mail")                                                                                      \
	X(MARK_RELEASE, "RELEASE mail")                                                                                \
	X(MARK_ROLLBACK, "ROLLBACK TO mail")                                                                           \
	X(NEXT_IDS, "SELECT (SELECT id+n-1 FROM records WHERE id=(SELECT max(id) FROM records)),"                      \
		    "(SELECT max(id) FROM report)")                                                                    \
	/* interned texts and lists */                                                                                 \
	X(STR_FIND, "SELECT id FROM str WHERE text=?1")                                                                \
	X(STR_ADD, "INSERT INTO str(text) VALUES(?1)")                                                                 \
	X(STR_GET, "SELECT text FROM str WHERE id=?1")                                                                 \
	X(WORDS_FIND, "SELECT id FROM words WHERE list=?1")                                                            \
	X(WORDS_ADD, "INSERT INTO words(list) VALUES(?1)")                                                             \
	X(WORDS_GET, "SELECT list FROM words WHERE id=?1")                                                             \
	X(REASONS_FIND, "SELECT id FROM reasonset WHERE list=?1")                                                      \
	X(REASONS_ADD, "INSERT INTO reasonset(list) VALUES(?1)")                                                       \
	X(REASONS_GET, "SELECT list FROM reasonset WHERE id=?1")                                                       \
	X(AUTH_FIND, "SELECT id FROM authset WHERE list=?1")                                                           \
	X(AUTH_ADD, "INSERT INTO authset(list) VALUES(?1)")                                                            \
	X(AUTH_GET, "SELECT list FROM authset WHERE id=?1")                                                            \
	/* mails and what is kept of them */                                                                           \
	X(MAIL_FIND, "SELECT id,state,arrived,outcome FROM mail WHERE sha256=?1")                                      \
	X(MAIL_ADD, "INSERT INTO mail(outcome,sender,subject,message_id,date,sha256,folder,name,octets,arrived,state," \
		    "trust,repaired) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,0,1,0)")                                    \
	X(MAIL_RESTORE,                                                                                                \
		"UPDATE mail SET outcome=?1,sender=?2,subject=?3,message_id=?4,date=?5,state=0,reason=NULL,trust=1,"   \
		"signer=NULL,repaired=0 WHERE id=?6")                                                                  \
	X(MAIL_TRUST, "UPDATE mail SET trust=?2,signer=?3,repaired=?4 WHERE id=?1")                                    \
	X(MAIL_SUBJECT, "SELECT subject FROM mail WHERE id=?1")                                                        \
	X(MAIL_REASON, "UPDATE mail SET reason=?2 WHERE id=?1")                                                        \
	X(MAIL_STATE, "UPDATE mail SET state=?2 WHERE id=?1")                                                          \
	X(MAIL_BARE,                                                                                                   \
		"UPDATE mail SET state=2,folder=NULL,name='',reason=NULL,sender=NULL,subject=NULL,message_id=NULL,"    \
		"date=NULL,trust=1,signer=NULL,repaired=0 WHERE id=?1")                                                \
	X(MAIL_GET, "SELECT id,folder,name,arrived,sha256,octets,reason,trust,signer,repaired,sender,"                 \
		    "(SELECT total FROM verification WHERE mail=?1 AND number=0) FROM mail WHERE id=?1")               \
	X(MAIL_NEXT, "SELECT id FROM mail WHERE id>?1 AND state<2 AND EXISTS(SELECT 1 FROM kept"                       \
		     " WHERE kept.id BETWEEN mail.id*1048576 AND mail.id*1048576+1048575) ORDER BY id LIMIT 1")        \
	X(MAIL_IS_NEEDED,                                                                                              \
		"SELECT EXISTS(SELECT 1 FROM report WHERE mail=?1) OR EXISTS(SELECT 1 FROM failure WHERE mail=?1)")    \
	X(FILE_ANY, "SELECT 1 FROM file LIMIT 1")                                                                       \
	X(FILE_FIND, "SELECT 1 FROM file WHERE key=?1")                                                                \
	X(FILE_ADD, "INSERT INTO file(key,mail) SELECT ?1,id FROM mail WHERE sha256=?2 ON CONFLICT DO NOTHING")        \
	X(PROBLEM_ADD, "INSERT INTO problem(mail,report,place,what) VALUES(?1,?2,?3,?4)")                              \
	X(PROBLEMS_OF_ONE, "UPDATE problem SET report=?2 WHERE mail=?1")                                               \
	X(PROBLEMS_COUNT, "SELECT count(*) FROM problem WHERE report=?1")                                              \
	X(PROBLEMS_DROP, "DELETE FROM problem WHERE mail=?1")                                                          \
	X(PROBLEMS_LOOSE, "UPDATE problem SET report=NULL WHERE report=?1")                                            \
	X(KEPT_ADD, "INSERT INTO kept(id,kind,part,chunk,packed,octets,data) VALUES(?1,?2,?3,?4,?5,?6,?7)")            \
	X(KEPT_ANY, "SELECT 1 FROM kept WHERE id BETWEEN ?1 AND ?2 LIMIT 1")                                           \
	X(KEPT_LIST, "SELECT id,kind,part FROM kept WHERE id BETWEEN ?1 AND ?2 AND kind<>?3 ORDER BY part,chunk,id")   \
	X(KEPT_GET, "SELECT packed,octets,data FROM kept WHERE id=?1")                                                 \
	X(KEPT_DROP, "DELETE FROM kept WHERE id BETWEEN ?1 AND ?2")                                                    \
	X(KEPT_WAITED, "DELETE FROM kept WHERE kind=4 AND id BETWEEN ?1 AND ?2")                                       \
	X(KEPT_WAITED_TOO_LONG,                                                                                        \
		"DELETE FROM kept WHERE id IN(SELECT k.id FROM verification v CROSS JOIN mail m ON m.id=v.mail"       \
		" CROSS JOIN kept k ON k.id BETWEEN m.id*1048576 AND m.id*1048576+1048575"                             \
		" WHERE v.unsettled=1 AND m.arrived<?1 AND k.kind=4)")                                                 \
	/* reports, records, failures */                                                                               \
	X(RECORDS_ADD, "INSERT INTO records(id,n,data) VALUES(?1,?2,?3)")					\
	X(RECORDS_GET, "SELECT id,n,data FROM records WHERE id BETWEEN ?1 AND ?2 ORDER BY id")			\
	X(RECORDS_LAST, "SELECT max(id) FROM records WHERE id BETWEEN ?1 AND ?2")				\
	X(RECORDS_DROP, "DELETE FROM records WHERE id BETWEEN ?1 AND ?2")					\
	X(REPORT_ADD,                                                                                                  \
		"INSERT INTO report(" REPORT_COLUMNS ",taken,arrived,signer,carried) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,"      \
		"?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29,?30,?31,?32,?33,?34,?35,?36,?37,"     \
		"?38,?39,?40,?41,?42,?43,?44,?45)")                                                                                  \
	X(REPORT_GET, "SELECT " REPORT_COLUMNS " FROM report WHERE id=?1")                                             \
	X(REPORT_DROP, "DELETE FROM report WHERE id=?1")                                                               \
	X(REPORT_STATE, "UPDATE report SET state=?2 WHERE id=?1")                                                      \
	X(REPORT_SHRINK, "UPDATE report SET records=?2 WHERE id=?1")                                                   \
	X(REPORTS_OF_MAIL, "SELECT id FROM report WHERE mail=?1 ORDER BY state<>1,state<>2,id")                        \
	X(FAILURE_ADD,                                                                                                 \
		"INSERT INTO failure(" FAILURE_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,"  \
		"?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27)")                                                    \
	X(FAILURE_GET, "SELECT " FAILURE_COLUMNS " FROM failure WHERE id=?1")                                          \
	X(FAILURE_DROP, "DELETE FROM failure WHERE id=?1")                                                             \
	X(REPORT_TRUST, "UPDATE report SET trust=?2," CARRIED " WHERE id=?1")                                          \
	X(REPORTS_CARRY, "UPDATE report SET " CARRIED " WHERE mail=?1")                                                \
	X(REPORT_NEXT_OF_MAIL, "SELECT id,org_email FROM report WHERE mail=?1 AND id>?2 ORDER BY id LIMIT 1")          \
	X(FAILURES_DROP, "DELETE FROM failure WHERE mail=?1")                                                          \
	/* which of several reports with one identity counts */                                                        \
	X(IDENTITY_WINNER,                                                                                             \
		"SELECT r.id,r.state,r.trust,r.messages,r.content,r.domain,r.day,m.sha256,r.first_record"              \
		" FROM report r CROSS JOIN mail m ON m.id=r.mail WHERE " SAME_IDENTITY " AND r.state=0")               \
	X(IDENTITY_LOSER,                                                                                              \
		"SELECT r.id,r.state,r.trust,r.messages,r.content,r.domain,r.day,m.sha256,r.first_record"              \
		" FROM report r CROSS JOIN mail m ON m.id=r.mail WHERE " SAME_IDENTITY                                \
		" AND r.content=?3 AND r.state=2")                                                                     \
	X(IDENTITY_LOSERS,                                                                                             \
		"SELECT r.id,r.state,r.trust,r.messages,r.content,r.domain,r.day,m.sha256,r.first_record"              \
		" FROM report r CROSS JOIN mail m ON m.id=r.mail WHERE " SAME_IDENTITY " AND r.state=2")               \
	X(IDENTITY_HEIRS,                                                                                              \
		"SELECT r.id,r.state,r.trust,r.messages,r.content,r.domain,r.day,m.sha256,r.first_record"              \
		" FROM report r CROSS JOIN mail m ON m.id=r.mail WHERE " SAME_IDENTITY                                \
		" AND r.content=?3 AND r.state=1")                                                                     \
	/* the sums per domain and day */                                                                              \
	X(ROLLUP_GET, "SELECT " ROLLUP_COLUMNS " FROM rollup WHERE domain=?1 AND day=?2")                              \
	X(ROLLUP_PUT, "INSERT OR REPLACE INTO rollup(" ROLLUP_COLUMNS ")"                                              \
		      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)")                                   \
	X(ROLLUP_DROP, "DELETE FROM rollup WHERE domain=?1 AND day=?2")                                                \
	X(ROLLUP_REPORTS,                                                                                              \
		"SELECT domain,day,1,records,range_begin,range_end,messages,dkim,spf,both,none,quarantine,reject,"     \
		"other,spared"                                                                                         \
		" FROM report WHERE domain=?1 AND day=?2 AND state=0")                                                 \
	X(ROLLUP_WINDOW, "SELECT " ROLLUP_COLUMNS " FROM rollup WHERE domain=?1 AND day BETWEEN ?2 AND ?3")            \
	X(ROLLUP_NEXT_DOMAIN, "SELECT min(domain) FROM rollup WHERE domain>?1")                                        \
	X(ROLLUP_RECORDS, "SELECT records FROM rollup")                                                                \
	/* questions */                                                                                                \
	X(DOMAIN_REPORTERS,                                                                                            \
		"SELECT count(DISTINCT reporter) FROM report WHERE domain=?1 AND day BETWEEN ?2 AND ?3 AND state=0")   \
	X(DOMAIN_FAILURES, "SELECT count(*) FROM failure WHERE domain=?1 AND day BETWEEN ?2 AND ?3 AND dmarc=1 AND "   \
			   "dmarc_passed<>1")                                                                          \
	X(FAILURE_NEXT_DOMAIN, "SELECT min(domain) FROM failure WHERE domain>?1 AND dmarc=1")                          \
	X(DOMAIN_POLICY, "SELECT p,sp,np,pct FROM report WHERE domain=?1 AND day=?2 AND state=0"                       \
			 " ORDER BY range_end DESC, identity LIMIT 1")                                                 \
	X(DOMAIN_REPORTS,                                                                                              \
		"SELECT reporter,day,first_record,records,org_name,range_begin,range_end,messages,id,trust"            \
		" FROM report WHERE domain=?1 AND day BETWEEN ?2 AND ?3 AND state=0 ORDER BY day")                     \
	X(DOMAIN_PROBLEMS,                                                                                             \
		"SELECT (SELECT text FROM str WHERE id=r.org_name) AS name,(SELECT text FROM str WHERE "               \
		"id=r.org_email),"                                                                                     \
		"r.report_id,r.range_begin,p.place,p.what FROM report r CROSS JOIN problem p ON p.report=r.id"         \
		" WHERE r.domain=?1 AND r.day BETWEEN ?2 AND ?3 AND r.state=0"                                         \
		" ORDER BY name,r.range_begin,r.report_id,p.place,p.what,r.content")                                   \
	/* mails of ours, and alerts that were told */                                                                 \
	X(SENDING_GET, "SELECT message_id,recipients,thread,day,begun,done,state FROM sending"                         \
		       " WHERE message_id=?1 AND recipients=?2")                                                       \
	X(SENDING_BEFORE, "SELECT message_id,recipients,thread,day,begun,done,state FROM sending"                      \
			  " WHERE thread=?1 AND recipients=?2 AND day<?3 AND done IS NOT NULL ORDER BY day "           \
			  "DESC,message_id LIMIT 1")                                                                   \
	X(SENDING_PUT, "INSERT OR REPLACE INTO sending(message_id,recipients,thread,day,begun,state)"                  \
		       " VALUES(?1,?2,?3,?4,?5,?6)")                                                                   \
	X(SENDING_DONE, "UPDATE sending SET done=?3 WHERE message_id=?1 AND recipients=?2")                            \
	X(SENDING_DROP, "DELETE FROM sending WHERE message_id=?1 AND recipients=?2")                                   \
	X(TOLD_GET, "SELECT 1 FROM told WHERE domain=?1 AND alert=?2 AND last_open>=?3")                               \
	X(TOLD_BETWEEN, "SELECT alert,last_open FROM told WHERE domain=?1 AND last_open>=?2 AND last_open<?3"          \
			" ORDER BY alert")                                                                             \
	X(TOLD_KEEP, "UPDATE told SET last_open=max(last_open,?3) WHERE domain=?1 AND last_open>=?2")                  \
	X(TOLD_PUT, "INSERT INTO told(domain,alert,last_open,message_id,recipients) VALUES(?1,?2,?3,?4,?5)"            \
		    " ON CONFLICT(domain,alert) DO UPDATE SET last_open=max(last_open,excluded.last_open),"            \
		    "message_id=iif(last_open<?6,excluded.message_id,message_id),"                                    \
		    "recipients=iif(last_open<?6,excluded.recipients,recipients)")                                    \
	X(TOLD_OPEN, "UPDATE told SET last_open=max(last_open,?3) WHERE domain=?1 AND alert=?2")                       \
	X(TOLD_DROP, "DELETE FROM told WHERE message_id=?1 AND recipients=?2")                                         \
	X(TOLD_FORGET, "DELETE FROM told WHERE last_open<?1")                                                          \
	X(COUNT_MAILS, "SELECT count(*) FROM mail")                                                                    \
	X(COUNT_EXPIRED_MAILS, "SELECT count(*) FROM mail WHERE state<>0 AND state=2")                                 \
	X(COUNT_OUTCOME, "SELECT count(*) FROM mail WHERE outcome<>1 AND outcome=?1 AND state<2")                      \
	X(FEEDBACK_ANY, "SELECT EXISTS(SELECT 1 FROM report) OR EXISTS(SELECT 1 FROM failure)")                        \
	X(COUNT_REPORTS, "SELECT count(*) FROM report")                                                                \
	X(COUNT_FAILURES, "SELECT count(*) FROM failure")                                                              \
	X(LOSER_RECORDS, "SELECT records FROM report WHERE state=2")                                                   \
	/* verdicts */                                                                                                 \
	X(VERDICT_DROP, "DELETE FROM verdict WHERE domain=?1 AND asked=?2 AND day=?3")                                 \
	X(VERDICT_PUT,                                                                                                 \
		"INSERT INTO verdict(domain,asked,day,target,word,own_upper,own,own_fails,forwarded,forwarded_fails,"  \
		"undecided,forged) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)")                                    \
	X(VERDICT_ITEM_PUT, "INSERT OR REPLACE INTO verdict_item(verdict,kind,subject,state) VALUES(?1,?2,?3,?4)")     \
	X(VERDICT_GET, "SELECT id,day,target,word,own_upper,own,own_fails,forwarded,forwarded_fails,undecided,forged"  \
		       " FROM verdict WHERE domain=?1 AND asked=?2 AND day<?3 ORDER BY day DESC LIMIT 1")              \
	X(VERDICT_ITEMS, "SELECT kind,subject,state FROM verdict_item WHERE verdict=?1 ORDER BY kind,subject")         \
	X(VERDICT_EXPIRE, "DELETE FROM verdict WHERE day<?1")                                                          \
	/* host names */                                                                                               \
	X(HOST_PUT, "INSERT OR REPLACE INTO host(address,state,name,seen) VALUES(?1,?2,?3,?4)")                        \
	X(HOST_GET, "SELECT state,name,seen FROM host WHERE address=?1")                                               \
	X(HOST_ALL, "SELECT state,name,seen,address FROM host")                                                         \
	X(HOSTS_UP_TO, "SELECT count(*) FROM (SELECT 1 FROM host LIMIT ?1)")                                           \
	X(HOST_EXPIRE, "DELETE FROM host WHERE seen<?1")                                                               \
	/* what a verdict rests on */                                                                                  \
	X(OBSERVED_REPORTS,                                                                                            \
		"SELECT trust,recovered,range_begin,range_end,report_id,content,org_name,org_email,"                   \
		"p,sp,np,adkim,aspf,pct,testing,first_record,records,taken,signer,carried,arrived,id"                  \
		" FROM report WHERE domain=?1 AND day BETWEEN ?2 AND ?3 AND state<3")                                  \
	X(OBSERVED_SAMPLES,                                                                                            \
		"SELECT f.mail,f.number,f.source,f.sample_from,m.trust,m.signer,f.traits,f.hops FROM failure f"        \
		" CROSS JOIN mail m ON m.id=f.mail WHERE f.domain=?1 AND f.day BETWEEN ?2 AND ?3 AND f.dmarc=1")       \
	X(OBSERVED_SIGNATURES, "SELECT s.reason,s.header_hash,s.undone,s.relaxed,s.number FROM verification v"         \
			       " LEFT JOIN signature s ON s.verification=v.id"                                         \
			       " WHERE v.mail=?1 AND v.number=?2")                                                     \
	/* verifications and signatures */                                                                             \
	X(VERIFICATION_ADD, "INSERT INTO verification(mail,number,at,result,aligned,unsettled,total,from_domain,rest)" \
			    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)")                                                     \
	X(VERIFICATION_IS_SETTLED, "SELECT unsettled=0 FROM verification WHERE mail=?1 AND number=?2")                 \
	X(VERIFICATION_GET,                                                                                            \
		"SELECT id,at,result,total,from_domain,rest FROM verification WHERE mail=?1 AND number=?2")            \
	X(VERIFICATION_DROP, "DELETE FROM verification WHERE mail=?1 AND number=?2")                                   \
	X(VERIFICATIONS_DROP, "DELETE FROM verification WHERE mail=?1")                                                \
	X(VERIFICATIONS_BEYOND, "DELETE FROM verification WHERE mail=?1 AND number>?2")                                \
	X(SIGNATURE_ADD,                                                                                               \
		"INSERT INTO signature(verification,number,domain,d,selector,reason,historic,body_hash,header_hash,"   \
		"key_bits,flags,strict,relaxed,t,x,undone,sentence,diagnosis,rest)"                                    \
		" VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)")                         \
	X(SIGNATURES_COUNT, "SELECT count(*) FROM signature WHERE verification=?1")                                    \
	X(SIGNATURES_GET,                                                                                              \
		"SELECT domain,d,selector,reason,historic,body_hash,header_hash,key_bits,flags,strict,relaxed,t,x,"    \
		"undone,sentence,diagnosis,rest FROM signature WHERE verification=?1 ORDER BY number")                 \
	/* a sample whose aligned signature holds passed DMARC, unless the receiver says that it did not */            \
	X(FAILURES_PASSED, "UPDATE failure SET dmarc_passed=1 WHERE mail=?1 AND dmarc_passed=0 AND"                    \
			   " EXISTS(SELECT 1 FROM verification v WHERE v.mail=?1 AND v.number=failure.number"          \
			   " AND v.aligned=1)")                                                                        \
	/* samples */                                                                                                  \
	X(SAMPLES, "SELECT f.id FROM failure f CROSS JOIN mail m ON m.id=f.mail WHERE f.day BETWEEN ?1 AND ?2"         \
		   " ORDER BY coalesce(f.arrived,m.arrived) DESC,f.name")                                              \
	X(SAMPLES_OF_DOMAIN, "SELECT f.id FROM failure f CROSS JOIN mail m ON m.id=f.mail WHERE f.domain=?3"           \
			     " AND f.day BETWEEN ?1 AND ?2 ORDER BY coalesce(f.arrived,m.arrived) DESC,f.name")        \
	X(SAMPLE_GET,                                                                                                  \
		"SELECT mail,day,domain,source,auth_failure,delivery_result,identity_alignment,arrived,dmarc,"         \
		"identity_rule,has_sample,headers_only,sample_octets,sample_sha256,sample_subject,sample_from,number," \
		"name,dmarc_passed FROM failure WHERE id=?1")                                                          \
	X(SAMPLE_VERDICT, "SELECT id,result,aligned FROM verification WHERE mail=?1 AND number=?2")                    \
	X(SAMPLE_SENTENCE, "SELECT sentence,undone FROM signature WHERE verification=?1 AND sentence IS NOT NULL"      \
			   " ORDER BY relaxed<>2,number LIMIT 1")                                                      \
	X(FAILURE_NAMED, "SELECT id FROM failure WHERE name BETWEEN ?1 AND ?2 LIMIT 2")                                \
	X(FAILURE_BEFORE, "SELECT max(name) FROM failure WHERE name<?1")                                               \
	X(FAILURE_BEHIND, "SELECT min(name) FROM failure WHERE name>?1")                                               \
	X(KEPT_SAMPLES, "SELECT id,part FROM kept WHERE id BETWEEN ?1 AND ?2 AND kind=3 ORDER BY part,chunk,id")       \
	/* mails kept whole in which a signature waits for its key */                                                  \
	X(UNSETTLED,                                                                                                   \
		"SELECT m.id FROM verification v CROSS JOIN mail m ON m.id=v.mail"                                     \
		" WHERE v.unsettled=1 AND m.arrived>=?1 AND m.state<2 AND EXISTS(SELECT 1 FROM kept WHERE kept.id"     \
		" BETWEEN m.id*1048576 AND m.id*1048576+1048575 AND kept.kind IN(2,4)) GROUP BY m.id ORDER BY min(v.id)")    \
	X(SIGNATURE_SUMS,                                                                                              \
		"SELECT s.domain,s.selector,v.number=0,s.reason,count(*),min(coalesce(v.at,m.arrived)),"               \
		"max(coalesce(v.at,m.arrived)) FROM signature s CROSS JOIN verification v ON v.id=s.verification"      \
		" CROSS JOIN mail m ON m.id=v.mail WHERE s.domain IS NOT NULL AND s.selector IS NOT NULL"              \
		" GROUP BY s.domain,s.selector,v.number=0,s.reason")                                                   \
	X(KEY_IS_FRESH, "SELECT last_seen<=?2 AND fresh_until>=?2 FROM keyrecord WHERE name=?1 ORDER BY last_seen "    \
			"DESC LIMIT 1")                                                                                \
	/* the archive of key records; in ON CONFLICT a bare column is what is there already */                        \
	X(KEY_LIST,                                                                                                    \
		"SELECT iif(absent,NULL,record),first_seen,last_seen,fresh_until,secure FROM keyrecord WHERE name=?1"  \
		" ORDER BY last_seen DESC,record,absent")                                                              \
	X(KEY_PUT, "INSERT INTO keyrecord(name,record,absent,first_seen,last_seen,fresh_until,secure)"                 \
		   " VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(name,record,absent) DO UPDATE SET"                       \
		   " first_seen=min(first_seen,excluded.first_seen),last_seen=max(last_seen,excluded.last_seen),"      \
		   "fresh_until=CASE WHEN excluded.last_seen=last_seen THEN max(fresh_until,excluded.fresh_until)"     \
		   " WHEN excluded.last_seen>last_seen THEN excluded.fresh_until ELSE fresh_until END,"                \
		   "secure=CASE WHEN excluded.last_seen=last_seen THEN secure AND excluded.secure"                     \
		   " WHEN excluded.last_seen>last_seen THEN excluded.secure ELSE secure END")                          \
	X(KEY_TRIM, "DELETE FROM keyrecord WHERE id IN (SELECT id FROM keyrecord WHERE name=?1"                        \
		    " ORDER BY last_seen DESC,record,absent LIMIT -1 OFFSET ?2)")                                      \
	/* what names were seen to publish */                                                                          \
	X(SNAPSHOT_NEWEST, "SELECT id,last_seen,answer FROM snapshot WHERE place=?1 AND type=?2"                       \
			   " ORDER BY last_seen DESC,id DESC LIMIT 1")                                                 \
	X(SNAPSHOT_SEEN, "UPDATE snapshot SET last_seen=?2,ttl=?3,security=?4 WHERE id=?1")                            \
	X(SNAPSHOT_SET_BACK, "UPDATE snapshot SET first_seen=min(first_seen,?3),last_seen=?3"                          \
			     " WHERE place=?1 AND type=?2 AND last_seen>?4")                                           \
	X(SNAPSHOT_ADD, "INSERT INTO snapshot(place,type,answer,first_seen,last_seen,ttl,security) "                   \
			"VALUES(?1,?2,?3,?4,?4,?5,?6)")                                                                \
	X(SNAPSHOT_TRIM, "DELETE FROM snapshot WHERE id IN (SELECT id FROM snapshot WHERE place=?1 AND type=?2"        \
			 " ORDER BY last_seen DESC,id DESC LIMIT -1 OFFSET ?3)")                                       \
	X(SNAPSHOT_STATES,                                                                                             \
		"SELECT place,type,answer,first_seen,last_seen,ttl,security FROM snapshot WHERE place=?1 AND type=?2"  \
		" ORDER BY last_seen DESC,id DESC")                                                                    \
	X(SNAPSHOT_BELOW,                                                                                              \
		"SELECT place,type,answer,first_seen,last_seen,ttl,security FROM snapshot"                             \
		" WHERE (place=?1 OR (place>?2 AND place<?3)) AND (?4=0 OR id=(SELECT n.id FROM snapshot n"            \
		" WHERE n.place=snapshot.place AND n.type=snapshot.type ORDER BY n.last_seen DESC,n.id DESC LIMIT 1))" \
		" ORDER BY place,type,first_seen,id")                                                                  \
	X(SNAPSHOT_EXPIRE, "DELETE FROM snapshot WHERE last_seen<?1")                                                  \
	/* mailboxes: folders, and places of single mails; states: enum place_state */                                 \
	X(FOLDER_GET, "SELECT id,uidvalidity,highest,since FROM mailfolder WHERE mailbox=?1 AND name=?2")              \
	X(FOLDER_PUT,                                                                                                  \
		"INSERT INTO mailfolder(mailbox,name,uidvalidity,highest,since) VALUES(?1,?2,?3,?4,?5)"                \
		" ON CONFLICT(mailbox,name) DO UPDATE SET uidvalidity=excluded.uidvalidity,highest=excluded.highest,"  \
		"since=excluded.since")                                                                                \
	X(PLACES_DROP, "DELETE FROM place WHERE folder=?1")                                                            \
	X(PLACE_PUT, "INSERT INTO place(folder,uid,name,state) VALUES(?1,?2,?3,?4)"                                    \
		     " ON CONFLICT(folder,uid,name) DO UPDATE SET state=excluded.state")                               \
	X(PLACE_DROP, "DELETE FROM place WHERE folder=?1 AND uid=?2 AND name=?3")                                      \
	X(PLACE_GET, "SELECT state FROM place WHERE folder=?1 AND uid=?2 AND name=?3")                                 \
	X(PLACE_FIRST, "SELECT uid FROM place WHERE folder=?1 AND state=1 AND state<>0 ORDER BY uid LIMIT 1")          \
	X(PAGE_SIZE, "PRAGMA page_size")                                                                               \
	X(PAGE_COUNT, "PRAGMA page_count")                                                                             \
	X(FREE_COUNT, "PRAGMA freelist_count")                                                                         \
	X(INFLOW_GET, "SELECT reports FROM inflow WHERE sender=?1 AND day=?2")                                         \
	X(INFLOW_ADD, "INSERT INTO inflow(sender,day,reports) VALUES(?1,?2,?3)"                                        \
		      " ON CONFLICT DO UPDATE SET reports=reports+excluded.reports")                                   \
	X(INFLOW_EXPIRE, "DELETE FROM inflow WHERE day<?1")                                                            \
	X(POLL_PUT, "INSERT INTO poll(mailbox,at) VALUES(?1,?2) ON CONFLICT DO UPDATE SET at=excluded.at")             \
	X(POLL_GET, "SELECT at FROM poll WHERE mailbox=?1")                                                            \
	X(PLACES_OPEN, "SELECT f.id,f.name,f.uidvalidity,p.uid,p.name,p.state FROM mailfolder f CROSS JOIN place p"    \
		       " ON p.folder=f.id WHERE f.mailbox=?1 AND p.state<>0 ORDER BY f.name,p.uid,p.name")             \
	X(PLACES_NAMED, "SELECT id,name FROM place WHERE folder=?1 AND uid=0 AND state<2 ORDER BY name")               \
	X(PLACE_GONE, "DELETE FROM place WHERE id=?1")                                                                 \
	/* expiry */                                                                                                   \
	X(EXPIRE_NEXT_DOMAIN, "SELECT min(domain) FROM report WHERE domain>?1")                                        \
	X(EXPIRE_REPORTS,                                                                                              \
		"SELECT r.id,r.mail FROM report r CROSS JOIN mail m ON m.id=r.mail"                                    \
		" WHERE r.domain=?1 AND r.day<=?2 AND min(iif(m.arrived<?5,9223372036854775807,m.arrived),"                  \
		"max(coalesce(r.range_begin,r.range_end,m.arrived),"                                                   \
		"coalesce(r.range_end,r.range_begin,m.arrived)))<?3 ORDER BY r.day,r.state<>1,r.state=0 LIMIT ?4")      \
	X(EXPIRE_REPORTS_AHEAD,                                                                                        \
		"SELECT r.id,r.mail FROM report r CROSS JOIN mail m ON m.id=r.mail"                                    \
		" WHERE r.domain=?1 AND r.day>?2 AND m.arrived>=?5 AND m.arrived<?3 ORDER BY r.day,r.state<>1,r.state=0 LIMIT ?4")       \
	X(EXPIRE_FAILURES, "SELECT f.id,f.mail FROM failure f CROSS JOIN mail m ON m.id=f.mail"                        \
			   " WHERE f.id>?1 AND m.arrived<?2 ORDER BY f.id LIMIT ?3")                                   \
	X(FAILURE_VERIFICATION_DROP,                                                                                   \
		"DELETE FROM verification WHERE (mail,number)=(SELECT mail,number FROM failure WHERE id=?1)")          \
	/* that there was none is of no use once it is old */                                                          \
	X(KEYS_EXPIRE, "DELETE FROM keyrecord WHERE absent=1 AND last_seen<?1")                                        \
	X(EXPIRE_SAMPLES,                                                                                              \
		"SELECT f.id,f.mail FROM failure f CROSS JOIN mail m ON m.id=f.mail WHERE f.id>?1 AND m.arrived<?2"    \
		" AND EXISTS(SELECT 1 FROM kept WHERE kept.id BETWEEN m.id*1048576 AND m.id*1048576+1048575)"          \
		" ORDER BY f.id LIMIT ?3")                                                                             \
	X(EXPIRE_MAILS, "SELECT id FROM mail WHERE outcome<>1 AND outcome=?1 AND id>?2 AND state<2 AND arrived<?3"     \
			" ORDER BY id LIMIT ?4")

enum sql {
#define X(name, text) SQL_##name,
	STATEMENTS(X)
#undef X
	SQL_COUNT
};

extern const char *const sql_texts[SQL_COUNT];

#endif
