#include "report/assess/bound.h"

#include <math.h>

#define Z95 1.6448536269514722
#define MINUS_LN_5_PERCENT 2.995732273553991
#define MISS 0.05
#define EXACT_MOST 200
#define HALVINGS 60

/* m * 2^e with m in [0.5, 1) or 0: products of thousands of small factors would leave the range of a double. */
struct scaled {
	double m;
	int e;
};

static struct scaled scaled_of(double value)
{
	struct scaled s = { 0 };

	s.m = frexp(value, &s.e);
	return s;
}

static struct scaled scaled_times(struct scaled a, double value)
{
	struct scaled s = scaled_of(a.m * value);

	s.e += a.e;
	return s;
}

/* base^n by squaring; the exponent stays far from the limits of int because base >= 2^-60 unless the result is 0
 * anyway. */
static struct scaled scaled_power(double base, uint64_t n)
{
	struct scaled result = { 0.5, 1 }, square = scaled_of(base);

	for (; n; n >>= 1) {
		if (n & 1) {
			result = scaled_times(result, square.m);
			result.e += square.e;
		}
		square = (struct scaled){ square.m * square.m, square.e * 2 };
		if (square.m < 0.5 && square.m > 0)
			square = (struct scaled){ square.m * 2, square.e - 1 };
		if (square.e < -100000000 || result.e < -100000000)
			return (struct scaled){ 0, 0 };
	}
	return result;
}

static double scaled_value(struct scaled s)
{
	return s.e < -1080 ? 0 : ldexp(s.m, s.e);
}

/* P(X <= x) of a binomial variable, term after term: t(k+1) = t(k) (n-k)/(k+1) p/(1-p). */
static double binomial_below(uint64_t x, uint64_t n, double p)
{
	struct scaled term;
	double sum, odds = p / (1 - p);

	if (p >= 1)
		return 0;
	term = scaled_power(1 - p, n);
	sum = scaled_value(term);
	for (uint64_t k = 0; k < x; k++) {
		term = scaled_times(term, (double)(n - k) / (double)(k + 1) * odds);
		sum += scaled_value(term);
	}
	return sum;
}

struct interval bound_wilson(uint64_t x, uint64_t n)
{
	struct interval interval = { 0, 1 };
	double share, size = (double)n, z2 = Z95 * Z95, centre, half;

	if (n == 0)
		return interval;
	share = (double)x / size;
	centre = (share + z2 / (2 * size)) / (1 + z2 / size);
	half = Z95 * sqrt(share * (1 - share) / size + z2 / (4 * size * size)) / (1 + z2 / size);
	if (centre - half > 0)
		interval.low = centre - half;
	if (centre + half < 1)
		interval.high = centre + half;
	return interval;
}

double bound_upper(uint64_t x, uint64_t n)
{
	double low, high = 1;

	if (n == 0 || x >= n)
		return 1;
	if (x > EXACT_MOST)
		return bound_wilson(x, n).high;
	low = (double)x / (double)n;
	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (binomial_below(x, n, middle) > MISS)
			low = middle;
		else
			high = middle;
	}
	return high;
}

double bound_rate(double weeks)
{
	return weeks <= 0 ? 1 : MINUS_LN_5_PERCENT / weeks;
}

uint64_t bound_needed(uint64_t x, double limit)
{
	uint64_t low = x, high = x + 1, most = UINT64_C(1) << 40;

	while (high < most && bound_upper(x, high) > limit) {
		low = high;
		high *= 2;
	}
	if (high >= most)
		return 0;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (bound_upper(x, middle) > limit)
			low = middle;
		else
			high = middle;
	}
	return high;
}

bool bound_rose(uint64_t x1, uint64_t n1, uint64_t x0, uint64_t n0)
{
	if (n1 < 10 || n0 < 10 || x1 < 10)
		return false;
	return (double)x1 / (double)n1 - (double)x0 / (double)n0 >= 0.02 &&
	       bound_wilson(x1, n1).low > bound_wilson(x0, n0).high;
}
