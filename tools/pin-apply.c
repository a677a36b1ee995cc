// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nspin apply: a file declares pins by the words that make them. What is there already
 * and was made by the same words stays as it is, so that it can be run at any time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "pin.h"
#include "pin-words.h"

/* A name that was declared, and where. */
struct declared {
	char *name;
	unsigned line;
};

struct apply {
	struct pin_app *app;	/* that of the command line */
	char *file;		/* escaped, for messages */
	struct nsu_pins *pins;	/* as they were in the beginning */
	struct declared *declared;
	size_t count;
};

/* ---- the file ---- */

/* Its lines are no commands; yet who can write to it decides what root makes. */
static const char *distrust(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (geteuid() != 0)
		return NULL;
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it is not root's own: another user decides what is in it";
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others than its owner may write to it (cure: chmod go-w)";
	return NULL;
}

static int read_file(const struct apply *apply, const char *path, struct words_file *ret)
{
	const struct output *out = &apply->app->out;
	bool standard = strcmp(path, "-") == 0;
	int fd = STDIN_FILENO, r = 0;

	if (!standard) {
		const char *why;
		struct stat st;

		/* It must be open to know what it is: a FIFO must not hold us. */
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0 || fstat(fd, &st) < 0) {
			msg_errno(out, errno, "%s", path);
			if (fd >= 0)
				close(fd);
			return 1;
		}
		why = distrust(&st);
		if (why != NULL) {
			msg(out, "%s: %s", path, why);
			close(fd);
			return 1;
		}
	}
	r = words_read(fd, ret);
	if (r == -EFBIG)
		msg(out, "%s: more than %d bytes", path, WORDS_FILE_LIMIT);
	else if (r == -EBADMSG)
		msg(out, "%s: not a text: it has a NUL byte", path);
	else if (r < 0)
		msg_errno(out, r, "%s", path);
	if (!standard)
		close(fd);
	return r < 0 ? 1 : 0;
}

/* ---- one line ---- */

static bool same_words(const char *const *a, const char *const *b)
{
	size_t i = 0;

	while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0)
		i++;
	return a[i] == NULL && b[i] == NULL;
}

/* malloc'ed, NULL: no memory */
static char *join(const char *const *words)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return NULL;
	for (size_t i = 0; words[i] != NULL; i++)
		fprintf(to, i == 0 ? "%s" : " %s", words[i]);
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

static int no_memory(const struct pin_app *line)
{
	msg_errno(&line->out, ENOMEM, "this line");
	return 1;
}

/* Says it, and returns whether the line is what it has to be. */
static bool is_declaration(const struct pin_app *line)
{
	const struct pin_opts *opts = &line->opts;

	if (opts->action != 0 || (opts->verb != VERB_CREATE && opts->verb != VERB_ADD))
		msg(&line->out, "only \"create\" and \"add\" can be declared");
	else if (opts->command != NULL)
		msg(&line->out, "nothing is run from a file: remove \"--\" and the rest");
	else if (opts->operand_count < 1)
		msg(&line->out, "%s: a name is missing", pin_verb_name(opts->verb));
	else if (opts->dry_run)
		msg(&line->out, "--dry-run is for the command line");
	else
		return true;
	return false;
}

/* The same name twice would be made, and taken for different, by turns. */
static int declare(struct apply *apply, const struct pin_app *line, unsigned number)
{
	const char *name = line->opts.operands[0];
	struct declared *more;

	for (size_t i = 0; i < apply->count; i++) {
		if (strcmp(apply->declared[i].name, name) != 0)
			continue;
		msg(&line->out, "%s was declared in line %u", name,
		    apply->declared[i].line);
		return 1;
	}
	more = reallocarray(apply->declared, apply->count + 1, sizeof(*more));
	if (more == NULL)
		return no_memory(line);
	apply->declared = more;
	more[apply->count] = (struct declared){ .name = strdup(name), .line = number };
	return more[apply->count].name != NULL ? (apply->count++, 0) : no_memory(line);
}

/* Ours of that name; NULL: there is none. */
static const struct nsu_pin *find_ours(const struct apply *apply, const char *name)
{
	for (size_t i = 0; i < nsu_pins_count(apply->pins); i++) {
		const struct nsu_pin *pin = nsu_pins_get(apply->pins, i);

		if (pin->maker == NSU_PIN_BY_NSUTIL && strcmp(pin->name, name) == 0)
			return pin;
	}
	return NULL;
}

static int say_differs(const struct pin_app *line, const struct nsu_pin *pin)
{
	char *is = join(pin->args), *wanted = join(line->opts.args);
	int r = 1;

	if (is == NULL || wanted == NULL)
		r = no_memory(line);
	else
		msg(&line->out, "%s differs: was \"%s\", is declared \"%s\"; it was left "
		    "as it is", pin->name, is, wanted);
	free(is);
	free(wanted);
	return r;
}

