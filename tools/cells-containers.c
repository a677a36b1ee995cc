// SPDX-License-Identifier: GPL-2.0-or-later
/* The values of columns that tell whose the first process of a row is. */
#include <errno.h>
#include <string.h>
#include "cells.h"
#include "view.h"

static int get_container(const struct row *row, const struct nsu_container **ret)
{
	return row->task == NULL ? -ENOENT : nsu_task_get_container(row->task, ret);
}

static int add_text(const struct facts *facts, const struct row *row, struct text *text,
		    enum nsu_container_text what)
{
	const struct nsu_container *container;
	const char *value;
	int r = get_container(row, &container);

	if (r == 0)
		r = nsu_container_get_text(container, what, &value);
	if (r == 0)
		text_add_foreign(facts, text, value);
	return r;
}

static int add_place(const struct facts *facts, const struct row *row, struct text *text,
		     enum nsu_place what)
{
	const char *value;
	int r = row->task == NULL ? -ENOENT : nsu_task_get_place(row->task, what, &value);

	if (r == 0)
		text_add_foreign(facts, text, value);
	return r;
}

static void add_word(const struct facts *facts, struct text *text,
		     const struct nsu_container *container)
{
	text_add_foreign(facts, text, nsu_container_get_word(container));
	if (nsu_container_is_claim(container) && facts->form == FORM_TABLE)
		text_format(text, VIEW_CLAIMED);
}

int cell_container(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_container *container;
	int r = get_container(row, &container);

	if (r == 0)
		add_word(facts, text, container);
	return r;
}

/* As a target word, as nearly everywhere. */
int cell_pod(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_container *container, *pod;
	int r = get_container(row, &container);

	if (r == 0)
		r = nsu_container_get_pod(container, &pod);
	if (r == 0)
		add_word(facts, text, pod);
	return r;
}

#define TEXT_CELL(name, what) \
	int name(const struct facts *facts, const struct row *row, struct text *text) \
	{ \
		return add_text(facts, row, text, what); \
	}
TEXT_CELL(cell_engine, NSU_CONTAINER_ENGINE)
TEXT_CELL(cell_containerid, NSU_CONTAINER_ID)
TEXT_CELL(cell_name, NSU_CONTAINER_NAME)
TEXT_CELL(cell_image, NSU_CONTAINER_IMAGE)
TEXT_CELL(cell_project, NSU_CONTAINER_PROJECT)
TEXT_CELL(cell_service, NSU_CONTAINER_SERVICE)

#define PLACE_CELL(name, what) \
	int name(const struct facts *facts, const struct row *row, struct text *text) \
	{ \
		return add_place(facts, row, text, what); \
	}
PLACE_CELL(cell_unit, NSU_PLACE_UNIT)
PLACE_CELL(cell_userunit, NSU_PLACE_USER_UNIT)
PLACE_CELL(cell_slice, NSU_PLACE_SLICE)
PLACE_CELL(cell_machine, NSU_PLACE_MACHINE)
PLACE_CELL(cell_session, NSU_PLACE_SESSION)
