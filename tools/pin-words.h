/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that are words as a shell has them, less all that it would run or replace. */
#ifndef NSPIN_WORDS_H
#define NSPIN_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_FILE_LIMIT (1 << 20)	/* bytes */

struct words_file {
	char *text;		/* malloc'ed; the words end up in it */
	char *at;
	unsigned line;		/* where at is, from 1 */
};
/*
 * Blanks part words. '...' is kept as it is; in "..." a backslash keeps " and \ only,
 * elsewhere each character; at the end of a line it goes on with the next. # at the
 * start of a word: a remark.
 */
struct words {
	char **word;		/* NULL at the end; [0] is the caller's to fill */
	int count;		/* [0] among them */
	unsigned line;		/* that it begins in */
	const char *wrong;	/* what cannot be understood of it; NULL: nothing */
};

/* Reads all of fd. -EFBIG: beyond the limit; -EBADMSG: a NUL byte in it. */
int words_read(int fd, struct words_file *ret);
void words_close(struct words_file *file);
/* The next line that has words: 1; 0: there is none; -ENOMEM. Frees those before. */
int words_next(struct words_file *file, struct words *words);
void words_free(struct words *words);

#endif
