#include "parse/dkim/der.h"

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_NULL = 0x05, DER_OID = 0x06, DER_SEQUENCE = 0x30 };

#define EXPONENT_OCTETS_MAX 8

static const char rsa_encryption[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

/* Reads the head of an element; lengths of up to three octets, no indefinite ones. *at: where its content begins. */
static bool head_read(struct span octets, unsigned type, size_t *at, size_t *length)
{
	const unsigned char *p = (const unsigned char *)octets.p;

	if (octets.n < 2 || p[0] != type)
		return false;
	*at = 2;
	*length = p[1];
	if (*length & 0x80) {
		size_t n = *length & 0x7f;

		if (n == 0 || n > 3 || octets.n < 2 + n)
			return false;
		for (*length = 0; n; n--)
			*length = *length << 8 | p[(*at)++];
	}
	return true;
}

/* Takes one element of the wanted type off the front. */
static bool element_take(struct span *rest, unsigned type, struct span *content)
{
	size_t at, length;

	if (!head_read(*rest, type, &at, &length) || length > rest->n - at)
		return false;
	*content = (struct span){ rest->p + at, length };
	*rest = (struct span){ rest->p + at + length, rest->n - at - length };
	return true;
}

static bool integer_take(struct span *rest, struct span *integer)
{
	if (!element_take(rest, DER_INTEGER, integer) || integer->n == 0 || ((unsigned char)integer->p[0] & 0x80))
		return false;
	while (integer->n && integer->p[0] == 0) {
		integer->p++;
		integer->n--;
	}
	return integer->n > 0;
}

static bool integer_is_odd(struct span integer)
{
	return integer.p[integer.n - 1] & 1;
}

uint32_t der_bits(struct span integer)
{
	uint32_t bits = (uint32_t)integer.n * 8;

	if (integer.n == 0)
		return 0;
	for (unsigned top = (unsigned char)integer.p[0]; !(top & 0x80) && bits; top <<= 1)
		bits--;
	return bits;
}

/* SEQUENCE { SEQUENCE { OID rsaEncryption, NULL }, BIT STRING { 0 unused bits, RSAPublicKey } } */
static const char *spki_open(struct span *content)
{
	struct span algorithm, oid, bits, sequence;

	if (!element_take(content, DER_SEQUENCE, &algorithm) || !element_take(&algorithm, DER_OID, &oid))
		return "not a DER key";
	if (!span_is(oid, SPAN(rsa_encryption)))
		return "not an RSA key";
	if (!element_take(content, DER_BITS, &bits) || bits.n < 1 || bits.p[0] != 0)
		return "not a DER key";
	bits.p++;
	bits.n--;
	if (!element_take(&bits, DER_SEQUENCE, &sequence))
		return "not a DER key";
	*content = sequence;
	return NULL;
}

const char *der_rsa_parse(struct span octets, struct der_rsa *rsa)
{
	struct span content;
	const char *fault;

	*rsa = (struct der_rsa){ 0 };
	if (!element_take(&octets, DER_SEQUENCE, &content) || content.n == 0)
		return "not a DER key";
	rsa->trailing = octets.n > 0;
	rsa->bare = content.p[0] == DER_INTEGER;
	if (!rsa->bare && (fault = spki_open(&content)))
		return fault;
	if (!integer_take(&content, &rsa->modulus) || !integer_take(&content, &rsa->exponent))
		return "not a DER key";
	if (rsa->exponent.n > EXPONENT_OCTETS_MAX || !integer_is_odd(rsa->exponent) ||
		span_is(rsa->exponent, SPAN("\x01")))
		return "unreasonable RSA exponent";
	if (!integer_is_odd(rsa->modulus))
		return "unreasonable RSA modulus";
	return NULL;
}

size_t der_claims(struct span octets)
{
	size_t at, length;

	return head_read(octets, DER_SEQUENCE, &at, &length) ? at + length : 0;
}

/* All of them begin with a small version number, where a bare public key has its modulus. */
bool der_is_private(struct span octets)
{
	size_t at, length;

	if (!head_read(octets, DER_SEQUENCE, &at, &length))
		return false;
	octets = (struct span){ octets.p + at, octets.n - at };
	return octets.n > 2 && octets.p[0] == DER_INTEGER && octets.p[1] == 1 && (unsigned char)octets.p[2] <= 1;
}

static size_t head_octets(size_t length)
{
	return length < 0x80 ? 2 : length < 0x100 ? 3 : length < 0x10000 ? 4 : 5;
}

static void head_put(struct buf *out, unsigned char type, size_t length)
{
	size_t n = head_octets(length) - 2;

	buf_put_byte(out, type);
	if (n)
		buf_put_byte(out, (unsigned char)(0x80 | n));
	for (n = n ? n : 1; n; n--)
		buf_put_byte(out, (unsigned char)(length >> 8 * (n - 1)));
}

/* A number whose first octet would read as a sign has a zero before it. */
static size_t integer_octets(struct span integer)
{
	return integer.n + (integer.n == 0 || ((unsigned char)integer.p[0] & 0x80));
}

static void integer_put(struct buf *out, struct span integer)
{
	size_t n = integer_octets(integer);

	head_put(out, DER_INTEGER, n);
	if (n > integer.n)
		buf_put_byte(out, 0);
	buf_put_span(out, integer);
}

bool der_rsa_put(struct buf *out, struct span modulus, struct span exponent)
{
	size_t numbers = head_octets(integer_octets(modulus)) + integer_octets(modulus) +
		head_octets(integer_octets(exponent)) + integer_octets(exponent);
	size_t key = head_octets(numbers) + numbers, bits = 1 + key;
	size_t algorithm = 2 + sizeof(rsa_encryption) - 1 + 2;

	head_put(out, DER_SEQUENCE, 2 + algorithm + head_octets(bits) + bits);
	head_put(out, DER_SEQUENCE, algorithm);
	head_put(out, DER_OID, sizeof(rsa_encryption) - 1);
	buf_put_span(out, SPAN(rsa_encryption));
	head_put(out, DER_NULL, 0);
	head_put(out, DER_BITS, bits);
	buf_put_byte(out, 0);
	head_put(out, DER_SEQUENCE, numbers);
	integer_put(out, modulus);
	integer_put(out, exponent);
	return !out->failed;
}
