/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every parser of text that a process can shape, for libFuzzer: the first byte chooses
 * the parser, the rest is its text. Built and run for a while by "make fuzz" (clang).
 */
#include <stdlib.h>
#include <string.h>
#include "enter.h"
#include "output.h"
#include "podman.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_link(char *text)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		uint64_t inode = 0;

		if (!nsi_parse_link(text, type, &inode) && !inode)
			abort();
	}
}

static void try_nspid(char *text)
{
	pid_t pids[NSI_MAX_LEVELS];
	int n = nsi_parse_nspid(text, pids, NSI_MAX_LEVELS);

	if (n > NSI_MAX_LEVELS)
		abort();
}

static void try_stat(char *text)
{
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;

	if (!nsi_parse_stat(text, &stat, 10000000) &&
	    strlen(stat.comm) >= sizeof(stat.comm))
		abort();
}

static void try_mount(char *text)
{
	struct nsi_mount mount;

	if (!nsi_parse_mount(text, &mount) && (!mount.root || !mount.super))
		abort();
}

static void try_facts(char *text)
{
	char *here = strdup(text), *copy = strdup(text), *root = NULL;
	struct nsu_mounts *mounts = NULL;
	struct nsu_clocks clocks;

	nsi_parse_offsets(text, &clocks);
	if (here && !nsi_find_cgroup_root(here, text, &root) && !*root)
		abort();
	if (copy && !nsi_mounts_parse(copy, &mounts) && !mounts)
		abort();
	nsu_mounts_free(mounts);
	free(root);
	free(here);
}

/* What is cut out of a whole object is in it, and what it makes of memory is bounded. */
static void try_state(char *text)
{
	static const char *const names[] = { "ID", "a", "annotations" };
	struct json_object *object = NULL;
	size_t length = strlen(text), at;
	char value[32];
	const char *cut;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!nsi_json_cut(text, length, names[i], &cut, &at) &&
		    (cut <= text || cut + at >= text + length))
			abort();
	if (!nsi_json_parse(text, length, &object) && !object)
		abort();
	json_object_put(object);
	if (!nsi_storage_value(text, "a", value, sizeof(value)) && !*value)
		abort();
	nsi_check_mount(text, 1);
}

static void try_word(char *text)
{
	struct nsu_target *target = NULL;
	struct nsu_ctx *ctx = NULL;

	/* A path is opened: what the fuzzer invents must not reach the file system. */
	if (strpbrk(text, "/.") || nsu_ctx_new(NULL, &ctx) < 0)
		return;
	if (!nsu_target_new(ctx, text, &target) && !target)
		abort();
	nsu_target_free(target);
	nsu_ctx_free(ctx);
}

/* Whatever comes in, no control character comes out. */
static void try_escape(char *text)
{
	static const struct output out = { .program = "fuzz", .utf8 = true };
	char *safe = text_escape(&out, text);

	for (const char *at = safe; at && *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			abort();
	free(safe);
	free(text_cut_middle(&out, text, 12));
	free(text_cut_end(&out, text, 12));
}

/* The last line of the text is the name to look for. */
static void try_passwd(char *text)
{
	const char *name = strrchr(text, '\n');
	struct nsi_account a;

	if (name && !nsi_account_find(text, name + 1, 0, &a) && *a.name &&
	    strcmp(a.name, name + 1))
		abort();
	if (nsi_account_find(text, NULL, 0, &a))
		return;
	if (a.uid || a.gid == UINT32_MAX || nsi_has_control(a.name, strlen(a.name)) ||
	    (*a.home && *a.home != '/') || nsi_has_control(a.home, strlen(a.home)) ||
	    (*a.shell && *a.shell != '/') || nsi_has_control(a.shell, strlen(a.shell)))
		abort();
}

static void try_group(char *text)
{
	const char *name = strrchr(text, '\n');
	gid_t gid, list[4];
	size_t count;

	name = name ? name + 1 : "root";
	if (!nsi_group_find(text, name, &gid) && gid == UINT32_MAX)
		abort();
	count = nsi_group_list(text, name, list, 4);
	for (size_t i = 1; i < count; i++)
		if (list[i - 1] >= list[i])
			abort();
}

/* A newline stands for the NUL between entries, which the text cannot hold. */
static void try_environ(char *text)
{
	size_t len = strlen(text);
	char *copy = strdup(text);
	struct nsi_environ env;

	for (char *at = copy; at && *at; at++)
		if (*at == '\n')
			*at = '\0';
	if (!copy || nsi_environ_parse(&env, copy, len) < 0)
		return;
	for (size_t i = 0; i < env.count; i++) {
		char *equals = strchr(env.list[i], '='), *name = strdup(env.list[i]);

		if (!equals || equals == env.list[i] || !name)
			abort();
		name[equals - env.list[i]] = '\0';
		if (nsi_environ_get(&env, name) != equals + 1)
			abort();
		free(name);
	}
	if (nsi_environ_set(&env, "LD_PRELOAD", "x") < 0)
		abort();
	if (!nsi_environ_disarm(&env) || nsi_environ_get(&env, "LD_PRELOAD"))
		abort();
	nsi_environ_free(&env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(char *) = {
		try_link, try_nspid, try_stat, try_mount, nsi_unescape_octal, try_word,
		try_facts, try_escape, try_passwd, try_group, try_environ,
		try_state,
	};
	char *text;

	if (!size)
		return 0;
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	parsers[data[0] % (sizeof(parsers) / sizeof(*parsers))](text);
	free(text);
	return 0;
}
