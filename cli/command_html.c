/* The verdict as pages: written whole under another name first, so that a reader never meets half of one. */
#include "cli/domains.h"
#include "cli/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDEX_OCTETS ((size_t)256 * 1024 * 1024)

/* ---- files */

static int temporary_create(const char *folder, char *temporary, size_t room, struct fault *fault)
{
	int fd;

	if (snprintf(temporary, room, "%s/.dmarcgate-XXXXXX", folder) >= (int)room) {
		fault_set(fault, FAULT_SETUP, "%.200s...: path too long", folder);
		return -1;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		fault_set(fault, FAULT_SETUP, "%.300s: %s", folder, strerror(errno));
	return fd;
}

static bool write_all(int fd, struct span octets)
{
	while (octets.n) {
		ssize_t n = write(fd, octets.p, octets.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		octets.p += n;
		octets.n -= (size_t)n;
	}
	return true;
}

static bool write_failed(const char *path, struct fault *fault)
{
	return fault_set(fault, errno == ENOSPC || errno == EDQUOT ? FAULT_LATER : FAULT_SETUP, "%.300s: %s", path,
		strerror(errno));
}

/* A pipe or a device cannot be replaced. */
static bool write_into(const char *path, struct span octets, struct fault *fault)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write_all(fd, octets);

	if (!done)
		write_failed(path, fault);
	if (fd >= 0)
		close(fd);
	return done;
}

/* Whoever may read the page that is there may read the one that replaces it; a new one is for its owner alone. */
static bool page_write(const char *path, struct span octets, struct fault *fault)
{
	const char *slash = strrchr(path, '/');
	char folder[4096], temporary[4200];
	struct stat old;
	bool there = stat(path, &old) == 0, done;
	int fd;

	if (there && !S_ISREG(old.st_mode))
		return write_into(path, octets, fault);
	if (snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".") >=
		(int)sizeof folder)
		return fault_set(fault, FAULT_SETUP, "%.200s...: path too long", path);
	fd = temporary_create(folder, temporary, sizeof temporary, fault);
	if (fd < 0)
		return false;
	done = (!there || fchmod(fd, old.st_mode & 0777) == 0) && write_all(fd, octets) && fsync(fd) == 0;
	done = close(fd) == 0 && done && rename(temporary, path) == 0;
	if (!done) {
		write_failed(path, fault);
		unlink(temporary);
	}
	return done;
}

/* ---- one domain in several files */

static bool folder_make(const char *folder, struct fault *fault)
{
	return mkdir(folder, 0700) == 0 || errno == EEXIST ||
	       fault_set(fault, FAULT_SETUP, "%.300s: %s", folder, strerror(errno));
}

struct paging {
	const char *folder;
	struct fault *fault;
};

static bool page_take(void *arg, const char *file, struct span page)
{
	struct paging *paging = arg;
	struct buf path = BUF(8192);
	bool ok;

	buf_printf(&path, "%s/%s", paging->folder, file);
	ok = page_write(buf_text(&path), page, paging->fault);
	buf_release(&path);
	return ok;
}

static bool pages_write(struct readiness *r, const char *folder, struct fault *fault)
{
	struct assessment a = { &r->rows, &r->options, &r->verdict };
	struct paging paging = { folder, fault };
	struct page_samples samples = { 0 };
	bool ok = folder_make(folder, fault) && page_samples_find(r, &samples, fault);

	if (ok)
		ok = readiness_html_pages(&a, &samples.shown, page_take, &paging) || fault->kind != FAULT_NONE ||
		     fault_set(fault, FAULT_LATER, "%.253s: out of memory", r->options.domain.name.p);
	page_samples_release(&samples);
	return ok && fault->kind == FAULT_NONE;
}

static int html_one(struct readiness *r, struct span domain, struct fault *fault)
{
	struct buf page = BUF(HTML_OCTETS);
	const char *path = r->cli->options.output;
	int code = EXIT_DONE;

	if (!readiness_assess(r, domain, TARGET_AUTO, fault))
		code = cli_refuse(r->cli, fault);
	else if (r->cli->options.pages)
		code = pages_write(r, r->cli->options.pages, fault) ? EXIT_DONE : cli_fail(r->cli, fault);
	else if (!page_make(r, &page, fault))
		code = cli_fail(r->cli, fault);
	else if (!path || strcmp(path, "-") == 0)
		fwrite(buf_text(&page), 1, page.n, stdout); /* cli_flush tells */
	else if (!page_write(path, buf_span(&page), fault))
		code = cli_fail(r->cli, fault);
	buf_release(&page);
	return code;
}

