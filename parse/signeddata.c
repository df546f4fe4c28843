#include "parse/signeddata.h"

#include <limits.h>
#include <openssl/cms.h>
#include <openssl/err.h>

/* A SEQUENCE of any form of length, then 1.2.840.113549.1.7.2. */
bool signeddata_recognise(struct span front)
{
	static const char identity[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
	size_t at = 2;

	if (front.n < 2 || front.p[0] != '0')
		return false;
	if ((unsigned char)front.p[1] > 0x80)
		at += (unsigned char)front.p[1] - 0x80u;
	return front.n >= at + sizeof identity - 1 && memcmp(front.p + at, identity, sizeof identity - 1) == 0;
}

bool signeddata_open(struct span octets, struct buf *content)
{
	BIO *in = octets.n <= INT_MAX ? BIO_new_mem_buf(octets.p, (int)octets.n) : NULL;
	CMS_ContentInfo *cms = in ? d2i_CMS_bio(in, NULL) : NULL;
	ASN1_OCTET_STRING **inner = cms ? CMS_get0_content(cms) : NULL;
	bool found = inner && *inner && ASN1_STRING_length(*inner) > 0 &&
		     buf_put(content, ASN1_STRING_get0_data(*inner), (size_t)ASN1_STRING_length(*inner));

	CMS_ContentInfo_free(cms);
	BIO_free(in);
	ERR_clear_error();
	return found;
}
