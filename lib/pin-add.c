/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New pins: of namespaces that there are, and of new ones. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "pin.h"
#include "plan.h"

#define FIRST_SIZE	(offsetof(struct nsu_pin_options, propagation) + \
			 sizeof(enum nsu_pin_propagation))
#define COMMAND_LIMIT	4096
#define PASSWD_LIMIT	(4 << 20)
#define ALL		((1u << NSU_TYPE_COUNT) - 1)

struct job {
	struct nsu_ctx *ctx;
	const char *name;
	const struct nsu_target *target;	/* NULL: new ones */
	struct nsu_pin_options opts;
	struct nsi_store store;
	struct nsi_record record;
	struct nsi_made made;
	struct nsu_pin_report report;
};

static int check(struct job *job, bool needs_types)
{
	struct nsu_pin_report *report = &job->report;
	int r = nsi_pin_check_name(job->name);

	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r, NSU_PIN_CAUSE_NAME,
				    "%s", job->name);
	if (job->opts.types & ~ALL)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, -EINVAL,
				    NSU_PIN_CAUSE_NONE, NULL);
	if (needs_types && !job->opts.types)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, -EINVAL,
				    NSU_PIN_CAUSE_NO_TYPE, NULL);
	if (job->opts.netns && job->opts.types && !(job->opts.types & 1u << NSU_NET))
		return nsi_pin_fail_at(report, NSU_PIN_STEP_CHECK, -EINVAL,
				       NSU_PIN_CAUSE_NO_TYPE, NSU_NET);
	return 0;
}

/* Everything that can be refused is, before anything is made. */
static int check_free(struct job *job)
{
	nsi_autoclose int dir = nsi_store_open_pin(&job->store, job->name, false);
	struct nsu_pin_report *report = &job->report;

	if (dir >= 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, -EEXIST,
				    NSU_PIN_CAUSE_EXISTS, "%s", job->name);
	if (dir != -ENOENT)
		return nsi_pin_fail(report, NSU_PIN_STEP_STORE, dir, NSU_PIN_CAUSE_NONE,
				    "%s/%s", job->store.path, job->name);
	if (!job->opts.netns)
		return 0;
	if (!job->store.system)
		return nsi_pin_fail(report, NSU_PIN_STEP_NETNS, -EPERM,
				    NSU_PIN_CAUSE_NONE, NSI_NETNS_DIR);
	if (nsi_pin_is_netns(job->ctx, job->name))
		return nsi_pin_fail(report, NSU_PIN_STEP_NETNS, -EEXIST,
				    NSU_PIN_CAUSE_EXISTS, "%s/%s", NSI_NETNS_DIR,
				    job->name);
	return 0;
}

/* A name is printed later: of the environment only what could be one. */
static const char *sane_name(const char *text)
{
	return text && *text && strlen(text) < sizeof(((struct nsi_account *)0)->name) &&
	       !nsi_has_control(text, strlen(text)) ? text : NULL;
}

