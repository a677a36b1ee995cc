// SPDX-License-Identifier: GPL-2.0-or-later
/* The few pieces of JSON that nsfix prints. */
#include "nsfix.h"

/* For text that is valid UTF-8. */
void json_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

void json_key_string(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	json_string(out, text);
}

void json_pids(FILE *out, const int *pids, int count)
{
	fputc('[', out);
	for (int i = 0; i < count; i++)
		fprintf(out, "%s%d", i ? "," : "", pids[i]);
	fputc(']', out);
}

static void json_links(FILE *out, const struct task *t, int from, int to)
{
	fputc('{', out);
	for (int i = from; i < to; i++) {
		fprintf(out, "%s\"%s\":", i > from ? "," : "", link_names[i]);
		if (t->ns[i][0])
			json_string(out, t->ns[i]);
		else
			fputs("null", out);
	}
	fputc('}', out);
}

void json_task(FILE *out, const struct task *t)
{
	fprintf(out, "{\"pid\":%d,\"tid\":%d,\"inner\":%d,", t->pids[0], t->tids[0],
		t->pids[t->levels - 1]);
	fprintf(out, "\"proc_pid\":%d,\"proc_tid\":%d,\"pids\":", t->proc_pid,
		t->proc_tid);
	json_pids(out, t->pids, t->levels);
	fputs(",\"tids\":", out);
	json_pids(out, t->tids, t->levels);
	if (t->fd >= 0)
		fprintf(out, ",\"fd\":%d", t->fd);
	fputs(",\"ns\":", out);
	json_links(out, t, 0, TYPES);
	fputs(",\"for_children\":", out);
	json_links(out, t, TYPES, LINKS);
	fputc('}', out);
}

void json_member(FILE *out, const char *key, const struct task *t)
{
	fprintf(out, ",\"%s\":", key);
	json_task(out, t);
}

/* `"tasks":[...]` */
void json_tasks(FILE *out, const struct task *t, size_t count)
{
	fputs("\"tasks\":[", out);
	for (size_t i = 0; i < count; i++) {
		if (i)
			fputc(',', out);
		json_task(out, &t[i]);
	}
	fputc(']', out);
}
