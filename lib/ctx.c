/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context: which procfs is read, and what kind of one it is. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "nsi.h"
#include "uapi.h"

#define CAP_SYS_PTRACE_BIT	19

const char *nsu_version(void)
{
	return PACKAGE_VERSION;
}

/* A line "Name:\tVALUE" of a status file; NULL: not there. */
static const char *find_line(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, name, len) && text[len] == ':')
			return text + len + 1 + strspn(text + len + 1, " \t");
	}
	return NULL;
}

static bool in_initial_userns(const struct nsu_ctx *ctx)
{
	char link[64];
	uint64_t inode;
	ssize_t n;

	n = readlinkat(ctx->proc_fd, "self/ns/user", link, sizeof(link) - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	return !nsi_parse_link(link, NSU_USER, &inode) && inode == NSI_INIT_USER;
}

static bool has_group(const char *status, unsigned long gid)
{
	const char *list = find_line(status, "Groups");
	char *end;

	while (list && *list && *list != '\n') {
		if (strtoul(list, &end, 10) == gid && end != list)
			return true;
		list = end + strspn(end, " ");
		if (end == list)
			break;
	}
	return (unsigned long)getegid() == gid;
}

/*
 * Words of the procfs superblock in mountinfo. gid= opens hidepid=1 and 2 to a group,
 * but not ptraceable (proc(5)).
 */
static void take_options(struct nsu_ctx *ctx, char *super, const char *status)
{
	static const struct { const char *word; enum nsu_hidepid what; } table[] = {
		{ "hidepid=1", NSU_HIDEPID_NOACCESS },
		{ "hidepid=noaccess", NSU_HIDEPID_NOACCESS },
		{ "hidepid=2", NSU_HIDEPID_INVISIBLE },
		{ "hidepid=invisible", NSU_HIDEPID_INVISIBLE },
		{ "hidepid=4", NSU_HIDEPID_PTRACEABLE },
		{ "hidepid=ptraceable", NSU_HIDEPID_PTRACEABLE },
	};
	struct nsu_procfs *proc = &ctx->procfs;
	unsigned long gid = 0;	/* without gid= it is 0 (proc_fs_info.pid_gid) */
	char *save = NULL;

	proc->hidepid = NSU_HIDEPID_OFF;
	for (char *word = strtok_r(super, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		for (size_t i = 0; i < ARRAY_SIZE(table); i++)
			if (!strcmp(word, table[i].word))
				proc->hidepid = table[i].what;
		if (!strcmp(word, "subset=pid"))
			proc->subset = true;
		if (!strncmp(word, "gid=", 4))
			gid = strtoul(word + 4, NULL, 10);
	}
	if (proc->hidepid != NSU_HIDEPID_PTRACEABLE && has_group(status, gid))
		proc->exempt = true;
}

/* The line of mountinfo for the mount that our descriptor is on. */
static void find_mount(struct nsu_ctx *ctx, const char *status)
{
	nsi_autofree char *text = NULL;
	char path[48], info[256], *save = NULL;
	const char *value;
	unsigned long id;

	snprintf(path, sizeof(path), "self/fdinfo/%d", ctx->proc_fd);
	if (nsi_read_at(ctx->proc_fd, path, info, sizeof(info)) < 0)
		return;
	value = find_line(info, "mnt_id");
	if (!value)
		return;
	id = strtoul(value, NULL, 10);
	if (nsi_read_all_at(ctx->proc_fd, "self/mountinfo", 16 << 20, &text) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_mount mount;

		if (strtoul(line, NULL, 10) != id || nsi_parse_mount(line, &mount) < 0)
			continue;
		take_options(ctx, mount.super, status);
		return;
	}
}

/*
 * Whose pids does this procfs show? self is our pid as it numbers us; that it equals
 * getpid() can be chance, that NSpid begins at our own level cannot.
 */
static void look_at_self(struct nsu_ctx *ctx)
{
	struct nsu_procfs *proc = &ctx->procfs;
	nsi_autofree char *text = NULL;
	pid_t pids[NSI_MAX_LEVELS];
	char self[16];
	const char *caps;
	ssize_t n;

	n = readlinkat(ctx->proc_fd, "self", self, sizeof(self) - 1);
	if (n <= 0)
		return;
	self[n] = '\0';
	proc->self = strtol(self, NULL, 10);
	if (nsi_read_all_at(ctx->proc_fd, "self/status", 1 << 20, &text) < 0)
		return;
	proc->own_pids = proc->real && proc->self == getpid() &&
		nsi_parse_nspid(text, pids, NSI_MAX_LEVELS) <= 1;
	caps = find_line(text, "CapEff");
	if (caps && (strtoull(caps, NULL, 16) >> CAP_SYS_PTRACE_BIT & 1))
		proc->exempt = in_initial_userns(ctx);
	if (proc->real)
		find_mount(ctx, text);
}

static int open_root(const struct nsu_ctx_options *opts, int *ret)
{
	struct stat st;
	int fd;

	if (opts->proc_fd < 0)
		fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (fstat(opts->proc_fd, &st) < 0)
		return nsi_errno();
	else if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	else
		fd = openat(opts->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	*ret = fd;
	return 0;
}

int nsu_ctx_new(const struct nsu_ctx_options *opts, struct nsu_ctx **ret)
{
	static const struct nsu_ctx_options defaults = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *ctx;
	struct statfs fs;
	long ticks;
	int r;

	if (!opts)
		opts = &defaults;
	if (!ret || opts->size < sizeof(*opts))
		return -EINVAL;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->proc_fd = -1;
	ctx->log = opts->log;
	ctx->log_data = opts->log_data;
	ctx->log_level = opts->log_level;
	ctx->procfs.hidepid = NSU_HIDEPID_UNKNOWN;
	ticks = sysconf(_SC_CLK_TCK);
	ctx->tick_ns = 1000000000 / (ticks > 0 ? ticks : 100);
	r = nsi_if_disable(ctx, opts->disable);
	if (!r)
		r = open_root(opts, &ctx->proc_fd);
	if (r < 0) {
		nsu_ctx_free(ctx);
		return r;
	}
	ctx->procfs.real = !fstatfs(ctx->proc_fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
	if (!ctx->procfs.real)
		ctx->procfs.hidepid = NSU_HIDEPID_OFF;
	look_at_self(ctx);
	*ret = ctx;
	return 0;
}

void nsu_ctx_free(struct nsu_ctx *ctx)
{
	if (!ctx)
		return;
	if (ctx->proc_fd >= 0)
		close(ctx->proc_fd);
	free(ctx);
}

const struct nsu_procfs *nsu_ctx_get_procfs(const struct nsu_ctx *ctx)
{
	return &ctx->procfs;
}
