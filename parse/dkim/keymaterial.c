#include "parse/dkim/keymaterial.h"
#include "base/base64.h"
#include "parse/dkim/der.h"
#include "parse/dkim/keyrecord.h"

#define ED25519_OCTETS 32

/* SEQUENCE { SEQUENCE { OID id-Ed25519 }, BIT STRING { 0 unused bits, 32 octets */
static const char ed25519_frame[] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

struct key_material keymaterial_of(struct span octets)
{
	struct key_material material = { .form = KEY_FORM_UNKNOWN };
	size_t frame = sizeof(ed25519_frame) - 1;
	struct der_rsa rsa;

	if (octets.n == ED25519_OCTETS) {
		material.form = KEY_FORM_ED25519;
		material.point = octets;
	} else if (octets.n == frame + ED25519_OCTETS && memcmp(octets.p, ed25519_frame, frame) == 0) {
		material.form = KEY_FORM_ED25519_WRAPPED;
		material.point = (struct span){ octets.p + frame, ED25519_OCTETS };
	} else if (der_is_private(octets)) {
		material.form = KEY_FORM_PRIVATE;
	} else if (der_claims(octets) > octets.n) {
		material.form = KEY_FORM_CUT;
		material.octets_wanted = der_claims(octets);
	} else if ((material.fault = der_rsa_parse(octets, &rsa)) == NULL) {
		material.bits = der_bits(rsa.modulus);
		if (material.bits > KEYRECORD_RSA_BITS_MAX) {
			material.fault = "RSA modulus above 16384 bits";
			material.bits = 0;
			return material;
		}
		material.form = rsa.bare ? KEY_FORM_RSA_BARE : KEY_FORM_RSA;
		material.modulus = rsa.modulus;
		material.exponent = rsa.exponent;
		material.trailing = rsa.trailing;
	}
	if (material.point.p)
		material.bits = 256;
	return material;
}

bool keymaterial_is_rsa(const struct key_material *material)
{
	return material->form == KEY_FORM_RSA || material->form == KEY_FORM_RSA_BARE;
}

bool keymaterial_is_ed25519(const struct key_material *material)
{
	return material->form == KEY_FORM_ED25519 || material->form == KEY_FORM_ED25519_WRAPPED;
}

bool keymaterial_same(const struct key_material *a, const struct key_material *b)
{
	if (keymaterial_is_rsa(a) && keymaterial_is_rsa(b))
		return span_is(a->modulus, b->modulus) && span_is(a->exponent, b->exponent);
	return keymaterial_is_ed25519(a) && keymaterial_is_ed25519(b) && span_is(a->point, b->point);
}

bool keymaterial_put(struct buf *out, const struct key_material *material)
{
	struct buf der = BUF(KEYRECORD_RSA_BITS_MAX / 8 + 64);
	bool good = true;

	if (keymaterial_is_ed25519(material))
		return base64_put(out, material->point);
	if (!keymaterial_is_rsa(material))
		return false;
	good = der_rsa_put(&der, material->modulus, material->exponent) && base64_put(out, buf_span(&der));
	buf_release(&der);
	return good;
}
