/* Shares and other small decimals as text, the same in every locale. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#define DECIMAL_TEXT 32

/* Rounded to four decimals, no more than needed: `0.0221`, `1`, `0`; what is negative or no number is `0`. Returns
 * `text`. */
const char *decimal_format(double number, char text[DECIMAL_TEXT]);

#endif
