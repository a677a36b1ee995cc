// SPDX-License-Identifier: GPL-2.0-or-later
/* Text from outside, made fit for a terminal and for JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "output.h"

#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY 86400

/* Of the character at text, at most len bytes: its length, 0 if they are not UTF-8. */
static size_t utf8_decode(const char *text, size_t len, uint32_t *ret)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t size = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	uint32_t c = s[0];

	if (s[0] >= 0xf8 || (s[0] >= 0x80 && s[0] < 0xc2) || size > len)
		return 0;
	if (size > 1)
		c &= 0x7fU >> size;
	for (size_t i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (size > 1 && (c < lowest[size] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)))
		return 0;
	*ret = c;
	return size;
}

/* Characters without a width that turn the text around them, or hide in it. */
static bool is_deceptive(uint32_t c)
{
	return c == 0x61c || c == 0xad || c == 0xfeff || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static bool is_printable(const struct output *out, uint32_t c)
{
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	return out->utf8 && c >= 0xa0 && !is_deceptive(c) && wcwidth((wchar_t)c) >= 0;
}

static char *put_hex(char *to, const char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	return to;
}

static char *escape(const struct output *out, const char *text, size_t len)
{
	char *ret = malloc(len * 4 + 1), *to = ret, *small;

	if (ret == NULL)
		return NULL;
	for (size_t i = 0, size; i < len; i += size) {
		uint32_t c = 0;

		size = utf8_decode(text + i, len - i, &c);
		if (size > 0 && is_printable(out, c)) {
			memcpy(to, text + i, size);
			to += size;
		} else if (size == 1 && c == '\n') {
			*to++ = '\\';
			*to++ = 'n';
		} else {
			size = size > 0 ? size : 1;
			to = put_hex(to, text + i, size);
		}
	}
	*to = '\0';
	small = realloc(ret, (size_t)(to - ret) + 1);
	return small != NULL ? small : ret;
}

char *text_escape(const struct output *out, const char *text)
{
	return escape(out, text, strlen(text));
}

char *text_join_argv(const char *args, size_t len)
{
	char *ret;

	while (len > 0 && args[len - 1] == '\0')
		len--;
	ret = malloc(len + 1);
	if (ret == NULL)
		return NULL;
	memcpy(ret, args, len);
	ret[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (ret[i] == '\0')
			ret[i] = ' ';
	return ret;
}

char *text_escape_argv(const struct output *out, const char *args, size_t len)
{
	char *joined = text_join_argv(args, len), *ret;

	if (joined == NULL)
		return NULL;
	ret = text_escape(out, joined);
	free(joined);
	return ret;
}

bool text_is_plain(const char *word)
{
	static const char special[] = " \t\n\"'\\$`*?[]{}()<>|&;#~!";

	return *word != '\0' && strpbrk(word, special) == NULL;
}

char *text_quote_word(const struct output *out, const char *word)
{
	return text_quote_words(out, (const char *const[]){ word, NULL });
}

char *text_quote_words(const struct output *out, const char *const *words)
{
	char *raw = NULL, *text;
	size_t size;
	FILE *f = open_memstream(&raw, &size);

	if (f == NULL)
		return NULL;
	for (size_t i = 0; words[i] != NULL; i++) {
		bool plain = text_is_plain(words[i]);

		fputs(i > 0 ? " " : "", f);
		fputs(plain ? "" : "'", f);
		for (const char *at = words[i]; *at != '\0'; at++)
			fputs(*at == '\'' ? "'\\''" : (char[]){ *at, '\0' }, f);
		fputs(plain ? "" : "'", f);
	}
	text = fclose(f) == 0 ? text_escape(out, raw) : NULL;
	free(raw);
	return text;
}

char *text_utf8(const char *text, size_t len)
{
	char *ret = malloc(len * 4 + 1), *to = ret;

	if (ret == NULL)
		return NULL;
	for (size_t i = 0, size; i < len; i += size) {
		uint32_t c;

		size = utf8_decode(text + i, len - i, &c);
		if (size > 0) {
			memcpy(to, text + i, size);
			to += size;
		} else {
			size = 1;
			to = put_hex(to, text + i, 1);
		}
	}
	*to = '\0';
	return ret;
}

/* The character at text: its bytes, and its columns in *width. */
static size_t next_char(const char *text, size_t *width)
{
	uint32_t c;
	size_t size = utf8_decode(text, strlen(text), &c);
	int columns;

	if (size <= 1) {
		*width = 1;
		return 1;
	}
	columns = wcwidth((wchar_t)c);
	*width = columns > 0 ? (size_t)columns : 0;
	return size;
}

size_t text_width(const char *text)
{
	size_t total = 0, width;

	for (; *text != '\0'; total += width)
		text += next_char(text, &width);
	return total;
}

/* How many bytes from the beginning fit into so many columns. */
static size_t fit_head(const char *text, size_t columns)
{
	size_t bytes = 0;

	while (text[bytes] != '\0') {
		size_t width, size = next_char(text + bytes, &width);

		if (width > columns)
			break;
		columns -= width;
		bytes += size;
	}
	return bytes;
}

/* Where the part begins that fits into so many columns at the end. */
static size_t fit_tail(const char *text, size_t columns)
{
	size_t total = text_width(text), bytes = 0;

	while (total > columns) {
		size_t width;

		bytes += next_char(text + bytes, &width);
		total -= width;
	}
	return bytes;
}

static char *cut(const struct output *out, const char *text, size_t width, bool middle)
{
	const char *dots = out->utf8 ? "…" : "...";
	size_t dots_width = out->utf8 ? 1 : 3, tail = 0, head;
	char *ret;

	if (text_width(text) <= width)
		return strdup(text);
	if (width <= dots_width)
		return strndup(text, fit_head(text, width));
	width -= dots_width;
	if (middle)
		tail = width / 2;
	head = fit_head(text, width - tail);
	if (asprintf(&ret, "%.*s%s%s", (int)head, text, dots,
		     text + fit_tail(text, tail)) < 0)
		return NULL;
	return ret;
}

char *text_cut_middle(const struct output *out, const char *text, size_t width)
{
	return cut(out, text, width, true);
}

char *text_cut_end(const struct output *out, const char *text, size_t width)
{
	return cut(out, text, width, false);
}

const char *text_size(char buf[static 16], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double size = (double)bytes;
	const char *unit = units;

	if (bytes < 1000) {
		snprintf(buf, 16, "%u", (unsigned)bytes);
		return buf;
	}
	/* Three digits: 999K, then 0.98M would be less than it says. */
	for (size /= 1024; size >= 999.5 && unit[1] != '\0'; unit++)
		size /= 1024;
	snprintf(buf, 16, size < 9.95 ? "%.1f%c" : "%.0f%c", size, *unit);
	return buf;
}

const char *text_age(char buf[static 16], uint64_t seconds)
{
	uint64_t number = seconds;
	char unit = 's';

	/* The number has to say enough: 90s, not 1m; 36h, not 1d. */
	if (seconds >= 2 * SECONDS_PER_DAY) {
		number = seconds / SECONDS_PER_DAY;
		unit = 'd';
	} else if (seconds >= 2 * SECONDS_PER_HOUR) {
		number = seconds / SECONDS_PER_HOUR;
		unit = 'h';
	} else if (seconds >= 2 * SECONDS_PER_MINUTE) {
		number = seconds / SECONDS_PER_MINUTE;
		unit = 'm';
	}
	if (number > 99999999)
		number = 99999999;
	snprintf(buf, 16, "%u%c", (unsigned)number, unit);
	return buf;
}
