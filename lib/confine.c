/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel lets a process do, as its /proc directory tells it. The texts are the
 * kernel's, but what stands in them is the target's choice, and the directory may be a
 * tree of plain files: anything else than the one form is refused as a whole.
 */
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include "enter.h"

#define MAX_GROUPS	65536		/* NGROUPS_MAX of the kernel */
#define STATUS_LIMIT	(4 << 20)	/* a group takes 11 bytes there */

/* Moves *at behind the digits. max: at least 15. */
static bool take_number(const char **at, unsigned base, uint64_t max, uint64_t *ret)
{
	const char *p = *at;
	uint64_t value = 0;

	for (;; p++) {
		unsigned digit = base;

		if (*p >= '0' && *p <= '9')
			digit = *p - '0';
		else if (*p >= 'a' && *p <= 'f')
			digit = *p - 'a' + 10;
		if (digit >= base)
			break;
		if (value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (p == *at)
		return false;
	*at = p;
	*ret = value;
	return true;
}

/* name: with its colon. What follows it, NULL: no such line. */
static const char *find_line(const char *text, const char *name)
{
	size_t len = strlen(name);

	while (strncmp(text, name, len)) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return text + len;
}

/* A line of nothing but one number. -ENODATA: there is none. */
static int line_number(const char *text, const char *name, unsigned base, uint64_t max,
		       uint64_t *ret)
{
	const char *at = find_line(text, name);
	uint64_t value;

	if (!at)
		return -ENODATA;
	if (*at++ != '\t' || !take_number(&at, base, max, &value) || *at != '\n')
		return -EBADMSG;
	*ret = value;
	return 0;
}

/* The effective one of "Uid:\tREAL\tEFFECTIVE\tSAVED\tFS". */
static int line_id(const char *text, const char *name, uint32_t *ret)
{
	const char *at = find_line(text, name);
	uint64_t ids[4];

	if (!at)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (*at++ != '\t' || !take_number(&at, 10, UINT32_MAX - 1, &ids[i]))
			return -EBADMSG;
	if (*at != '\n')
		return -EBADMSG;
	*ret = ids[1];
	return 0;
}

/* "Groups:\t1 2 3 " */
static int line_groups(const char *text, struct nsi_confine *c)
{
	const char *first = find_line(text, "Groups:"), *at;
	size_t count = 0;
	uint64_t id;

	if (!first || *first++ != '\t')
		return -EBADMSG;
	first += *first == ' ';
	for (at = first; *at && *at != '\n'; count++) {
		if (!take_number(&at, 10, UINT32_MAX - 1, &id))
			return -EBADMSG;
		at += *at == ' ';
	}
	if (!*at || count > MAX_GROUPS)
		return -EBADMSG;
	c->groups = calloc(count + 1, sizeof(*c->groups));
	if (!c->groups)
		return -ENOMEM;
	for (at = first; c->group_count < count; at += *at == ' ') {
		take_number(&at, 10, UINT32_MAX - 1, &id);
		c->groups[c->group_count++] = id;
	}
	return 0;
}

static int parse_numbers(const char *text, struct nsi_confine *c)
{
	uint64_t nnp = 0, seccomp = UINT64_MAX, filters = 0, umask = UINT64_MAX;
	const struct {
		const char *name;
		unsigned base;
		uint64_t max, *to;
		bool needed;	/* every kernel that this runs on has that line */
	} table[] = {
		{ "CapInh:", 16, UINT64_MAX, &c->inheritable, true },
		{ "CapPrm:", 16, UINT64_MAX, &c->permitted, true },
		{ "CapEff:", 16, UINT64_MAX, &c->effective, true },
		{ "CapBnd:", 16, UINT64_MAX, &c->bounding, true },
		{ "CapAmb:", 16, UINT64_MAX, &c->ambient, false },
		{ "NoNewPrivs:", 10, 15, &nnp, false },
		{ "Seccomp:", 10, 15, &seccomp, false },
		{ "Seccomp_filters:", 10, INT32_MAX, &filters, false },
		{ "Umask:", 8, 0777, &umask, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int r = line_number(text, table[i].name, table[i].base, table[i].max,
				    table[i].to);

		if (r == -EBADMSG || (r < 0 && table[i].needed))
			return -EBADMSG;
	}
	if (nnp > 1 || (seccomp > 2 && seccomp != UINT64_MAX))
		return -EBADMSG;
	c->no_new_privs = nnp;
	c->filter_count = filters;
	c->umask = umask == UINT64_MAX ? -1 : (int)umask;
	c->seccomp = seccomp == UINT64_MAX ? -1 : (int)seccomp;
	/* A kernel that was built without it has no such line, and no filters. */
	if (c->seccomp < 0 && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL)
		c->seccomp = 0;
	return 0;
}

static int read_status(const struct nsi_hold *hold, struct nsi_confine *c)
{
	struct nsi_confine found = *c;
	nsi_autofree char *text = NULL;
	ssize_t n;
	int r;

	n = nsi_read_all_at(hold->dir, "status", STATUS_LIMIT, &text);
	if (n < 0)
		return n;
	if (n == STATUS_LIMIT)
		return -EFBIG;
	if (strlen(text) != (size_t)n)
		return -EBADMSG;
	r = line_id(text, "Uid:", &found.uid);
	if (!r)
		r = line_id(text, "Gid:", &found.gid);
	if (!r)
		r = parse_numbers(text, &found);
	if (!r)
		r = line_groups(text, &found);
	if (r < 0) {
		free(found.groups);
		return r;
	}
	*c = found;
	return 0;
}

/* A small file of text that is whole, its newline cut off. */
static ssize_t read_text(int dir, const char *path, char *buf, size_t size)
{
	ssize_t n = nsi_read_at(dir, path, buf, size);

	if (n < 0)
		return n;
	if (n == (ssize_t)size - 1)
		return -EFBIG;
	/* SELinux ends a label with the NUL of its string. */
	while (n && (buf[n - 1] == '\n' || !buf[n - 1]))
		buf[--n] = '\0';
	return strlen(buf) == (size_t)n ? n : -EBADMSG;
}

/*
 * 0: the process that dir was opened for is still there, so that its number was not
 * another's until now.
 */
static int check_there(const struct nsi_hold *hold)
{
	struct stat st;
	int r;

	if (!fstatat(hold->dir, "stat", &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	r = nsi_errno();
	return r == -ENOENT ? -ESRCH : r;
}

static bool by_number(const struct nsu_ctx *ctx, const struct nsi_hold *hold)
{
	return ctx->procfs.own_pids && hold->pidfd >= 0;
}

static bool take_limit(const char **at, uint64_t *ret)
{
	*at += strspn(*at, " ");
	if (strncmp(*at, "unlimited", 9))
		return take_number(at, 10, UINT64_MAX, ret);
	*at += 9;
	*ret = RLIM64_INFINITY;
	return true;
}

/* "Max open files            1024                 524288               files     " */
static int parse_limits(const char *text, struct rlimit64 *limits)
{
	static const struct { const char *name; int what; } table[] = {
		{ "Max cpu time ", RLIMIT_CPU },
		{ "Max file size ", RLIMIT_FSIZE },
		{ "Max data size ", RLIMIT_DATA },
		{ "Max stack size ", RLIMIT_STACK },
		{ "Max core file size ", RLIMIT_CORE },
		{ "Max resident set ", RLIMIT_RSS },
		{ "Max processes ", RLIMIT_NPROC },
		{ "Max open files ", RLIMIT_NOFILE },
		{ "Max locked memory ", RLIMIT_MEMLOCK },
		{ "Max address space ", RLIMIT_AS },
		{ "Max file locks ", RLIMIT_LOCKS },
		{ "Max pending signals ", RLIMIT_SIGPENDING },
		{ "Max msgqueue size ", RLIMIT_MSGQUEUE },
		{ "Max nice priority ", RLIMIT_NICE },
		{ "Max realtime priority ", RLIMIT_RTPRIO },
		{ "Max realtime timeout ", RLIMIT_RTTIME },
	};

	_Static_assert(ARRAY_SIZE(table) == RLIM_NLIMITS, "every limit has its name");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *at = find_line(text, table[i].name);
		uint64_t soft, hard;

		if (!at || !take_limit(&at, &soft) || *at != ' ' ||
		    !take_limit(&at, &hard) || (*at != ' ' && *at != '\n') || soft > hard)
			return -EBADMSG;
		limits[table[i].what] = (struct rlimit64){ soft, hard };
	}
	return 0;
}

static int read_limits(const struct nsu_ctx *ctx, const struct nsi_hold *hold,
		       struct nsi_confine *c)
{
	struct rlimit64 limits[RLIM_NLIMITS];
	char text[4096];
	ssize_t n;
	int r;

	n = read_text(hold->dir, "limits", text, sizeof(text));
	r = n < 0 ? n : parse_limits(text, limits);
	if (r < 0 && by_number(ctx, hold)) {
		for (int i = 0; i < RLIM_NLIMITS; i++)
			if (syscall(SYS_prlimit64, hold->pid, i, NULL, &limits[i]) < 0)
				return nsi_errno();
		r = check_there(hold);
	}
	if (!r)
		memcpy(c->limits, limits, sizeof(limits));
	return r;
}

static int read_oom(const struct nsi_hold *hold, struct nsi_confine *c)
{
	const char *at;
	char text[32];
	uint64_t value;
	ssize_t n;

	n = read_text(hold->dir, "oom_score_adj", text, sizeof(text));
	if (n < 0)
		return n;
	at = text + (*text == '-');
	if (!take_number(&at, 10, 1000, &value) || *at)
		return -EBADMSG;
	c->oom_score_adj = *text == '-' ? -(int)value : (int)value;
	return 0;
}

static int read_personality(const struct nsi_hold *hold, struct nsi_confine *c)
{
	const char *at;
	char text[32];
	uint64_t value;
	ssize_t n;

	n = read_text(hold->dir, "personality", text, sizeof(text));
	if (n < 0)
		return n;
	at = text;
	/* personality(2) takes the largest number as a question. */
	if (!take_number(&at, 16, UINT32_MAX - 1, &value) || *at)
		return -EBADMSG;
	c->personality = value;
	return 0;
}

static int read_sched(const struct nsu_ctx *ctx, const struct nsi_hold *hold,
		      struct nsi_confine *c)
{
	struct nsi_sched sched = { 0 };
	cpu_set_t cpus;
	int first = 0, ioprio, r;

	if (!by_number(ctx, hold))
		return -EOPNOTSUPP;
	if (syscall(SYS_sched_getattr, hold->pid, &sched, sizeof(sched), 0) < 0) {
		first = nsi_errno();
		sched.size = 0;
	}
	CPU_ZERO(&cpus);
	if (sched_getaffinity(hold->pid, sizeof(cpus), &cpus) < 0) {
		r = nsi_errno();
		first = first ? first : r;
		CPU_ZERO(&cpus);
	}
	ioprio = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, hold->pid);
	if (ioprio < 0) {
		r = nsi_errno();
		/* A kernel without block devices has none to give either. */
		first = first || r == -ENOSYS ? first : r;
		ioprio = -1;
	}
	r = check_there(hold);
	if (r < 0)
		return r;
	c->sched = sched;
	c->cpus = cpus;
	c->ioprio = ioprio;
	return first;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* The word in brackets behind an AppArmor label, cut off; NULL: none. */
static char *cut_mode(char *text)
{
	size_t len = strlen(text), letters;
	char *open = strrchr(text, '(');

	if (!open || open < text + 2 || open[-1] != ' ')
		return NULL;
	letters = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz");
	if (!letters || open + 1 + letters != text + len - 1 || text[len - 1] != ')')
		return NULL;
	text[len - 1] = open[-1] = '\0';
	return open + 1;
}

/* Whose is the text of attr/current, which belongs to the first module that is active? */
static enum nsi_lsm tell_lsm(const char *label, bool has_mode)
{
	unsigned colons = 0;
	struct statfs fs;

	if (has_mode)
		return NSI_LSM_APPARMOR;
	for (const char *p = label; *p; p++)
		colons += *p == ':';
	if (colons >= 3)
		return NSI_LSM_SELINUX;
	if (!statfs("/sys/fs/selinux", &fs) && (uint32_t)fs.f_type == SELINUX_MAGIC)
		return NSI_LSM_SELINUX;
	return strcmp(label, "unconfined") ? NSI_LSM_OTHER : NSI_LSM_APPARMOR;
}

static int read_label(const struct nsi_hold *hold, struct nsi_confine *c)
{
	char text[4096], *mode = NULL;
	bool apparmor = true;
	ssize_t n;

	n = read_text(hold->dir, "attr/apparmor/current", text, sizeof(text));
	if (n == -ENOENT || n == -EINVAL) {
		apparmor = false;
		n = read_text(hold->dir, "attr/current", text, sizeof(text));
		if (n == -ENOENT || n == -EINVAL)
			return 0;
	}
	c->lsm = NSI_LSM_OTHER;
	if (n < 0)
		return n;
	if (!is_printable(text))
		return -EBADMSG;
	mode = cut_mode(text);
	c->lsm = apparmor ? NSI_LSM_APPARMOR : tell_lsm(text, mode);
	if (!*text || (c->lsm == NSI_LSM_APPARMOR && !strcmp(text, "unconfined")))
		return 0;
	c->label = strdup(text);
	c->mode = mode ? strdup(mode) : NULL;
	return c->label && (c->mode || !mode) ? 0 : -ENOMEM;
}

int nsi_confine_read(const struct nsu_ctx *ctx, const struct nsi_hold *hold,
		     struct nsi_confine *ret)
{
	struct nsi_confine c = {
		.uid = -1, .gid = -1, .seccomp = -1, .umask = -1, .ioprio = -1,
	};
	int r;

	r = read_status(hold, &c);
	c.status_error = r;
	c.limits_error = read_limits(ctx, hold, &c);
	c.oom_error = read_oom(hold, &c);
	c.personality_error = read_personality(hold, &c);
	c.sched_error = read_sched(ctx, hold, &c);
	c.label_error = read_label(hold, &c);
	r = r == -ENOMEM || c.label_error == -ENOMEM ? -ENOMEM : check_there(hold);
	if (r == -ENOMEM || r == -ESRCH) {
		nsi_confine_free(&c);
		return r;
	}
	*ret = c;
	return 0;
}

void nsi_confine_free(struct nsi_confine *confine)
{
	if (!confine)
		return;
	for (size_t i = 0; i < confine->filters_copied; i++)
		free(confine->filters[i].code);
	free(confine->filters);
	free(confine->groups);
	free(confine->label);
	free(confine->mode);
	confine->filters = NULL;
	confine->groups = NULL;
	confine->label = confine->mode = NULL;
	confine->filters_copied = confine->group_count = 0;
}
