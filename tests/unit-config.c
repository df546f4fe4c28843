/* The configuration: what is accepted, how each fault reads, where a file is looked for, and that the manual page, the
 * printed form and the loader speak of the same table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/moment.h"
#include "cli/config.h"
#include "cli/overrides.h"
#include "report/style.h"

static char folder[] = "/tmp/dmarcgate-config-XXXXXX";
static char file[64];

static void file_write(const char *path, const void *octets, size_t n)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(octets, 1, n, out), n);
	fclose(out);
}

static char *file_read(const char *path)
{
	struct buf text = BUF(1000000);
	FILE *in = fopen(path, "r");
	char part[4096];
	size_t n;

	if (!in)
		return NULL;
	while ((n = fread(part, 1, sizeof part, in)) > 0)
		assert_true(buf_put(&text, part, n));
	fclose(in);
	return text.p ? text.p : strdup("");
}

static int group_begin(void **state)
{
	(void)state;
	umask(077); /* passwords stand in some files */
	if (!mkdtemp(folder))
		return 1;
	snprintf(file, sizeof file, "%s/test.conf", folder);
	unsetenv("DMARCGATE_CONF");
	unsetenv("DMARCGATE_DB");
	setenv("HOME", folder, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	return 0;
}

static int group_end(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(folder);
}

static bool load(const char *text, struct config *config, struct fault *fault)
{
	file_write(file, text, strlen(text));
	return config_load(file, config, fault);
}

static void test_values(void **state)
{
	struct fault fault = { 0 };
	struct config config;
	struct limits limits;
	char db[96];

	(void)state;
	limits_default(&limits);
	assert_true(load("", &config, &fault));
	assert_memory_equal(&config.limits, &limits, sizeof limits);
	assert_int_equal(config.jobs, 0);
	assert_int_equal(config.color, COLOR_AUTO);
	assert_int_equal(config.store_wait, 10);
	assert_int_equal(config.retention_reports, 400 * DAY_SECONDS);
	assert_string_equal(config.resolver, "system");
	assert_string_equal(config.file, file);
	config_release(&config);

	assert_true(load("jobs = 3\n"
			 "# whole-line remark\r\n"
			 "\n"
			 "  [limits] ; remark\n"
			 "  mail = 20M\n"
			 "\trecords=7k ; remark\n"
			 "  ratio = 250\r\n"
			 "[dmarcgate]\n"
			 "color = never\n"
			 "db = ~/x.db\n"
			 "[dns]\n"
			 "resolver = 2001:DB8::0:53@5353\n"
			 "[store]\n"
			 "wait = 0\n"
			 "[retention]\n"
			 "reports = 12w",
		&config, &fault));
	assert_int_equal(config.jobs, 3);
	assert_int_equal(config.limits.mail, 20000000);
	assert_int_equal(config.limits.records, 7000);
	assert_int_equal(config.limits.ratio, 250);
	assert_int_equal(config.color, COLOR_NEVER);
	assert_string_equal(config.resolver, "2001:db8::53@5353");
	assert_int_equal(config.store_wait, 0);
	assert_int_equal(config.retention_reports, 84 * DAY_SECONDS);
	snprintf(db, sizeof db, "%s/x.db", folder);
	assert_string_equal(config.db, db);
	config_release(&config);

	assert_true(load("\xef\xbb\xbfjobs = 4\n", &config, &fault));
	assert_int_equal(config.jobs, 4);
	config_release(&config);
}

