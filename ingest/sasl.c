#include "ingest/sasl.h"

#include "base/base64.h"
#include "ingest/secretfile.h"
#include "ingest/tokenanswer.h"

#include <string.h>

#define CHALLENGE_OCTETS 8192

const char *sasl_mechanism(enum mailbox_login login)
{
	return login == LOGIN_XOAUTH2 ? "XOAUTH2" : login == LOGIN_OAUTHBEARER ? "OAUTHBEARER" : "PLAIN";
}

/* gs2-header, RFC 5801 section 4: `,` and `=` of the user are escaped. */
static void bearer_put(struct buf *out, const struct sasl *sasl)
{
	buf_put_text(out, "n,a=");
	for (const char *p = sasl->user; *p; p++)
		if (*p == ',' || *p == '=')
			buf_put_text(out, *p == ',' ? "=2C" : "=3D");
		else
			buf_put_byte(out, (unsigned char)*p);
	buf_printf(out, ",\001host=%s\001port=%u", sasl->host, sasl->port);
}

bool sasl_initial(struct buf *out, const struct sasl *sasl, struct span secret)
{
	struct buf plain = BUF(SASL_OCTETS / 2);
	bool good = secret.n > 0 && !memchr(secret.p, 0, secret.n);

	/* No growing: a buffer that moves leaves the secret behind. */
	good = good && buf_reserve(&plain, SASL_OCTETS / 2 - 64) && buf_reserve(out, SASL_OCTETS - 64);
	if (sasl->login == LOGIN_PASSWORD) {
		buf_put(&plain, "\0", 1);
		buf_put_text(&plain, sasl->user);
		buf_put(&plain, "\0", 1);
		buf_put_span(&plain, secret);
	} else {
		good = good && !memchr(secret.p, 1, secret.n) && !strchr(sasl->user, 1);
		if (sasl->login == LOGIN_XOAUTH2)
			buf_printf(&plain, "user=%s", sasl->user);
		else
			bearer_put(&plain, sasl);
		buf_put_text(&plain, "\001auth=Bearer ");
		buf_put_span(&plain, secret);
		buf_put_text(&plain, "\001\001");
	}
	if (good && !plain.failed)
		base64_put(out, buf_span(&plain));
	good = good && !plain.failed && !out->failed;
	secret_wipe(&plain);
	return good;
}

static bool base64_get(struct buf *out, struct span text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
		const char *digit = text.p[i] ? strchr(digits, text.p[i]) : NULL;

		if (!digit)
			return false;
		bits = (bits << 6 | (uint32_t)(digit - digits)) & 0xffff;
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_put_byte(out, (unsigned char)(bits >> n & 255));
		}
	}
	return !out->failed;
}

void sasl_reason(struct buf *out, struct span challenge)
{
	struct buf plain = BUF(CHALLENGE_OCTETS);

	if (challenge.n && challenge.p[0] == '+')
		challenge = (struct span){ challenge.p + 1, challenge.n - 1 };
	else if (span_starts_nocase(challenge, SPAN("334 ")))
		challenge = (struct span){ challenge.p + 4, challenge.n - 4 };
	if (base64_get(&plain, span_trim(challenge)))
		tokenanswer_refusal(out, buf_span(&plain));
	buf_release(&plain);
}
