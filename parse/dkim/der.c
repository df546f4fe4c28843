#include "parse/dkim/der.h"

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_NULL = 0x05, DER_OID = 0x06, DER_SEQUENCE = 0x30 };

#define EXPONENT_OCTETS_MAX 8

/* Takes one element of the wanted type off the front; lengths of up to three octets, no indefinite ones. */
static bool element_take(struct span *rest, unsigned type, struct span *content)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t at = 2, length;

	if (rest->n < 2 || p[0] != type)
		return false;
	length = p[1];
	if (length & 0x80) {
		size_t octets = length & 0x7f;

		if (octets == 0 || octets > 3 || rest->n < 2 + octets)
			return false;
		for (length = 0; octets; octets--)
			length = length << 8 | p[at++];
	}
	if (length > rest->n - at)
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
	static const char rsa_encryption[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
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
