#include "report/sheet.h"

void sheet_begin(struct sheet *sheet, FILE *out, const struct style *style)
{
	*sheet = (struct sheet){ .out = out, .style = style, .line = BUF(SHEET_LINE) };
	sheet->pen = (struct pen){ &sheet->line, style, PEN_TERMINAL };
}

bool sheet_end(struct sheet *sheet)
{
	buf_release(&sheet->line);
	return !sheet->failed && fflush(sheet->out) == 0 && !ferror(sheet->out);
}

void sheet_forget(struct sheet *sheet)
{
	sheet->failed |= sheet->line.failed;
	buf_clear(&sheet->line);
}

void sheet_paragraph(struct sheet *sheet, unsigned indent)
{
	if (sheet->line.n)
		style_paragraph(sheet->out, sheet->style, indent, buf_span(&sheet->line));
	sheet_forget(sheet);
}

void sheet_continue(struct sheet *sheet, unsigned column, unsigned indent)
{
	style_continue(sheet->out, sheet->style, column, indent, buf_span(&sheet->line));
	sheet_forget(sheet);
}

void sheet_labelled(struct sheet *sheet, struct style_label label)
{
	style_labelled(sheet->out, sheet->style, label, buf_span(&sheet->line));
	sheet_forget(sheet);
}

void sheet_copy(struct sheet *sheet)
{
	fprintf(sheet->out, "%s%s%s\n", style_ink(sheet->style, INK_STEP), buf_text(&sheet->line),
		style_off(sheet->style, INK_STEP));
	sheet_forget(sheet);
}

void sheet_heading(struct sheet *sheet, const char *text, const char *remark)
{
	fprintf(sheet->out, "\n%s%s%s%s\n", style_ink(sheet->style, INK_STRONG), text,
		style_off(sheet->style, INK_STRONG), remark);
}