static const struct {
	const char *text, *fault; /* the fault after the file's name */
} faults[] = {
	{ "\n[limits]\nmial = 5M\n", ":3: [limits] mial: no such setting; did you mean mail?" },
	{ "[limits]\nmai = 5M\n", ":2: [limits] mai: no such setting; did you mean mail?" },
	{ "[limits]\nrecord = 5M\n", ":2: [limits] record: no such setting; did you mean records?" },
	{ "[limits]\nMail = 5M\n", ":2: [limits] Mail: no such setting; did you mean mail?" },
	{ "[limits]\nweather = 1\n", ":2: [limits] weather: no such setting" },
	{ "mail = 5M\n", ":1: [dmarcgate] mail: no such setting; it belongs in [limits]" },
	{ "[limit]\nmail = 5M\n", ":2: [limit]: no such section; did you mean [limits]?" },
	{ "[weather]\nrain = 1\n", ":2: [weather]: no such section" },
	{ "[limits]\nmail = 5M\n\nmail = 6M\n", ":4: [limits] mail: set twice, first on line 2" },
	{ "[limits]\nmail = 5Q\n",
		":2: [limits] mail = 5Q: a number of octets, such as 500, 20k, 50M or 1G, from 1 to 1000G" },
	{ "[limits]\nmail = 5MG\n",
		":2: [limits] mail = 5MG: a number of octets, such as 500, 20k, 50M or 1G, from 1 to 1000G" },
	{ "[limits]\nmail = 0\n",
		":2: [limits] mail = 0: a number of octets, such as 500, 20k, 50M or 1G, from 1 to 1000G" },
	{ "[limits]\nmail = -1\n",
		":2: [limits] mail = -1: a number of octets, such as 500, 20k, 50M or 1G, from 1 to 1000G" },
	{ "[limits]\nmail = 18446744073709551616\n", ":2: [limits] mail = 18446744073709551616: a number of octets, "
						     "such as 500, 20k, 50M or 1G, from 1 to 1000G" },
	{ "[limits]\nmail = 18446744073709552G\n", ":2: [limits] mail = 18446744073709552G: a number of octets, such "
						   "as 500, 20k, 50M or 1G, from 1 to 1000G" },
	{ "[limits]\nmail =\n",
		":2: [limits] mail = : a number of octets, such as 500, 20k, 50M or 1G, from 1 to 1000G" },
	{ "[limits]\ndepth = 65\n", ":2: [limits] depth = 65: a number of levels from 1 to 64" },
	{ "[limits]\nseconds = 2k\n", ":2: [limits] seconds = 2k: a number of seconds from 1 to 1000000000" },
	{ "color = blue\n", ":1: [dmarcgate] color = blue: one of auto|always|never" },
	{ "color = aut\n", ":1: [dmarcgate] color = aut: one of auto|always|never" },
	{ "db = dmarcgate.db\n", ":1: [dmarcgate] db = dmarcgate.db: a path begins with / or ~/" },
	{ "[dns]\nresolver = ns.example\n", ":2: [dns] resolver = ns.example: neither system nor ADDRESS[@PORT]" },
	{ "[dns]\nresolver = 192.0.2.1@0\n", ":2: [dns] resolver = 192.0.2.1@0: neither system nor ADDRESS[@PORT]" },
	{ "jobs = 257\n", ":1: [dmarcgate] jobs = 257: a number of processes from 0 to 256" },
	{ "[retention]\nreports = 1h\n",
		":2: [retention] reports = 1h: a span of time, such as 400d, 12w or 36h, from 1d to 36500d" },
	{ "[readiness]\nreject.own_loss = 0.2%%\n", ":2: [readiness] reject.own_loss = 0.2%%: a share from 0% to 100%" },
	{ "[readiness]\nreject.own_loss = 2\n", ":2: [readiness] reject.own_loss = 2: a share from 0% to 100%" },
	{ "[readiness]\nfresh_days = 401\n", ":2: [readiness] fresh_days = 401: a number of days from 0 to 400" },
	{ "[readiness]\nown_loss = 1%\n", ":2: [readiness] own_loss: no such setting" },
	{ "[readiness]\nwindow = 6\n", ":2: [readiness] window = 6: a number of days from 7 to 180" },
	{ "[readiness]\nown_nets = 192.0.2.0/33\n",
		":2: [readiness] own_nets = 192.0.2.0/33: ADDRESS or ADDRESS/BITS, separated by commas" },
	{ "[readiness]\ntenants = example\n",
		":2: [readiness] tenants = example: google:LABEL or microsoft365:LABEL, separated by commas" },
	{ "[domain example.org]\nwindow = 6\n", ":2: [domain example.org] window = 6: a number of days from 7 to 180" },
	{ "[domain example.org]\nmarks = /x\n",
		":2: [domain example.org] marks: is the same for all domains; it belongs in [readiness]" },
	{ "[domain example.org]\nwindw = 9\n", ":2: [domain] windw: no such setting; did you mean window?" },
	{ "[domain example.org]\nwindow = 9\n[readiness]\n[domain Example.ORG.]\nwindow = 9\n",
		":5: [domain example.org] window: set twice, first on line 2" },
	{ "[domain]\nwindow = 9\n", ":1: a section for a domain names one" },
	{ "jobs = 1\nnonsense\njobs = many\n", ":2: neither `[section]` nor `setting = value`" },
	{ "jobs = many\nnonsense\n", ":1: [dmarcgate] jobs = many: a number of processes from 0 to 256" },
	{ "[limits] mail = 5M\n", ":1: a heading stands alone on its line; settings follow on lines of their own" },
	{ "[limits\nmail = 5M\n", ":1: neither `[section]` nor `setting = value`" },
	{ "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n", ":1: a heading has at most 49 octets" },
	{ "[mailbox aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n",
		":1: a heading has at most 49 octets" },
	{ "[mailbox]\nurl = mbox:/x\n", ":1: a mailbox has a name: [mailbox NAME]" },
	{ "[mailbox a/b]\n", ":1: a mailbox's name consists of letters, digits and `-_.@+`, a letter or digit first" },
	{ "[mailbox a]\nurl = mbox:/x\n[mailbox a]\n", ":3: a second section for this mailbox" },
	{ "[mailbox a]\n", ":1: [mailbox a] no url says where it is" },
	{ "[mailbox a]\nurl = http://example.org\n",
		":2: [mailbox a] url = http://example.org: the URL begins with imap://, imaps://, pop://, pops://, "
		"maildir:, mbox: or folder:" },
	{ "[mailbox a]\nurl = imaps://u@h\nfoldres = x\n", ":3: [mailbox a] foldres: no such setting; did you mean folders?" },
	{ "[trust]\nauthserv_id = mx.a.example  mx.b.example\n",
		":2: [trust] authserv_id = mx.a.example  mx.b.example: names, separated by commas" },
	{ "[dkim]\ndomains = a.example\ndomains = b/example\n",
		":3: [dkim] domains = b/example: names, separated by commas" },
	{ "[dkim]\ndomains = a.example b.example\n",
		":2: [dkim] domains = a.example b.example: names, separated by commas" },
	{ "[mailbox a]\nurl = imaps://u@h\nurl = imaps://u@h\n", ":3: [mailbox a] url: set twice, first on line 2" },
	{ "[mailbox a]\nurl = imaps://u@h\nafter = burn\n",
		":3: [mailbox a] after = burn: one of keep, seen, delete, flag:KEYWORD, move:FOLDER" },
	{ "[digest]\nto = a@b.example, <c@d.example>\n",
		":2: [digest] to = a@b.example, <c@d.example>: <c@d.example> is no plain address, such as "
		"postmaster@example.org" },
	{ "[digest]\nfrom = a@b.example, c@d.example\n",
		":2: [digest] from = a@b.example, c@d.example: at most 1" },
	{ "[digest]\nserver = imaps://u@h\n",
		":2: [digest] server = imaps://u@h: the URL begins with smtp:// or smtps://" },
	{ "[digest]\nserver = smtps://u@h/x\n", ":2: [digest] server = smtps://u@h/x: SMTP has no folders" },
	{ "[digest]\nsendmail = sendmail -t\n",
		":2: [digest] sendmail = sendmail -t: a command begins with the absolute path of a program" },
	{ "[digest]\nserver = smtps://u@h\n",
		": [digest] none of password_file, password_command, password_credential, password_env and password is "
		"set" },
	{ "[digest]\nserver = smtps://h\npassword_env = A\n",
		": [digest] a password needs a user: smtps://USER@HOST" },
	{ "[digest]\nserver = smtps://h\nsendmail = /bin/true\n",
		": [digest] both sendmail and server are set; one of them takes the mail" },
	{ "[mailbox a]\nurl = imaps://u@h\n",
		":1: [mailbox a] none of password_file, password_command, password_credential, password_env, password, "
		"token_command and provider is set" },
	{ "[mailbox a]\nurl = imaps://u@h\npassword_env = A\npassword_file = /x\n",
		":1: [mailbox a] more than one of password_file, password_command, password_credential, password_env, password, "
		"token_command and provider is set" },
	{ "[mailbox a]\nurl = imaps://u@h\npassword_credential = ../x\n",
		":3: [mailbox a] password_credential = ../x: a credential's name is no path" },
	{ "[mailbox a]\nurl = imaps://h\npassword_env = A\n", ":1: [mailbox a] no user is named" },
	{ "[mailbox a]\nurl = imaps://u@h\nuser = v\npassword_env = A\n", ":1: [mailbox a] user: the URL names another one" },
	{ "[mailbox a]\nurl = imaps://u@h\npassword_command = pass show\n",
		":3: [mailbox a] password_command = pass show: a command begins with the absolute path of a program" },
	{ "[mailbox a]\nurl = imaps://u@h\npassword_command = /bin/echo 'x\n",
		":3: [mailbox a] password_command = /bin/echo 'x: a quotation mark is left open" },
	{ "[mailbox a]\nurl = mbox:/x\npassword_env = A\n", ":1: [mailbox a] only a server asks for a password" },
	{ "[mailbox a]\nurl = pops://u@h\npassword_env = A\nafter = seen\n",
		":1: [mailbox a] after: POP3 can only keep or delete" },
	{ "[mailbox a]\nurl = mbox:/x\nafter = delete\n", ":1: [mailbox a] after: an mbox or folder is only read" },
	{ "[mailbox a]\nurl = imaps://u@h\ntimeout = 0\n", ":3: [mailbox a] timeout = 0: a number of seconds from 1 to 3600" },
	{ "password = x\n", ":1: [dmarcgate] password: no such setting; it belongs in [mailbox]" },
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct fault fault = { 0 };
		struct config config;

		assert_false(load(faults[i].text, &config, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
		assert_memory_equal(fault.text, file, strlen(file));
		assert_string_equal(fault.text + strlen(file), faults[i].fault);
		config_release(&config);
	}
}

/* Neither the long line nor the octets behind a NUL may be cut silently. */
static void test_cut_lines(void **state)
{
	static const char nul[] = "jobs = 1\ncolor = never\0always\n";
	struct fault fault = { 0 };
	struct config config;
	char text[400];

	(void)state;
	memset(text, '#', sizeof text);
	memcpy(text, "jobs = 1\n", 9);
	memcpy(text + sizeof text - 11, "\njobs = 2\n", 11);
	assert_false(load(text, &config, &fault));
	assert_non_null(strstr(fault.text, ":2: a line has at most 199 octets"));
	config_release(&config);

	file_write(file, nul, sizeof nul - 1);
	assert_false(config_load(file, &config, &fault));
	assert_non_null(strstr(fault.text, ":2: a NUL octet; this is not a text file"));
	config_release(&config);

	assert_false(config_load(folder, &config, &fault));
	assert_int_equal(fault.kind, FAULT_SETUP);
	config_release(&config);
}

static void test_places(void **state)
{
	struct fault fault = { 0 };
	struct config config;
	char path[128], own[160];

	(void)state;
	snprintf(path, sizeof path, "%s/none.conf", folder);
	assert_false(config_load(path, &config, &fault));
	assert_int_equal(fault.kind, FAULT_SETUP);
	config_release(&config);
	setenv("DMARCGATE_CONF", path, 1);
	assert_false(config_load(NULL, &config, &fault));
	config_release(&config);

	file_write(file, "jobs = 5\n", 9);
	setenv("DMARCGATE_CONF", file, 1);
	assert_true(config_load(NULL, &config, &fault));
	assert_int_equal(config.jobs, 5);
	config_release(&config);
	unsetenv("DMARCGATE_CONF");

	snprintf(path, sizeof path, "%s/dmarcgate", folder);
	mkdir(path, 0700);
	snprintf(own, sizeof own, "%s/dmarcgate.conf", path);
	file_write(own, "jobs = 6\n", 9);
	setenv("XDG_CONFIG_HOME", folder, 1);
	assert_true(config_load(NULL, &config, &fault));
	assert_int_equal(config.jobs, 6);
	assert_string_equal(config.file, own);
	config_release(&config);
	unsetenv("XDG_CONFIG_HOME");
	unlink(own);
	rmdir(path);

	setenv("DMARCGATE_DB", "here.db", 1);
	assert_true(load("db = /elsewhere.db\n", &config, &fault));
	assert_string_equal(config.db, "here.db");
	config_release(&config);
	unsetenv("DMARCGATE_DB");

	setenv("XDG_STATE_HOME", "/state", 1);
	assert_true(load("", &config, &fault));
	assert_string_equal(
		config.db, geteuid() == 0 ? "/var/lib/dmarcgate/dmarcgate.db" : "/state/dmarcgate/dmarcgate.db");
	config_release(&config);
	unsetenv("XDG_STATE_HOME");
}

static void test_set(void **state)
{
	struct fault fault = { 0 };
	struct config config;

	(void)state;
	assert_true(load("", &config, &fault));
	assert_true(config_set(&config, "dmarcgate", "jobs", "2", &fault));
	assert_int_equal(config.jobs, 2);
	assert_false(config_set(&config, "dmarcgate", "jobs", "two", &fault));
	assert_string_equal(fault.text, "jobs = two: a number of processes from 0 to 256");
	assert_int_equal(config.jobs, 2);
	assert_false(config_set(&config, "dmarcgate", "job", "2", &fault));
	config_release(&config);
}

static void test_print(void **state)
{
	struct fault fault = { 0 };
	struct config config, again;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_true(load("[limits]\nmail = 20M\nrecords = 1234567\n[store]\nwait = 10\n[readiness]\n"
			 "own_nets = 192.0.2.1, 2001:db8::/48\nreject.own_loss = 0.25%\nreject.evidence = 700\n"
			 "quarantine.own_upper=0.015\n",
		&config, &fault));
	assert_true(config.readiness.limits.reject.own_loss == 0.0025);
	assert_true(config.readiness.limits.quarantine.own_loss == 0.01);
	assert_true(config_print(&config, out, &fault));
	fclose(out);
	assert_non_null(strstr(text, "\n[limits]\n# a mail or file as received;"));
	assert_non_null(strstr(text, "\nmail = 20M ; default: 50M\n"));
	assert_non_null(strstr(text, "\ninflated = 1G\n"));
	assert_non_null(strstr(text, "\nrecords = 1234567 ; default: 5M\n"));
	assert_non_null(strstr(text, "\nwait = 10\n"));
	assert_non_null(strstr(text, "\nreports = 400d\n"));
	assert_non_null(strstr(text, "\nreject.own_loss = 0.25% ; default: 0.2%\n"));
	assert_non_null(strstr(text, "\nreject.evidence = 700 ; default: 600\n"));
	assert_non_null(strstr(text, "\nquarantine.own_upper = 1.5% ; default: 2%\n"));
	assert_non_null(strstr(text, "\nundecided_part = 0.2%\n"));

	assert_true(load(text, &again, &fault));
	assert_memory_equal(&config.limits, &again.limits, sizeof config.limits);
	assert_memory_equal(&config.readiness.limits, &again.readiness.limits, sizeof config.readiness.limits);
	assert_string_equal(config.readiness.own_nets, again.readiness.own_nets);
	assert_string_equal(config.db, again.db);
	config_release(&again);
	config_release(&config);
	free(text);
}

/* A list may be given again, as a line has its end; what is printed is read again. */
static void test_lists(void **state)
{
	struct fault fault = { 0 };
	struct config config, again;
	struct readiness_settings settings;
	char *text = NULL, *line;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	fputs("[dkim]\ndomains = \ndomains = first.example,second.example\n", out);
	for (int i = 0; i < 300; i++)
		fprintf(out, "domains = customer-%03d.example\n", i);
	fputs("domains =\n[mailbox a]\nurl = maildir:/var/mail/x\nfolders = INBOX\nfolders = Lists/*\n"
	      "[readiness]\nown_nets = 192.0.2.0/24\n"
	      "[domain example.org]\nown_nets = 198.51.100.0/24\nown_nets = 2001:db8::/48\n", out);
	fclose(out);
	assert_true(load(text, &config, &fault));
	free(text);
	assert_int_equal(strncmp(config.domains, "first.example,second.example, customer-000.example, customer-001", 63), 0);
	assert_string_equal(config.domains + strlen(config.domains) - 20, "customer-299.example");
	assert_string_equal(config.mailboxes[0].folders, "INBOX, Lists/*");
	settings = readiness_settings_of(&config, SPAN("example.org"));
	assert_string_equal(settings.own_nets, "198.51.100.0/24, 2001:db8::/48");
	assert_string_equal(config.readiness.own_nets, "192.0.2.0/24");

	out = open_memstream(&text, &n);
	assert_true(config_print(&config, out, &fault));
	fclose(out);
	assert_non_null(strstr(text, "\ndomains = first.example, second.example, customer-000.example,"));
	for (line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") < 200);
	assert_true(load(text, &again, &fault));
	assert_string_equal(config.domains + 28, again.domains + 29);
	assert_string_equal(again.mailboxes[0].folders, "INBOX, Lists/*");
	assert_string_equal(readiness_settings_of(&again, SPAN("example.org")).own_nets, "198.51.100.0/24, 2001:db8::/48");
	config_release(&again);
	config_release(&config);
	free(text);
}

static void test_mailboxes(void **state)
{
	struct fault fault = { 0 };
	struct config config, again;
	const struct mailbox_settings *settings;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_true(load("[limits]\nmail = 7M\n"
			 "[mailbox one]\nurl = imaps://u%40example.org@host/Some%20folder\npassword = a secret\n"
			 "after = move:Done\nnot_reports = flag:$odd\nsince = 2w\nmax_messages = 5\n"
			 "[mailbox two@example.org]\nurl = pop://host:1110\nuser = v\n"
			 "password_command = /bin/echo 'a b' c\\ d\nafter = delete\ntimeout = 5\ntls_ca = ~/ca.pem\n"
			 "[mailbox three]\nurl = maildir:/var/mail/x\nfolders = INBOX, Lists/*\n",
		&config, &fault));
	assert_int_equal(config.mailboxes_n, 3);
	settings = mailbox_settings_find(&config, "one");
	assert_ptr_equal(settings, &config.mailboxes[0]);
	assert_string_equal(settings->mailbox.user, "u@example.org");
	assert_string_equal(settings->mailbox.folders[0], "Some folder");
	assert_int_equal(settings->mailbox.after.kind, FATE_MOVE);
	assert_string_equal(settings->mailbox.not_reports.name, "$odd");
	assert_int_equal(settings->mailbox.broken.kind, FATE_KEEP);
	assert_int_equal(settings->mailbox.since, 14);
	assert_int_equal(settings->mailbox.max_messages, 5);
	assert_int_equal(settings->mailbox.max_octets, 7000000);
	assert_int_equal(settings->mailbox.timeout, MAILBOX_TIMEOUT);
	assert_int_equal(settings->mailbox.secret_source, SECRET_INLINE);
	settings = mailbox_settings_find(&config, "two@example.org");
	assert_int_equal(settings->mailbox.port, 1110);
	assert_int_equal(settings->mailbox.timeout, 5);
	assert_int_equal(settings->mailbox.secret_source, SECRET_COMMAND);
	assert_int_equal(mailbox_settings_find(&config, "three")->mailbox.n_folders, 2);
	assert_null(mailbox_settings_find(&config, "four"));

	assert_true(config_print(&config, out, &fault));
	fclose(out);
	assert_null(strstr(text, "a secret"));
	assert_non_null(strstr(text, "\n[mailbox one]\n"));
	assert_non_null(strstr(text, "\nfolders = Some folder\n"));
	assert_non_null(strstr(text, "\n# password is set and not shown\n"));
	assert_non_null(strstr(text, "\nsince = 14d\n"));
	config_release(&config);

	/* What was printed can be read, once the password is put back. */
	char *at = strstr(text, "# password is set and not shown");

	memcpy(at, "password=x                     ", 31);
	assert_true(load(text, &again, &fault));
	assert_int_equal(again.mailboxes_n, 3);
	assert_string_equal(again.mailboxes[0].mailbox.folders[0], "Some folder");
	config_release(&again);
	free(text);
}

/* A password in the file is for its owner; without one the file may be for everybody. */
static void test_open_file(void **state)
{
	static const char secret[] = "[mailbox a]\nurl = imaps://u@h\npassword = x\n";
	static const char none[] = "[mailbox a]\nurl = imaps://u@h\npassword_env = x\n";
	struct fault fault = { 0 };
	struct config config;

	(void)state;
	file_write(file, secret, sizeof secret - 1);
	assert_int_equal(chmod(file, 0644), 0);
	assert_false(config_load(file, &config, &fault));
	assert_int_equal(fault.kind, FAULT_SETUP);
	assert_non_null(strstr(fault.text,
		": holds the password of [mailbox a] and can be read by others (mode 0644): chmod 600"));
	config_release(&config);
	file_write(file, none, sizeof none - 1);
	assert_true(config_load(file, &config, &fault));
	config_release(&config);
	assert_int_equal(chmod(file, 0600), 0);
}

static char *manual_read(void)
{
	const char *source = getenv("srcdir");
	char path[4096];
	char *page;

	snprintf(path, sizeof path, "%s/man/dmarcgate.conf.5", source ? source : ".");
	page = file_read(path);
	assert_non_null(page);
	return page;
}

/* What holds for one domain, and how it is printed. */
static void test_domains(void **state)
{
	static const char text[] =
		"[domain Example.ORG.]\nprofile = parked\nreject.own_loss = 1%\nown_nets = 192.0.2.0/24\n"
		"[readiness]\nwindow = 90\n"
		"[domain a-name-that-is-longer-than-what-inih-remembers-of-headings.example.org]\nwindow = 42\n";
	struct readiness_settings settings;
	struct fault fault = { 0 };
	struct config config, again;
	char *printed = NULL;
	size_t n = 0;
	FILE *out;

	(void)state;
	assert_true(load(text, &config, &fault));
	for (int round = 0; round < 2; round++) {
		settings = readiness_settings_of(&config, SPAN("example.org"));
		assert_int_equal(settings.profile, PROFILE_PARKED);
		assert_int_equal(settings.window, 90);
		assert_true(settings.limits.reject.own_loss == 0.01 && settings.limits.reject.own_upper == 0.005);
		assert_string_equal(settings.own_nets, "192.0.2.0/24");
		settings = readiness_settings_of(&config, SPAN("shop.example.org"));
		assert_int_equal(settings.profile, PROFILE_PEOPLE);
		assert_true(settings.limits.reject.own_loss == 0.002);
		assert_string_equal(settings.own_nets, "");
		settings = readiness_settings_of(
			&config, SPAN("a-name-that-is-longer-than-what-inih-remembers-of-headings.example.org"));
		assert_int_equal(settings.window, 42);
		if (round)
			break;
		out = open_memstream(&printed, &n);
		assert_true(config_print(&config, out, &fault));
		fclose(out);
		config_release(&config);
		assert_non_null(strstr(printed, "\n[domain example.org]\nprofile = parked\nreject.own_loss = 1%\n"));
		assert_true(load(printed, &again, &fault));
		config = again;
		free(printed);
	}
	config_release(&config);
}

/* `.It Ic NAME No = Ar UNIT` ... default ... sentence, below `.Ss Section SECTION`. */
static void test_manual(void **state)
{
	char heading[64], item[128], value[CONFIG_TEXT];
	char *page = manual_read(), *at;
	unsigned rows = 0, items = 0;

	(void)state;
	for (const struct config_setting *row = config_settings; row->name; row++, rows++) {
		char *end;

		snprintf(heading, sizeof heading, "\n.Ss Section %s\n", row->section);
		at = strstr(page, heading);
		assert_non_null(at);
		end = strstr(at + 1, "\n.S"); /* of the section; `.Sx` only refers to one */
		while (end && strncmp(end, "\n.Sx", 4) == 0)
			end = strstr(end + 1, "\n.S");
		snprintf(item, sizeof item, "\n.It Ic %s No = Ar %s\n", row->name, row->unit);
		at = strstr(at, item);
		if (!at || (end && at > end))
			fail_msg("dmarcgate.conf.5 lacks%sbelow `%s`", item, row->section);
		end = strstr(at + 1, "\n.It ");
		if (!config_is_text(row)) {
			snprintf(item, sizeof item, "\nDefault: %s.", config_format(row, row->initial, value));
			at = strstr(at, item);
			if (!at || (end && at > end))
				fail_msg("dmarcgate.conf.5, [%s] %s: lacks `%s`", row->section, row->name, item + 1);
		}
	}
	for (at = page; (at = strstr(at, "\n.It Ic ")); at++)
		items++;
	assert_int_equal(items, rows);
	free(page);
}

/* What is displayed and has settings is a whole configuration, and a good one. */
static void test_manual_examples(void **state)
{
	static const char begin[] = "\n.Bd -literal -offset indent\n", end[] = "\n.Ed\n";
	char *page = manual_read(), *at = page, *last;
	unsigned whole = 0, mailboxes = 0;

	(void)state;
	while ((at = strstr(at, begin))) {
		struct config config;
		struct fault fault = { 0 };

		at += sizeof begin - 1;
		last = strstr(at, end);
		assert_non_null(last);
		last[1] = '\0';
		if (strstr(at, "\nurl = ") || strncmp(at, "db = ", 5) == 0) {
			if (!load(at, &config, &fault))
				fail_msg("%s\n%s", at, fault.text);
			whole++;
			mailboxes += (unsigned)config.mailboxes_n;
			config_release(&config);
		}
		last[1] = '.';
	}
	assert_true(whole >= 9);
	assert_true(mailboxes >= 8);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_cut_lines),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_open_file),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_manual_examples),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}
