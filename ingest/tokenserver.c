#include "ingest/tokenserver.h"

#include "base/escape.h"
#include "base/shortage.h"
#include "ingest/refuse.h"
#include "ingest/secretfile.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_OCTETS (4 << 20)
#define HEADER_OCTETS 65536 /* of all lines together */
#define CONNECT_SECONDS 15
#define ADDRESSES 4096

struct tokenserver {
	struct buf ca; /* PEM; empty: the system's */
};

/* What one exchange gathers. */
struct exchange {
	CURL *curl;
	struct buf body;
	size_t header; /* octets */
	char host[256];
	char addresses[ADDRESSES]; /* HOST:PORT:ADDRESS,ADDRESS */
	char reason[CURL_ERROR_SIZE];
};

/* ---- authorities ---- */

static bool ca_read(const char *path, struct buf *ca, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char octets[16384];
	struct stat st;
	ssize_t got = -1;
	bool good = fd >= 0 && fstat(fd, &st) == 0;

	if (good && !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		good = false;
	}
	while (good && (got = read(fd, octets, sizeof octets)) > 0)
		buf_put(ca, octets, (size_t)got);
	if (got < 0)
		refuse(fault, FAULT_SETUP, path, "%s", strerror(errno));
	else if (ca->failed)
		refuse(fault, FAULT_SETUP, path, "too long for certificates");
	if (fd >= 0)
		close(fd);
	return got == 0 && !ca->failed;
}

struct tokenserver *tokenserver_open(const char *tls_ca, struct fault *fault)
{
	struct tokenserver *server = calloc(1, sizeof *server);

	if (!server || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		fault_set(fault, FAULT_LATER, "out of memory");
		free(server);
		return NULL;
	}
	server->ca = BUF(CA_OCTETS);
	if (!tls_ca || ca_read(tls_ca, &server->ca, fault))
		return server;
	tokenserver_close(server);
	return NULL;
}

void tokenserver_close(struct tokenserver *server)
{
	if (!server)
		return;
	buf_release(&server->ca);
	free(server);
	curl_global_cleanup();
}

/* ---- the question ---- */

void form_put(struct buf *form, const char *name, const char *value)
{
	static const char digits[] = "0123456789ABCDEF";

	if (!value)
		return;
	if (form->n)
		buf_put_byte(form, '&');
	buf_put_text(form, name);
	buf_put_byte(form, '=');
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if ((*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') || strchr("-._~", *p)) {
			buf_put_byte(form, *p);
			continue;
		}
		buf_put_byte(form, '%');
		buf_put_byte(form, (unsigned char)digits[*p >> 4]);
		buf_put_byte(form, (unsigned char)digits[*p & 15]);
	}
}

static size_t body_take(char *octets, size_t one, size_t n, void *arg)
{
	struct exchange *exchange = arg;

	return buf_put(&exchange->body, octets, one * n) ? one * n : 0;
}

static size_t header_take(char *octets, size_t one, size_t n, void *arg)
{
	struct exchange *exchange = arg;

	(void)octets;
	exchange->header += one * n;
	return exchange->header <= HEADER_OCTETS ? one * n : 0;
}

