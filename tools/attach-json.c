// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --explain --json and --each --json, nsattach.schema.json. Written here and not by
 * json-c: nsattach is linked statically (see configure.ac), and starts twice.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attach-explain.h"
#include "rules.h"
#include "attach-each.h"

#define SCHEMA 1

static void put_text(const char *text, size_t len)
{
	char *valid = text_utf8(text, len);

	putchar('"');
	for (const char *at = valid; at != NULL && *at != '\0'; at++) {
		if (*at == '"' || *at == '\\')
			printf("\\%c", *at);
		else if ((unsigned char)*at < 0x20 || *at == 0x7f)
			printf("\\u%04x", (unsigned)*at);
		/* U+0080 to U+009F, orders to a terminal, which may be where this goes */
		else if ((unsigned char)*at == 0xc2 && (unsigned char)at[1] < 0xa0)
			printf("\\u%04x", (unsigned)(unsigned char)*++at);
		else
			putchar(*at);
	}
	putchar('"');
	free(valid);
}

static void put_string(const char *text)
{
	if (text != NULL)
		put_text(text, strlen(text));
	else
		fputs("null", stdout);
}

static void put_key(const char *key)
{
	printf(",\n\"%s\":", key);
}

static void put_word(const char *key, const char *text)
{
	put_key(key);
	put_string(text);
}

static void put_bool(const char *key, bool value)
{
	put_key(key);
	fputs(value ? "true" : "false", stdout);
}

static void put_number(const char *key, int64_t value)
{
	put_key(key);
	printf("%" PRId64, value);
}

/* 0 is no inode and no pid: unknown, or none. */
static void put_id(const char *key, uint64_t value)
{
	put_key(key);
	if (value != 0)
		printf("%" PRIu64, value);
	else
		fputs("null", stdout);
}

static void put_list(const char *key, char *const *list)
{
	put_key(key);
	putchar('[');
	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		if (i > 0)
			putchar(',');
		put_string(list[i]);
	}
	putchar(']');
}

static void put_entry(const struct nsu_entry *entry)
{
	char *why = rules_why(entry, RULES_YOU);

	printf("{\"type\":\"%s\"", nsu_type_get_name(entry->type));
	put_id("inode", entry->inode);
	put_word("enter", rules_verdict(entry));
	put_word("rule", rules_name(entry->rule));
	put_word("why", why);
	put_id("owner", entry->owner);
	put_id("needed_in", entry->needed_in);
	put_word("error", entry->error != 0 ? strerror(-entry->error) : NULL);
	putchar('}');
	free(why);
}

static void put_types(const struct attach *app)
{
	put_key("namespaces");
	putchar('[');
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		if (type > 0)
			fputs(",\n", stdout);
		put_entry(nsu_plan_get_entry(app->plan, type));
	}
	putchar(']');
}

static void put_traits(const struct nsu_outlook *outlook)
{
	bool any = false;

	put_key("as_target");
	putchar('[');
	for (enum nsu_trait i = 0; i < NSU_TRAIT_COUNT; i++)
		if (outlook->traits & 1U << i) {
			printf("%s\"%s\"", any ? "," : "", nsu_trait_get_name(i));
			any = true;
		}
	putchar(']');
}

static void put_outlook(const struct attach *app)
{
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(app->plan);
	char caps[20];

	snprintf(caps, sizeof(caps), "%016" PRIx64, outlook->caps);
	printf("{\"by_pidfd\":%s", outlook->by_pidfd ? "true" : "false");
	if (app->opts.command[0] != NULL)
		put_list("command", app->opts.command);
	else
		put_word("command", NULL);
	put_word("shell", outlook->shell);
	put_bool("changes_ids", outlook->changes_ids);
	put_number("uid", outlook->uid);
	put_number("gid", outlook->gid);
	put_word("capabilities", caps);
	put_traits(outlook);
	put_word("label", outlook->label);
	if (outlook->seccomp >= 0) {
		put_number("seccomp", outlook->seccomp);
		put_bool("no_new_privs", outlook->no_new_privs);
	} else {
		put_word("seccomp", NULL);
		put_word("no_new_privs", NULL);
	}
	put_word("cgroup", outlook->cgroup);
	put_bool("paused", outlook->frozen);
	put_bool("own_mounts", outlook->own_mounts);
	put_word("target_dir", outlook->tree_dir);
	put_list("environment", outlook->environment);
	putchar('}');
}

/* null where the target is none. */
static void put_container(const struct attach *app)
{
	static const enum nsu_container_text texts[] = {
		NSU_CONTAINER_ENGINE, NSU_CONTAINER_ID, NSU_CONTAINER_NAME,
		NSU_CONTAINER_IMAGE,
	};
	const struct nsu_container *container;
	struct nsu_snapshot *snap;

	put_key("container");
	if (attach_container(app, &snap, &container) < 0) {
		fputs("null", stdout);
		return;
	}
	fputs("{\"word\":", stdout);
	put_string(nsu_container_get_word(container));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = NULL;

		nsu_container_get_text(container, texts[i], &text);
		put_word(nsu_container_text_get_name(texts[i]), text);
	}
	put_bool("pod", nsu_container_get_kind(container) == NSU_POD);
	put_bool("claim", nsu_container_is_claim(container));
	putchar('}');
	nsu_snapshot_free(snap);
}

int explain_json(const struct attach *app)
{
	int allowed = nsu_plan_check(app->plan);
	char buf[32];

	printf("{\"nsutil\":{\"version\":\"%s\",\"schema\":%d}", nsu_version(), SCHEMA);
	put_word("target", say_target(app, buf));
	put_container(app);
	put_id("pid", (uint64_t)nsu_plan_get_pid(app->plan));
	put_bool("allowed", allowed == 0);
	put_bool("exposed", nsu_plan_get_outlook(app->plan)->exposed);
	put_types(app);
	put_key("outlook");
	if (allowed == -EPERM)
		fputs("null", stdout);
	else
		put_outlook(app);
	puts("}");
	return 0;
}

void each_json_line(const char *word, const char *stream, const char *text, size_t len)
{
	fputs("{\"target\":", stdout);
	put_string(word);
	printf(",\"%s\":", stream);
	put_text(text, len);
	puts("}");
}

void each_json_end(const char *word, int status, bool failed)
{
	fputs("{\"target\":", stdout);
	put_string(word);
	printf(",\"status\":%d,\"failed\":%s}\n", status, failed ? "true" : "false");
}