/* In a record that was lost, or mounted where we are not: nothing is to be made anew. */
static int mend(const struct pin_app *line, const struct nsu_pin *pin, bool dry_run)
{
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;

	if (dry_run) {
		msg(&line->out, "would repair %s", pin->name);
		return 0;
	}
	if (nsu_pin_repair(line->ctx, pin, &report) < 0) {
		pin_complain(line, pin->name, &report);
		return 1;
	}
	msg(&line->out, "repaired %s", pin->name);
	return 0;
}

static bool is_mendable(const struct nsu_pin *pin)
{
	enum nsu_pin_cure cure = nsu_pin_get_cure(pin);

	return cure == NSU_PIN_CURE_RECORD || cure == NSU_PIN_CURE_MOUNT;
}

/* What is left of it goes. 0, or 1 when it has told why it cannot be. */
static int clear(const struct pin_app *line, const struct nsu_pin *pin, bool dry_run)
{
	const char *state = nsu_pin_state_get_name(pin->state);
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;

	msg(&line->out, "%s is %s: it %s removed and made again", pin->name, state,
	    dry_run ? "would be" : "is");
	if (dry_run || nsu_pin_remove(line->ctx, pin->name, false, &report) == 0)
		return 0;
	pin_complain(line, pin->name, &report);
	return 1;
}

static int make(const struct apply *apply, struct pin_app *line)
{
	const struct pin_opts *opts = &apply->app->opts;
	int status;

	if (opts->dry_run) {
		char *words = join(line->opts.args);

		if (words == NULL)
			return no_memory(line);
		msg(&line->out, "would make it: %s", words);
		free(words);
		return 0;
	}
	line->opts.quiet |= opts->quiet;
	line->opts.verbose |= opts->verbose;
	status = pin_make(line);
	return status != 0 ? 1 : 0;
}

static int apply_pin(const struct apply *apply, struct pin_app *line)
{
	const struct nsu_pin *pin = find_ours(apply, line->opts.operands[0]);
	bool dry_run = apply->app->opts.dry_run;

	if (pin == NULL)
		return make(apply, line);
	if (pin->args != NULL && !same_words(pin->args, line->opts.args))
		return say_differs(line, pin);
	if (pin->state == NSU_PIN_OK) {
		if (pin->args != NULL)
			return 0;
		msg(&line->out, "%s exists and has no record of how it was made; it was "
		    "left as it is", pin->name);
		return 1;
	}
	if (is_mendable(pin))
		return mend(line, pin, dry_run);
	if (pin->state == NSU_PIN_HIDDEN) {
		msg(&line->out, "%s is in another mount namespace; it was left as it is",
		    pin->name);
		return 1;
	}
	return clear(line, pin, dry_run) != 0 ? 1 : make(apply, line);
}

static int apply_line(struct apply *apply, struct words *words)
{
	struct pin_app line = { .out = apply->app->out, .ctx = apply->app->ctx };
	char program[] = "nspin", *place = NULL;
	int status = 1;

	/* Whatever is said while it is at work begins with where that stands. */
	if (asprintf(&place, "%s:%u", apply->file, words->line) < 0)
		return no_memory(&line);
	line.out.where = place;
	words->word[0] = program;
	if (words->wrong != NULL)
		msg(&line.out, "%s", words->wrong);
	else if (pin_parse(&line, words->count, words->word) < 0 &&
		 is_declaration(&line) && declare(apply, &line, words->line) == 0)
		status = apply_pin(apply, &line);
	pin_forget(&line);
	free(place);
	return status;
}

/* ---- all of them ---- */

static int apply_lines(struct apply *apply, struct words_file *file)
{
	struct words words = { 0 };
	int r, status = 0;

	r = nsu_pins_new(apply->app->ctx, &apply->pins);
	if (r < 0) {
		msg_errno(&apply->app->out, r, "list the pins");
		return 1;
	}
	while ((r = words_next(file, &words)) > 0)
		if (apply_line(apply, &words) != 0)
			status = 1;
	words_free(&words);
	if (r < 0) {
		msg_errno(&apply->app->out, r, "%s", apply->file);
		status = 1;
	}
	return status;
}

int pin_apply(struct pin_app *app)
{
	const char *path = app->opts.operand_count > 0 ? app->opts.operands[0] : "-";
	struct apply apply = { .app = app };
	struct words_file file;
	int status = 1;

	apply.file = text_escape(&app->out,
				 strcmp(path, "-") == 0 ? "standard input" : path);
	if (apply.file == NULL)
		msg_errno(&app->out, ENOMEM, "%s", path);
	else if (read_file(&apply, path, &file) == 0) {
		status = apply_lines(&apply, &file);
		words_close(&file);
	}
	for (size_t i = 0; i < apply.count; i++)
		free(apply.declared[i].name);
	free(apply.declared);
	nsu_pins_free(apply.pins);
	free(apply.file);
	return status;
}