/* sudo(8) says who called it; whoever is root may say anything. */
static bool is_by_sudo(uid_t *ret)
{
	const char *text = getenv("SUDO_UID");
	unsigned long long uid;
	char *end;

	if (geteuid() || !text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	uid = strtoull(text, &end, 10);
	if (*end || errno || uid >= UINT32_MAX)
		return false;
	*ret = uid;
	return true;
}

static int note_user(struct nsi_record *record)
{
	struct nsi_account account = { .name = "" };
	nsi_autofree char *passwd = NULL;
	const char *name = NULL;

	if (is_by_sudo(&record->uid)) {
		name = sane_name(getenv("SUDO_USER"));
	} else {
		record->uid = getuid();
		if (nsi_read_all_at(AT_FDCWD, "/etc/passwd", PASSWD_LIMIT, &passwd) >= 0)
			nsi_account_find(passwd, NULL, record->uid, &account);
		name = sane_name(account.name);
		/* Users of a directory service are in no file. */
		if (!name)
			name = sane_name(getenv("LOGNAME"));
	}
	record->user = name ? strdup(name) : NULL;
	return name && !record->user ? -ENOMEM : 0;
}

static int note_args(struct nsi_record *record, const char *const *args)
{
	size_t count = 0;

	while (args && args[count])
		count++;
	if (!args)
		return 0;
	record->args = calloc(count + 1, sizeof(*record->args));
	for (size_t i = 0; record->args && i < count; i++) {
		record->args[i] = strdup(args[i]);
		if (!record->args[i])
			return -ENOMEM;
	}
	return record->args ? 0 : -ENOMEM;
}

static int fill_record(struct job *job)
{
	struct nsi_record *record = &job->record;
	int r = note_user(record);

	record->netns = job->opts.netns;
	if (!r)
		r = note_args(record, job->opts.args);
	if (!r && job->target && job->opts.from) {
		record->from = strdup(job->opts.from);
		r = record->from ? 0 : -ENOMEM;
	}
	return r < 0 ? nsi_pin_fail(&job->report, NSU_PIN_STEP_RECORD, r,
				    NSU_PIN_CAUSE_NONE, NULL) : 0;
}

/* Its words joined by blanks; of a thread of the kernel there are none. */
static void note_command(struct nsi_record *record, const struct nsi_hold *hold)
{
	char *text = NULL;
	ssize_t len = nsi_read_all_at(hold->dir, "cmdline", COMMAND_LIMIT, &text);

	record->from_pid = hold->pid;
	while (len > 0 && !text[len - 1])
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = ' ';
	if (len > 0)
		record->from_command = text;
	else
		free(text);
}

static int fail_target(struct job *job, int r, enum nsu_type type)
{
	return nsi_pin_fail_at(&job->report, NSU_PIN_STEP_TARGET, r, NSU_PIN_CAUSE_NONE,
			       type);
}

/* -ENOENT: its link is not there, by which the kernel says that it has no such type, or
   that the process has ended. */
static int open_of_task(struct job *job, const struct nsi_hold *hold, int self,
			enum nsu_type type)
{
	const char *name = nsu_type_get_name(type);
	uint64_t inode, own = 0;
	char path[32];
	dev_t device;
	int fd, r;

	snprintf(path, sizeof(path), "ns/%s", name);
	fd = openat(hold->dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		r = nsi_errno();
		if (r == -ENOENT || r == -ESRCH)
			r = nsi_hold_check_alive(hold);
		return r;
	}
	r = nsi_nsfs_inode(fd, &inode, &device);
	if (!r && !job->opts.types)
		r = nsi_plan_read_ns(self, name, type, &own);
	if (r < 0 || inode == own)
		close(fd);
	else
		job->made.fd[type] = fd;
	return r;
}

static int open_task(struct job *job)
{
	nsi_autoclose int self = nsi_ctx_open_self(job->ctx);
	unsigned types = job->opts.types ? job->opts.types : ALL;
	struct nsi_hold hold;
	int r = self < 0 ? self : nsi_target_hold(job->target, &hold);

	if (r < 0)
		return nsi_pin_fail(&job->report, NSU_PIN_STEP_TARGET, r,
				    NSU_PIN_CAUSE_NONE, NULL);
	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		if (types & 1u << type)
			r = open_of_task(job, &hold, self, type);
		if (r < 0)
			fail_target(job, r, type);
	}
	if (!r)
		note_command(&job->record, &hold);
	nsi_hold_close(&hold);
	return r;
}

/* One namespace, or several: what was asked for and is not there is an error. */
static int open_set(struct job *job, enum nsu_target_kind kind)
{
	unsigned types = job->opts.types ? job->opts.types : ALL;
	int r = 0;

	if (kind == NSU_TARGET_NS) {
		enum nsu_type only;

		r = nsi_target_get_type(job->target, &only);
		if (r < 0)
			return nsi_pin_fail(&job->report, NSU_PIN_STEP_TARGET, r,
					    NSU_PIN_CAUSE_NONE, NULL);
		if (!(job->opts.types & ~(1u << only)))
			types = 1u << only;
	}
	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		if (!(types & 1u << type))
			continue;
		r = nsi_target_open_ns(job->target, type, &job->made.fd[type]);
		if ((r == -ENOENT || r == -EMEDIUMTYPE) && !job->opts.types &&
		    kind == NSU_TARGET_SET)
			r = 0;
		if (r < 0)
			fail_target(job, r, type);
	}
	return r;
}

