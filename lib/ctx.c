/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context: which procfs is read, and what kind of one it is. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "courier.h"
#include "uapi.h"
#include "usage.h"

#define CAP_SYS_PTRACE_BIT	19
/* of struct nsu_ctx_options in release 0.1 */
#define FIRST_SIZE	(offsetof(struct nsu_ctx_options, disable) + sizeof(char *))

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

int nsi_ctx_open_self(const struct nsu_ctx *ctx)
{
	/* A thread may be in other namespaces than its process. */
	static const char *const names[] = { "thread-self", "self" };
	static const char *const paths[] = { "/proc/thread-self", "/proc/self" };
	int fd = -1;

	for (size_t i = 0; i < ARRAY_SIZE(names) && fd < 0; i++)
		fd = openat(ctx->proc_fd, names[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(paths) && fd < 0 && ctx->procfs.real; i++)
		fd = open(paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? nsi_errno() : fd;
}

static bool in_initial_userns(int self)
{
	char link[64];
	uint64_t inode;
	ssize_t n;

	n = readlinkat(self, "ns/user", link, sizeof(link) - 1);
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
static void take_options(struct nsu_ctx *ctx, int self, char *super, const char *status)
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
	/* What it shows is the number in the initial user namespace. */
	if (proc->hidepid != NSU_HIDEPID_PTRACEABLE && in_initial_userns(self) &&
	    has_group(status, gid))
		proc->exempt = true;
}

/* The line of mountinfo for the mount that our descriptor is on. */
static void find_mount(struct nsu_ctx *ctx, int self, const char *status)
{
	nsi_autofree char *text = NULL;
	char path[48], info[256], *save = NULL;
	const char *value;
	unsigned long id;

	snprintf(path, sizeof(path), "fdinfo/%d", ctx->proc_fd);
	if (nsi_read_at(self, path, info, sizeof(info)) < 0)
		return;
	value = find_line(info, "mnt_id");
	if (!value)
		return;
	id = strtoul(value, NULL, 10);
	if (nsi_read_all_at(self, "mountinfo", 16 << 20, &text) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_mount mount;

		if (strtoul(line, NULL, 10) != id || nsi_parse_mount(line, &mount) < 0)
			continue;
		take_options(ctx, self, mount.super, status);
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
	nsi_autoclose int self = -1;
	pid_t pids[NSI_MAX_LEVELS];
	char number[16];
	const char *caps;
	ssize_t n;

	n = readlinkat(ctx->proc_fd, "self", number, sizeof(number) - 1);
	if (n > 0) {
		number[n] = '\0';
		proc->self = strtol(number, NULL, 10);
	}
	self = nsi_ctx_open_self(ctx);
	if (self < 0 || nsi_read_all_at(self, "status", 1 << 20, &text) < 0)
		return;
	proc->own_pids = proc->real && proc->self == getpid() &&
		nsi_parse_nspid(text, pids, NSI_MAX_LEVELS) <= 1;
	caps = find_line(text, "CapEff");
	if (caps && (strtoull(caps, NULL, 16) >> CAP_SYS_PTRACE_BIT & 1))
		proc->exempt = in_initial_userns(self);
}

/* Read when it is asked for: a host has hundreds of mounts, and nsattach needs none. */
static void look_at_mount(struct nsu_ctx *ctx)
{
	nsi_autofree char *text = NULL;
	nsi_autoclose int self = -1;

	ctx->looked_at_mount = true;
	if (!ctx->procfs.real)
		return;
	self = nsi_ctx_open_self(ctx);
	if (self >= 0 && nsi_read_all_at(self, "status", 1 << 20, &text) >= 0)
		find_mount(ctx, self, text);
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

static int open_procfs(struct nsu_ctx *ctx, const struct nsu_ctx_options *opts)
{
	struct statfs fs;
	int r = open_root(opts, &ctx->proc_fd);

	if (r < 0) {
		nsi_log_errno(ctx, NSU_LOG_ERROR, r, "open %s",
			      opts->proc_fd < 0 ? "/proc" : "the procfs");
		return r;
	}
	ctx->procfs.real = !fstatfs(ctx->proc_fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
	if (ctx->procfs.real || opts->proc_fd >= 0)
		return 0;
	nsi_log(ctx, NSU_LOG_ERROR, "/proc is no procfs");
	return -ENODEV;
}

int nsu_ctx_new(const struct nsu_ctx_options *opts, struct nsu_ctx **ret)
{
	struct nsu_ctx_options own = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *ctx;
	long ticks;
	int r = 0;

	if (!ret)
		return -EINVAL;
	if (opts)
		r = nsi_take_options(&own, sizeof(own), FIRST_SIZE, opts);
	if (r < 0)
		return r;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->proc_fd = -1;
	ctx->log = own.log;
	ctx->log_data = own.log_data;
	ctx->log_level = own.log_level;
	ctx->procfs.hidepid = NSU_HIDEPID_UNKNOWN;
	ticks = sysconf(_SC_CLK_TCK);
	ctx->tick_ns = 1000000000 / (ticks > 0 ? ticks : 100);
	if (own.root) {
		ctx->root = strdup(own.root);
		if (!ctx->root) {
			nsu_ctx_free(ctx);
			return -ENOMEM;
		}
	}
	r = nsi_if_disable(ctx, own.disable);
	if (!r)
		r = open_procfs(ctx, &own);
	if (r < 0) {
		nsu_ctx_free(ctx);
		return r;
	}
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
	nsi_courier_reap(ctx);
	if (ctx->proc_fd >= 0)
		close(ctx->proc_fd);
	free(ctx->root);
	nsi_usage_forget(ctx);
	free(ctx);
}

const struct nsu_procfs *nsu_ctx_get_procfs(const struct nsu_ctx *ctx)
{
	if (!ctx->looked_at_mount)
		look_at_mount((struct nsu_ctx *)ctx);
	return &ctx->procfs;
}
