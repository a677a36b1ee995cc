/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the picture short: twins, hardened services and the like become counted lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "view.h"

#define MAX_NAMES 24	/* told of a counted line, each once */
#define MAX_ASKED                                                                        \
	256 /* processes asked for their names: a counted line may be of 8,000 */

static bool is_folded(const struct picture *picture, const struct line *line)
{
	return !picture->all && line->kind == LINE_BOX && !line->thread &&
	       !line->child_count && picture_is_minor(line);
}

/* One with a root of its own is a container in its own right, however alike they are. */
static bool is_twin(const struct picture *picture, const struct line *a,
		    const struct line *b)
{
	if (picture->all || a->kind > LINE_TWINS || b->kind != LINE_BOX || a->thread ||
	    b->thread || a->container || b->container || a->child_count ||
	    b->child_count || a->state || b->state ||
	    b->field[NSU_MNT] == 'm' || strcmp(a->name, b->name) != 0 ||
	    strcmp(a->field, b->field) != 0)
		return false;
	/* The same sign for another line's may stand for two others. */
	for (int t = 0; t < NSU_TYPE_COUNT; t++)
		if (b->field[t] == '&' && view_box_ns(a->box, (enum nsu_type)t) !=
		    view_box_ns(b->box, (enum nsu_type)t))
			return false;
	return true;
}

/* By name, then pid; counted lines of several names last. */
static int compare_lines(const void *a, const void *b)
{
	const struct line *x = *(struct line *const *)a, *y = *(struct line *const *)b;
	int xlast = x->kind >= LINE_MORE ? (int)x->kind : 0;
	int ylast = y->kind >= LINE_MORE ? (int)y->kind : 0;
	int order;

	if (picture_is_named(x))
		xlast = 0;
	if (picture_is_named(y))
		ylast = 0;
	if (xlast != ylast)
		return xlast < ylast ? -1 : 1;
	order = strcmp(x->name, y->name);
	if (order || !x->task || !y->task)
		return order;
	return nsu_task_get_tid(x->task) < nsu_task_get_tid(y->task) ? -1 : 1;
}

/* What is in the line goes into another; whoever asks by sandbox finds the other. */
static int fold_into(struct picture *picture, struct line *into, struct line *line)
{
	int r = picture_add_task(into, line->task);

	if (r < 0)
		return r;
	into->processes += line->processes;
	picture->boxes[line->index] = into;
	return 0;
}

static void unite_fields(char *field, const char *more)
{
	/* A letter says most, then another line's, then the line above's. */
	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		bool letter = strchr(".^&?-", field[t]) == NULL;

		if (letter || field[t] == more[t])
			continue;
		if (strchr(".^&?-", more[t]) == NULL || field[t] == '.' ||
		    (field[t] == '^' && more[t] == '&'))
			field[t] = more[t];
	}
}

static int name_more(struct line *more)
{
	char letters[2 * NSU_TYPE_COUNT + 1] = "";
	size_t n = 0;

	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		if (strchr(".^&?-", more->field[t]))
			continue;
		letters[n++] = ' ';
		letters[n++] = more->field[t];
		letters[n] = '\0';
	}
	free(more->name);
	if (asprintf(&more->name, n ? "%zu more, own%s only" : "%zu more%s",
		     more->task_count, letters) < 0)
		more->name = NULL;
	return more->name ? 0 : -ENOMEM;
}

/* Takes the lines for which fold_into() succeeded out of their parent. */
static void drop_folded(struct line *parent)
{
	size_t kept = 0;

	for (size_t i = 0; i < parent->child_count; i++) {
		if (parent->children[i]->parent)
			parent->children[kept++] = parent->children[i];
		else
			picture_free_line(parent->children[i]);
	}
	/* Never below what appending takes for granted: the room only shrinks in use. */
	parent->child_count = kept;
}

static int fold_minor(struct picture *picture, struct line *parent)
{
	size_t n = parent->child_count, folded = 0;
	struct line *more = NULL;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		folded += is_folded(picture, parent->children[i]);
	/* One alone tells more than a line that counts it. */
	for (size_t i = 0; i < n && r == 0 && folded > 1; i++) {
		struct line *line = parent->children[i];

		if (!is_folded(picture, line))
			continue;
		if (!more) {
			more = picture_add_line(parent, LINE_MORE);
			if (!more)
				return -ENOMEM;
			memcpy(more->field, line->field, sizeof(more->field));
			more->task = line->task;
		}
		r = fold_into(picture, more, line);
		if (r < 0)
			break;
		unite_fields(more->field, line->field);
		if (line->state && !more->state) {
			more->state = line->state;
			line->state = NULL;
		}
		line->parent = NULL;
	}
	drop_folded(parent);
	return r == 0 && more ? name_more(more) : r;
}

/* The twin among the lines before this one; they are sorted by name. */
static struct line *find_twin(const struct picture *picture, struct line *const *lines,
			      size_t index)
{
	/* Asked first of the line itself, or many of one name would each be compared. */
	if (!is_twin(picture, lines[index], lines[index]))
		return NULL;
	for (size_t i = index; i-- > 0;) {
		if (strcmp(lines[i]->name, lines[index]->name) != 0)
			break;
		if (lines[i]->parent && is_twin(picture, lines[i], lines[index]))
			return lines[i];
	}
	return NULL;
}

static int fold_twins(struct picture *picture, struct line *parent)
{
	int r = 0;

	for (size_t i = 0; i < parent->child_count && r == 0; i++) {
		struct line *line = parent->children[i];
		struct line *first = find_twin(picture, parent->children, i);

		if (!first)
			continue;
		if (first->kind == LINE_BOX) {
			r = picture_add_task(first, first->task);
			first->kind = LINE_TWINS;
		}
		if (r == 0)
			r = fold_into(picture, first, line);
		if (r == 0)
			line->parent = NULL;
	}
	drop_folded(parent);
	for (size_t i = 0; i < parent->child_count && r == 0; i++) {
		struct line *line = parent->children[i];
		char *name;

		if (line->kind != LINE_TWINS)
			continue;
		if (asprintf(&name, "%s %s%zu", line->name,
			     picture->out->utf8 ? "×" : "x", line->task_count) < 0)
			return -ENOMEM;
		free(line->name);
		line->name = name;
	}
	return r;
}

int picture_fold(struct picture *picture, struct line *line)
{
	int r;

	for (size_t i = 0; i < line->child_count; i++) {
		r = picture_fold(picture, line->children[i]);
		if (r < 0)
			return r;
	}
	r = fold_minor(picture, line);
	if (r == 0 && line->child_count > 1)
		qsort(line->children, line->child_count, sizeof(struct line *),
		      compare_lines);
	return r == 0 ? fold_twins(picture, line) : r;
}

static bool is_told(char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

char *picture_names(const struct picture *picture, const struct line *line)
{
	char *names[MAX_NAMES], *text = NULL;
	size_t count = 0, size, asked;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (asked = 0; asked < line->task_count && asked < MAX_ASKED; asked++) {
		const struct shown *shown = shown_get(picture->cache, line->tasks[asked],
						      false);

		if (!shown || !shown->name || is_told(names, count, shown->name))
			continue;
		if (count == MAX_NAMES)
			break;
		names[count++] = shown->name;
		fprintf(f, "%s%s", count > 1 ? ", " : "", shown->name);
	}
	if (asked < line->task_count)
		fputs(picture->out->utf8 ? ", …" : ", ...", f);
	else if (!count)
		fputs("?", f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