/* What becomes of a pinned pid namespace depends on a process that is not the pin's. */
static int judge_pid(struct job *job)
{
	int fd = job->made.fd[NSU_PID], r;
	uint64_t inode;
	dev_t device;

	if (fd < 0)
		return 0;
	r = nsi_nsfs_inode(fd, &inode, &device);
	if (!r)
		r = nsi_ask_init(job->ctx, fd, inode, false);
	nsi_pin_note(&job->report, r == -ESRCH ? NSU_PIN_NOTE_DEAD :
		     NSU_PIN_NOTE_OTHER_INIT);
	return 0;
}

static int open_target(struct job *job)
{
	enum nsu_target_kind kind;
	int r = nsu_target_get_kind(job->target, &kind);

	if (r < 0)
		return nsi_pin_fail(&job->report, NSU_PIN_STEP_TARGET, r,
				    NSU_PIN_CAUSE_NONE, NULL);
	r = kind == NSU_TARGET_TASK ? open_task(job) : open_set(job, kind);
	if (r < 0)
		return r;
	r = -EINVAL;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (job->made.fd[type] >= 0)
			r = 0;
	if (r < 0)
		return nsi_pin_fail(&job->report, NSU_PIN_STEP_TARGET, r,
				    NSU_PIN_CAUSE_NO_TYPE, NULL);
	if (job->opts.netns && job->made.fd[NSU_NET] < 0)
		return nsi_pin_fail_at(&job->report, NSU_PIN_STEP_CHECK, -EINVAL,
				       NSU_PIN_CAUSE_NO_TYPE, NSU_NET);
	return judge_pid(job);
}

static int carry_out(struct job *job)
{
	int r = nsi_store_lock(&job->store, true, &job->report);

	if (!r)
		r = check_free(job);
	if (!r)
		r = fill_record(job);
	if (!r)
		r = job->target ? open_target(job) :
			nsi_make(job->ctx, job->name, &job->opts, &job->made,
				 &job->report);
	if (!r)
		r = nsi_pin_put(&job->store, job->name, &job->record, &job->made,
				&job->report);
	return r;
}

static int run(struct nsu_ctx *ctx, const char *name, const struct nsu_target *target,
	       const struct nsu_pin_options *opts, struct nsu_pin_report *report)
{
	struct job job = {
		.ctx = ctx, .name = name, .target = target, .opts = NSU_PIN_OPTIONS_INIT,
		.store = NSI_STORE_INIT, .report = NSI_REPORT_INIT,
		.made = { .init = NSI_DWELLER_INIT },
	};
	int r = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		job.made.fd[type] = -1;
	if (opts)
		r = nsi_take_options(&job.opts, sizeof(job.opts), FIRST_SIZE, opts);
	if (r < 0)
		nsi_pin_fail(&job.report, NSU_PIN_STEP_CHECK, r, NSU_PIN_CAUSE_NONE,
			     NULL);
	if (!r)
		r = check(&job, !target);
	if (!r)
		r = nsi_store_open(ctx, NSI_STORE_CHANGE, &job.store, &job.report);
	if (!r) {
		r = carry_out(&job);
		nsi_store_close(&job.store);
	}
	nsi_made_close(&job.made);
	nsi_record_free(&job.record);
	return nsi_pin_give(report, &job.report, r);
}

int nsu_pin_add(struct nsu_ctx *ctx, const char *name, const struct nsu_target *target,
		const struct nsu_pin_options *opts, struct nsu_pin_report *report)
{
	if (!ctx || !name || !target)
		return -EINVAL;
	return run(ctx, name, target, opts, report);
}

int nsu_pin_create(struct nsu_ctx *ctx, const char *name,
		   const struct nsu_pin_options *opts, struct nsu_pin_report *report)
{
	if (!ctx || !name || !opts)
		return -EINVAL;
	return run(ctx, name, NULL, opts, report);
}