/* ---- all of them: DIR/index.html and a page, or with --pages a folder, for each */

static void folder_index(struct buf *file, struct span domain)
{
	page_folder_name(file, domain);
	buf_put_text(file, "/index.html");
}

static int html_page_of_many(struct readiness *r, const char *folder, struct fault *fault)
{
	struct buf page = BUF(HTML_OCTETS), path = BUF(8192);
	int code = EXIT_DONE;

	buf_put_text(&path, folder);
	buf_put_byte(&path, '/');
	(r->cli->options.pages ? page_folder_name : page_file_name)(&path, r->verdict.domain);
	if (r->cli->options.pages)
		code = pages_write(r, buf_text(&path), fault) ? EXIT_DONE : cli_fail(r->cli, fault);
	else if (!page_make(r, &page, fault) || !page_write(buf_text(&path), buf_span(&page), fault))
		code = cli_fail(r->cli, fault);
	buf_release(&page);
	buf_release(&path);
	return code;
}

static int html_index(struct readiness *r, struct overview *overview, const char *folder, struct fault *fault)
{
	struct buf page = BUF(INDEX_OCTETS), path = BUF(8192);
	int code = EXIT_DONE;

	overview_sort(overview);
	buf_printf(&path, "%s/index.html", folder);
	if (!overview_html(&page, overview, r->cli->options.pages ? folder_index : page_file_name) || !page_write(buf_text(&path), buf_span(&page), fault))
		code = fault->kind ? cli_fail(r->cli, fault) : cli_unwritten(r->cli);
	buf_release(&page);
	buf_release(&path);
	return code;
}

static int html_all(struct readiness *r, const struct domain_list *list, struct fault *fault)
{
	const char *folder = r->cli->options.pages ? r->cli->options.pages : r->cli->options.output;
	struct overview overview = OVERVIEW;
	int code = EXIT_DONE;

	if (!folder_make(folder, fault))
		return cli_fail(r->cli, fault);
	for (size_t i = 0; code == EXIT_DONE && i < list->n; i++) {
		*fault = (struct fault){ 0 };
		if (!readiness_assess(r, list->names[i], TARGET_AUTO, fault)) {
			overview.left_out += fault->kind == FAULT_INPUT;
			code = fault->kind == FAULT_INPUT ? EXIT_DONE : cli_fail(r->cli, fault);
			continue;
		}
		if (!overview_add(&overview, &(struct assessment){ &r->rows, &r->options, &r->verdict }))
			code = cli_unwritten(r->cli);
		else
			code = html_page_of_many(r, folder, fault);
	}
	if (code == EXIT_DONE)
		code = html_index(r, &overview, folder, fault);
	overview_release(&overview);
	return code;
}

static const char *html_wrong(const struct options *options)
{
	if (options->all && options->args_n)
		return "say a domain, or --all";
	if (options->pages && options->output)
		return "say -o, or --pages";
	if (options->all && !options->pages && (!options->output || strcmp(options->output, "-") == 0))
		return "--all wants a folder: -o FOLDER, or --pages FOLDER";
	if (!options->all && options->args_n != 1)
		return "name one domain, or --all";
	return NULL;
}

int command_html(struct cli *cli)
{
	struct domain_list list = DOMAIN_LIST;
	struct fault fault = { 0 };
	struct store *store;
	struct readiness r;
	int code;

	if (html_wrong(&cli->options)) {
		cli_say(cli, "html: %s", html_wrong(&cli->options));
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (!readiness_open(&r, cli, store, &fault)) {
		store_close(store);
		return cli_fail(cli, &fault);
	}
	if (!cli->options.all)
		code = html_one(&r, span_of(cli->options.args[0]), &fault);
	else if (!domains_ask(cli, store, &list, &fault))
		code = cli_fail(cli, &fault);
	else
		code = html_all(&r, &list, &fault);
	domains_release(&list);
	readiness_close(&r);
	store_close(store);
	return code;
}
