/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nstree --dot: the picture for Graphviz. Solid arrows are what hangs from what, frames
 * are pid namespaces with something nested in them, dashed arrows lead to the sandbox
 * whose namespaces are shared from elsewhere and carry their letters.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dot.h"
#include "picture.h"
#include "view.h"

struct dot {
	struct app *app;
	struct picture *picture;
	int depth;
};

static void indent(const struct dot *dot)
{
	printf("%*s", dot->depth * 2, "");
}

void dot_text(const char *text, bool html)
{
	for (; *text; text++) {
		if (html && *text == '<')
			fputs("&lt;", stdout);
		else if (html && *text == '>')
			fputs("&gt;", stdout);
		else if (html && *text == '&')
			fputs("&amp;", stdout);
		else if (html && *text == '"')
			fputs("&quot;", stdout);
		else if (!html && (*text == '"' || *text == '\\'))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static const char *fill_of(const struct dot *dot, const struct line *line)
{
	const struct nsu_ns *host = view_host_ns(dot->picture->snap, NSU_USER);
	const struct nsu_ns *user = line->box ? view_box_ns(line->box, NSU_USER) :
						NULL;

	if (line->state)
		return "#f8d7da";
	switch (line->kind) {
	case LINE_ROOT:
		return "#dbe9f6";
	case LINE_MORE:
		return "#f2f2f2";
	case LINE_UNREAD:
		return "#fff3cd";
	default:
		/* A user namespace of its own is what separates most. */
		return user && host && user != host ? "#d8f0dc" : "#ffffff";
	}
}

static void put_id(const struct dot *dot, const struct line *line)
{
	size_t i = 0;

	/* A pod without a process has its place among the containers for a number. */
	while (!line->task && line->container &&
	       nsu_snapshot_get_container(dot->picture->snap, i) != line->container)
		i++;
	if (line->kind == LINE_ROOT)
		fputs("host", stdout);
	else if (!line->task && line->container)
		printf("pod%zu", i);
	else
		printf("%s%d", line->kind == LINE_MORE ? "more" :
		       line->kind == LINE_UNREAD ? "unread" : "box",
		       line->task ? (int)nsu_task_get_tid(line->task) : 0);
}

static void put_node(const struct dot *dot, const struct line *line)
{
	char *pids = line->task ? view_pids(line->task, false) : NULL, *names;
	bool several = line->kind == LINE_MORE ||
		       (line->kind == LINE_UNREAD && !line->container);
	char *image = line->container ?
		view_container_text(&dot->app->out, line->container,
				    NSU_CONTAINER_IMAGE) : NULL;

	indent(dot);
	put_id(dot, line);
	fputs(" [label=<<b>", stdout);
	dot_text(line->name, true);
	fputs("</b>", stdout);
	if (line->container && nsu_container_is_claim(line->container))
		fputs(VIEW_CLAIMED, stdout);
	if (image) {
		fputs("<br/>", stdout);
		dot_text(image, true);
	}
	free(image);
	if (line->state) {
		putchar(' ');
		dot_text(line->state, true);
	}
	fputs("<br/><font face=\"monospace\">", stdout);
	dot_text(line->field, true);
	printf("</font><br/>%zu process%s", line->processes,
	       line->processes == 1 ? "" : "es");
	if (several) {
		names = picture_names(dot->picture, line);
		char *cut = names ? text_cut_end(&dot->app->out, names, 44) : NULL;

		fputs("<br/>", stdout);
		dot_text(cut ? cut : "?", true);
		if (cut != names)
			free(names);
		free(cut);
	} else {
		printf(", pid %s%s", pids ? pids : "?",
		       line->kind == LINE_TWINS ? ", ..." : "");
	}
	printf(">, fillcolor=\"%s\"%s];\n", fill_of(dot, line),
	       several ? ", style=\"rounded,filled,dashed\"" : "");
	free(pids);
}

static bool is_framed(const struct line *line)
{
	return line->kind == LINE_BOX && line->field[NSU_PID] == 'p' && line->child_count;
}

static void put_nodes(struct dot *dot, const struct line *line)
{
	char name[NS_TEXT_SIZE];
	bool framed = is_framed(line);

	if (framed) {
		indent(dot);
		printf("subgraph cluster_%d {\n", (int)nsu_task_get_tid(line->task));
		dot->depth++;
		indent(dot);
		printf("label=\"%s\";\n",
		       view_ns(name, view_box_ns(line->box, NSU_PID)));
	}
	put_node(dot, line);
	for (size_t i = 0; i < line->child_count; i++)
		put_nodes(dot, line->children[i]);
	if (framed) {
		dot->depth--;
		indent(dot);
		puts("}");
	}
}

/* The letters of the namespaces that line shares with the one that owns them. */
static void put_shared(struct dot *dot, const struct line *line)
{
	const struct line *done[NSU_TYPE_COUNT];
	size_t count = 0;

	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		const struct line *owner;
		bool told = false;

		if (line->field[t] != '&' || !line->box)
			continue;
		owner = picture_find_owner(
			dot->picture, view_box_ns(line->box, (enum nsu_type)t));
		for (size_t i = 0; i < count; i++)
			told |= done[i] == owner;
		if (told || !owner || owner == line)
			continue;
		done[count++] = owner;
		fputs("  ", stdout);
		put_id(dot, line);
		fputs(" -> ", stdout);
		put_id(dot, owner);
		/* Not constraint=false: across frames that ends Graphviz with "trouble in
		   init_rank". */
		fputs(" [style=dashed, color=\"#b35900\", fontcolor=\"#b35900\", "
		      "weight=0, label=\"", stdout);
		for (int u = t; u < NSU_TYPE_COUNT; u++)
			if (line->field[u] == '&' && picture_find_owner(dot->picture,
			    view_box_ns(line->box, (enum nsu_type)u)) == owner)
				putchar(nsu_type_get_info((enum nsu_type)u)->letter);
		fputs("\"];\n", stdout);
	}
}

static void put_edges(struct dot *dot, const struct line *line)
{
	for (size_t i = 0; i < line->child_count; i++) {
		const struct line *child = line->children[i];

		fputs("  ", stdout);
		put_id(dot, line);
		fputs(" -> ", stdout);
		put_id(dot, child);
		printf("%s;\n", child->kind == LINE_UNREAD ? " [style=dotted]" : "");
		put_edges(dot, child);
	}
	put_shared(dot, line);
}

/* A namespace without a process is in no sandbox: it hangs from that of its owner. */
static void put_orphans(const struct dot *dot)
{
	const struct nsu_ns *ns, *owner;
	char name[NS_TEXT_SIZE];

	nsu_foreach_ns(ns, dot->picture->snap) {
		const struct line *line = NULL;

		if (!view_is_orphan(ns))
			continue;
		if (nsu_ns_get_owner(ns, &owner) == 0)
			line = picture_find_owner(dot->picture, owner);
		view_ns(name, ns);
		printf("  \"%s\" [label=<<b>%s</b><br/>no process>, "
		       "fillcolor=\"#fff3cd\", style=\"rounded,filled,dashed\"];\n  ",
		       name, name);
		put_id(dot, line ? line : dot->picture->root);
		printf(" -> \"%s\" [style=dotted];\n", name);
	}
}

static int print_dot(struct app *app, struct picture *picture)
{
	struct dot dot = { .app = app, .picture = picture, .depth = 1 };

	fputs("digraph \"nstree\" {\n"
	      "  charset=\"UTF-8\"; rankdir=LR; ranksep=0.6; nodesep=0.2;\n"
	      "  fontname=\"sans-serif\"; fontsize=10;\n"
	      "  style=\"rounded\"; color=\"#7f93a8\"; fontcolor=\"#50606f\";\n"
	      "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", "
	      "fontsize=11, color=\"#50606f\"];\n"
	      "  edge [color=\"#7f93a8\", fontname=\"monospace\", fontsize=10, "
	      "arrowsize=0.7];\n", stdout);
	put_nodes(&dot, picture->root);
	put_edges(&dot, picture->root);
	put_orphans(&dot);
	puts("}");
	return 0;
}

int view_dot(struct app *app)
{
	return picture_show(app, FIND_PARTS, print_dot, NULL);
}
