#include "ingest/sasl.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void sasl_base64(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n; i += 3) {
		uint32_t three = (uint32_t)(unsigned char)text.p[i] << 16;

		if (i + 1 < text.n)
			three |= (uint32_t)(unsigned char)text.p[i + 1] << 8;
		if (i + 2 < text.n)
			three |= (unsigned char)text.p[i + 2];
		buf_put_byte(out, (unsigned char)digits[three >> 18]);
		buf_put_byte(out, (unsigned char)digits[three >> 12 & 63]);
		buf_put_byte(out, i + 1 < text.n ? (unsigned char)digits[three >> 6 & 63] : '=');
		buf_put_byte(out, i + 2 < text.n ? (unsigned char)digits[three & 63] : '=');
	}
}

const char *sasl_mechanism(enum mailbox_login login)
{
	return login == LOGIN_XOAUTH2 ? "XOAUTH2" : login == LOGIN_OAUTHBEARER ? "OAUTHBEARER" : "PLAIN";
}

void sasl_wipe(struct buf *out)
{
	if (out->p)
		explicit_bzero(out->p, out->room);
	buf_release(out);
}

bool sasl_initial(struct buf *out, const struct mailbox *mailbox, struct span secret)
{
	struct buf plain = BUF(SASL_OCTETS / 2);
	struct span user = span_of(mailbox->user);
	bool good = !memchr(secret.p, 0, secret.n);

	/* No growing: a buffer that moves leaves the secret behind. */
	good = good && buf_reserve(&plain, SASL_OCTETS / 2 - 64) && buf_reserve(out, SASL_OCTETS - 64);
	if (mailbox->login == LOGIN_PASSWORD) {
		buf_put(&plain, "\0", 1);
		buf_put_span(&plain, user);
		buf_put(&plain, "\0", 1);
		buf_put_span(&plain, secret);
	} else {
		good = good && !memchr(secret.p, 1, secret.n) && !memchr(user.p, 1, user.n);
		if (mailbox->login == LOGIN_XOAUTH2)
			buf_printf(&plain, "user=%s", mailbox->user);
		else /* gs2: `,` and `=` of the user are escaped, RFC 5801 section 4 */
			buf_put_text(&plain, "n,a=");
		for (size_t i = 0; mailbox->login == LOGIN_OAUTHBEARER && i < user.n; i++)
			if (user.p[i] == ',' || user.p[i] == '=')
				buf_put_text(&plain, user.p[i] == ',' ? "=2C" : "=3D");
			else
				buf_put_byte(&plain, (unsigned char)user.p[i]);
		if (mailbox->login == LOGIN_OAUTHBEARER)
			buf_printf(&plain, ",\001host=%s\001port=%u", mailbox->host, mailbox->port);
		buf_put_text(&plain, "\001auth=Bearer ");
		buf_put_span(&plain, secret);
		buf_put_text(&plain, "\001\001");
	}
	if (good && !plain.failed)
		sasl_base64(out, buf_span(&plain));
	good = good && !plain.failed && !out->failed;
	sasl_wipe(&plain);
	return good;
}

void sasl_reason(struct buf *out, struct span challenge)
{
	uint32_t bits = 0;
	unsigned n = 0;

	if (challenge.n && challenge.p[0] == '+')
		challenge = (struct span){ challenge.p + 1, challenge.n - 1 };
	challenge = span_trim(challenge);
	for (size_t i = 0; i < challenge.n && challenge.p[i] != '='; i++) {
		const char *digit = challenge.p[i] ? strchr(digits, challenge.p[i]) : NULL;

		if (!digit) {
			buf_clear(out);
			return;
		}
		bits = (bits << 6 | (uint32_t)(digit - digits)) & 0xffff;
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_put_byte(out, (unsigned char)(bits >> n & 255));
		}
	}
}