/* The library would look the host up in a thread of its own, which this process may not have. */
static bool addresses_find(struct exchange *exchange, const char *endpoint, struct fault *fault)
{
	struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	CURLU *url = shortage_noted(curl_url());
	char *host = NULL, *port = NULL, text[NI_MAXHOST];
	bool good = url && curl_url_set(url, CURLUPART_URL, endpoint, 0) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
	int n = good ? snprintf(exchange->host, sizeof exchange->host, "%s", host) : -1;
	int error = 0;

	good = n > 0 && (size_t)n < sizeof exchange->host;
	if (!good) {
		fault_set(fault, FAULT_SETUP, "%.200s: not a URL", endpoint);
	} else if (host[0] != '[' && (error = getaddrinfo(host, port, &wanted, &all)) != 0) {
		good = fault_set(fault, FAULT_LATER, "%s: its address cannot be found: %s", host,
			error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	}
	n = good ? snprintf(exchange->addresses, ADDRESSES, "%s:%s:", host, port) : 0;
	for (const struct addrinfo *one = all; one && n < ADDRESSES - NI_MAXHOST; one = one->ai_next)
		if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
			n += snprintf(exchange->addresses + n, ADDRESSES - (size_t)n,
				one->ai_family == AF_INET6 ? "%s[%s]" : "%s%s", one == all ? "" : ",", text);
	if (all)
		freeaddrinfo(all);
	else
		exchange->addresses[0] = 0;
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
	return good;
}

static bool exchange_prepare(struct exchange *exchange, const struct tokenserver *server, const char *endpoint,
	const struct buf *form, const struct curl_slist *names, const struct curl_slist *fields)
{
	struct curl_blob ca = { server->ca.p, server->ca.n, CURL_BLOB_NOCOPY };
	CURL *curl = exchange->curl;

#define SET(option, value) (curl_easy_setopt(curl, CURLOPT_##option, value) == CURLE_OK)
	return SET(URL, endpoint) && SET(PROTOCOLS_STR, "https") && SET(FOLLOWLOCATION, 0L) && SET(PROXY, "") &&
	       SET(SSL_VERIFYPEER, 1L) && SET(SSL_VERIFYHOST, 2L) && SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       (!ca.len || (SET(CAINFO_BLOB, &ca) && SET(CAPATH, NULL))) && (!names || SET(RESOLVE, names)) &&
	       SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(HTTPHEADER, fields) &&
	       SET(USERAGENT, "dmarcgate") && SET(POSTFIELDS, buf_text(form)) && SET(POSTFIELDSIZE, (long)form->n) &&
	       SET(NOSIGNAL, 1L) && SET(CONNECTTIMEOUT, (long)CONNECT_SECONDS) &&
	       SET(TIMEOUT, (long)TOKENSERVER_SECONDS) && SET(MAXFILESIZE, (long)TOKENANSWER_OCTETS) &&
	       SET(WRITEFUNCTION, body_take) && SET(WRITEDATA, exchange) && SET(HEADERFUNCTION, header_take) &&
	       SET(HEADERDATA, exchange) && SET(ERRORBUFFER, exchange->reason);
#undef SET
}

/* ---- the answer ---- */

/* Why there is none. The library's words name hosts, numbers and what the certificate lacks, never the question. */
static bool exchange_failed(struct exchange *exchange, CURLcode code, struct fault *fault)
{
	static const CURLcode lasting[] = { CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT };
	enum fault_kind kind = FAULT_LATER;
	struct buf shown = BUF(4 * CURL_ERROR_SIZE + 1);

	for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
		if (code == lasting[i])
			kind = FAULT_SETUP;
	if (exchange->body.failed || code == CURLE_FILESIZE_EXCEEDED)
		buf_printf(&shown, "the answer has more than %d octets", TOKENANSWER_OCTETS);
	else if (exchange->header > HEADER_OCTETS)
		buf_printf(&shown, "the answer has more than %d octets of header", HEADER_OCTETS);
	else
		escape_terminal(&shown, span_of(exchange->reason[0] ? exchange->reason : curl_easy_strerror(code)));
	fault_set(fault, kind, "%s: %s", exchange->host, buf_text(&shown));
	buf_release(&shown);
	return false;
}

static bool is_json(const char *type)
{
	static const struct span json = { "application/json", 16 };
	struct span text = span_of(type);

	return span_starts_nocase(text, json) && (text.n == json.n || strchr("; \t", text.p[json.n]));
}

/* 200, or an error that RFC 6749 section 5.2 writes down in JSON; everything else is somebody else's page. */
static bool exchange_read(struct exchange *exchange, struct tokenanswer *answer, struct fault *fault)
{
	struct fault reading = { FAULT_NONE };
	const char *type = NULL;
	long status = 0;

	curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(exchange->curl, CURLINFO_CONTENT_TYPE, &type);
	if (status >= 300 && status < 400)
		return fault_set(fault, FAULT_SETUP,
			"%s: HTTP %ld: it sends us elsewhere, where nothing secret is taken", exchange->host, status);
	if (status == 429 || status >= 500)
		return fault_set(fault, FAULT_LATER, "%s: HTTP %ld", exchange->host, status);
	if (!is_json(type))
		return fault_set(fault, FAULT_SETUP, "%s: HTTP %ld: an answer that is not application/json",
			exchange->host, status);
	if (!tokenanswer_read(answer, buf_span(&exchange->body), &reading))
		return fault_set(fault, FAULT_SETUP, "%s: HTTP %ld: %s", exchange->host, status, reading.text);
	if (status != 200 && !answer->error)
		return fault_set(fault, FAULT_SETUP, "%s: HTTP %ld", exchange->host, status);
	return true;
}

bool tokenserver_ask(struct tokenserver *server, const char *endpoint, const struct buf *form,
	struct tokenanswer *answer, struct fault *fault)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	struct curl_slist *fields = curl_slist_append(NULL, "Accept: application/json");
	struct curl_slist *names = NULL;
	bool good = exchange && fields && !form->failed && (exchange->curl = curl_easy_init());
	CURLcode code;

	*answer = (struct tokenanswer){ 0 };
	if (!good) {
		fault_set(fault, FAULT_LATER, "out of memory");
		goto out;
	}
	exchange->body = BUF(TOKENANSWER_OCTETS);
	buf_reserve(&exchange->body, TOKENANSWER_OCTETS);
	good = addresses_find(exchange, endpoint, fault);
	if (!good)
		goto out;
	if (exchange->addresses[0])
		names = curl_slist_append(NULL, exchange->addresses);
	good = exchange_prepare(exchange, server, endpoint, form, names, fields);
	if (!good) {
		fault_set(fault, FAULT_SETUP, "%s: HTTPS cannot be set up", exchange->host);
		goto out;
	}
	code = curl_easy_perform(exchange->curl);
	good = code == CURLE_OK ? exchange_read(exchange, answer, fault) : exchange_failed(exchange, code, fault);
out:
	if (exchange) {
		curl_easy_cleanup(exchange->curl);
		secret_wipe(&exchange->body);
	}
	curl_slist_free_all(names);
	curl_slist_free_all(fields);
	free(exchange);
	return good;
}
