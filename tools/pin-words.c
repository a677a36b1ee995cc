// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of a file's lines. They are taken apart where they stand: a word never gets
   longer than what it was written with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pin-words.h"

int words_read(int fd, struct words_file *ret)
{
	char *text = malloc(WORDS_FILE_LIMIT + 2);
	size_t size = 0;
	int r = 0;

	if (text == NULL)
		return -ENOMEM;
	while (r == 0 && size <= WORDS_FILE_LIMIT) {
		ssize_t n = read(fd, text + size, WORDS_FILE_LIMIT + 1 - size);

		if (n == 0)
			break;
		if (n > 0)
			size += (size_t)n;
		else if (errno != EINTR)
			r = -errno;
	}
	if (r == 0 && size > WORDS_FILE_LIMIT)
		r = -EFBIG;
	if (r == 0 && memchr(text, '\0', size) != NULL)
		r = -EBADMSG;
	if (r < 0) {
		free(text);
		return r;
	}
	text[size] = '\0';
	*ret = (struct words_file){ .text = text, .at = text, .line = 1 };
	return 0;
}

void words_close(struct words_file *file)
{
	free(file->text);
	*file = (struct words_file){ 0 };
}

void words_free(struct words *words)
{
	free(words->word);
	*words = (struct words){ 0 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* false: the line ends here. */
static bool skip_blanks(struct words_file *file)
{
	for (;; file->at++) {
		if (file->at[0] == '\\' && file->at[1] == '\n') {
			file->at++;
			file->line++;
		} else if (!is_blank(file->at[0])) {
			break;
		}
	}
	if (*file->at == '#')
		file->at += strcspn(file->at, "\n");
	return *file->at != '\n' && *file->at != '\0';
}

/* Up to what ends the word, which is left for who cuts it there. Returns what is
   wrong. */
static const char *take_word(struct words_file *file, char **ret_end)
{
	char *out = file->at, quote = '\0', c;

	for (; (c = *file->at) != '\0' && c != '\n'; file->at++) {
		if (c == '\\' && quote != '\'') {
			c = *++file->at;
			if (c == '\0')
				return "a backslash with nothing behind it";
			if (c == '\n') {
				file->line++;
				continue;
			}
			if (quote == '"' && c != '"' && c != '\\')
				*out++ = '\\';
			*out++ = c;
		} else if (quote != '\0' ? c == quote : c == '"' || c == '\'') {
			quote = quote != '\0' ? '\0' : c;
		} else if (quote == '\0' && is_blank(c)) {
			break;
		} else {
			*out++ = c;
		}
	}
	*ret_end = out;
	return quote == '\0' ? NULL : "a quotation mark without its second";
}

static int add_word(struct words *words, char *word)
{
	/* It doubles at the powers of two; the NULL has its place, too. */
	size_t n = (size_t)words->count + 2;

	if ((n & (n - 1)) == 0) {
		char **more = reallocarray(words->word, 2 * n, sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		words->word = more;
	}
	words->word[words->count++] = word;
	words->word[words->count] = NULL;
	return 0;
}

/* Behind the line, of which at is the end or somewhere within. */
static bool end_line(struct words_file *file)
{
	file->at += strcspn(file->at, "\n");
	if (*file->at == '\0')
		return false;
	file->at++;
	file->line++;
	return true;
}

/* The line that at is at the start of. */
static int read_line(struct words_file *file, struct words *words)
{
	int r = add_word(words, NULL);

	words->line = file->line;
	while (r == 0 && skip_blanks(file)) {
		char *word = file->at, *end, after;

		words->wrong = take_word(file, &end);
		if (words->wrong != NULL)
			break;
		/* The word's end may be the character that is yet to be looked at. */
		after = *file->at;
		if (is_blank(after))
			file->at++;
		r = add_word(words, word);
		if (after == '\n' && end_line(file)) {
			*end = '\0';
			return r;
		}
		*end = '\0';
	}
	end_line(file);
	return r;
}

int words_next(struct words_file *file, struct words *words)
{
	while (*file->at != '\0') {
		int r;

		words_free(words);
		r = read_line(file, words);
		if (r < 0 || words->count > 1 || words->wrong != NULL)
			return r < 0 ? r : 1;
	}
	return 0;
}
