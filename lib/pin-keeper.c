/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keepers: processes of a user that do nothing but hold the namespaces of a pin. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "courier.h"
#include "open.h"
#include "pin.h"
#include "plan.h"
#include "walk.h"

#define COPY_NAME	"nspin"
#define COPY_LINK	"/memfd:" COPY_NAME " (deleted)"
#define COPY_FD		3
#define PLACE_MAX	64	/* of the numbers before a store's path */
#define COPY_LIMIT	(NSI_RECORD_LIMIT + NSI_PIN_NAME_MAX + PLACE_MAX + NSI_STORE_PATH)
#define PATIENCE	2000	/* ms for a keeper to heed SIGTERM */
#define LAST_PATIENCE	1000	/* and SIGKILL */

/* ---- the copy of the record: the name, whose store, the document, a NUL ---- */

/* Of a store's directory: device and inode, 0: there is none yet. */
struct place {
	unsigned long long device, inode;
};

static struct place find_place(const struct nsi_store *store)
{
	struct stat st;

	if (store->pins < 0 || fstat(store->pins, &st) < 0)
		return (struct place){ 0 };
	return (struct place){ st.st_dev, st.st_ino };
}

/* A writer that was killed leaves the end of what was there before: behind the NUL. */
static int write_copy(const struct nsi_store *store, int fd, const char *name,
		      const struct nsi_record *record)
{
	struct place place = find_place(store);
	nsi_autofree char *json = NULL, *text = NULL;
	int length, r;
	ssize_t n;

	r = nsi_record_format(record, &json);
	if (r < 0)
		return r;
	length = asprintf(&text, "%s\n%llx %llx %zu %s\n%s", name, place.device,
			  place.inode, strlen(store->path), store->path, json);
	if (length < 0) {
		text = NULL;
		return -ENOMEM;
	}
	if (length >= COPY_LIMIT)
		return -EFBIG;
	do
		n = pwrite(fd, text, length + 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return nsi_errno();
	if (n <= length)
		return -ENOSPC;
	return ftruncate(fd, length + 1) < 0 ? nsi_errno() : 0;
}

static int make_copy(const struct nsi_store *store, const char *name,
		     const struct nsi_record *record, int *ret)
{
	nsi_autoclose int fd = -1;
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int r;

	/* With vm.memfd_noexec=2 there are no others; before Linux 6.3 none of these. */
	fd = memfd_create(COPY_NAME, flags | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(COPY_NAME, flags);
	if (fd < 0)
		return nsi_errno();
	r = write_copy(store, fd, name, record);
	if (r < 0)
		return r;
	*ret = fd;
	fd = -1;
	return 0;
}

static bool is_copy_link(int dir, const char *path)
{
	char text[sizeof(COPY_LINK) + 1];
	ssize_t n = readlinkat(dir, path, text, sizeof(text));

	return n == sizeof(COPY_LINK) - 1 && !memcmp(text, COPY_LINK, n);
}

/* dir: /proc/PID. What is there may be anything, and another thing a moment later: it is
   held before it is opened. -EBADMSG. */
static int open_copy(struct nsu_ctx *ctx, int dir, int flags)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	nsi_autoclose int held = -1;
	char path[32];
	struct stat st;
	int fd;

	if (self < 0)
		return self;
	snprintf(path, sizeof(path), "fd/%d", COPY_FD);
	if (!is_copy_link(dir, path))
		return -EBADMSG;
	held = openat(dir, path, O_PATH | O_CLOEXEC);
	if (held < 0)
		return nsi_errno();
	snprintf(path, sizeof(path), "fd/%d", held);
	if (!is_copy_link(self, path) || fstat(held, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > COPY_LIMIT)
		return -EBADMSG;
	fd = openat(self, path, flags | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? nsi_errno() : fd;
}

/* Does it live where we do? dir: /proc/PID */
static bool is_in_our_mounts(const struct nsu_ctx *ctx, int dir)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	uint64_t ours, its;

	return self >= 0 && !nsi_plan_read_ns(self, "mnt", NSU_MNT, &ours) &&
		!nsi_plan_read_ns(dir, "mnt", NSU_MNT, &its) && ours == its;
}

/*
 * Is what the copy tells of its store that one? Or was that one made where the other had
 * been, which goes with a user's last session: what has the same path in another mount
 * namespace may be there still. *text is moved behind it.
 */
static int check_place(const struct nsi_store *store, int dir, const char **text)
{
	struct place place = find_place(store), its;
	size_t length;
	int begin = 0;
	const char *path;

	if (sscanf(*text, "%llx %llx %zu%n", &its.device, &its.inode, &length,
		   &begin) != 3 || begin >= PLACE_MAX || (*text)[begin] != ' ')
		return -EBADMSG;
	path = *text + begin + 1;
	if (strnlen(path, length + 1) <= length || path[length] != '\n')
		return -EBADMSG;
	*text = path + length + 1;
	if (place.inode && place.inode == its.inode && place.device == its.device)
		return 0;
	if (length == strlen(store->path) && !memcmp(path, store->path, length) &&
	    is_in_our_mounts(store->ctx, dir))
		return 0;
	return -EXDEV;
}

/* name: of NSI_PIN_NAME_MAX and 1 bytes. -EXDEV: it is another store's. */
static int read_copy(const struct nsi_store *store, int dir, char *name,
		     struct nsi_record *ret)
{
	nsi_autoclose int fd = open_copy(store->ctx, dir, O_RDONLY);
	nsi_autofree char *text = NULL;
	const char *at;
	ssize_t n;
	size_t len;
	int r;

	if (fd < 0)
		return fd;
	n = nsi_read_all(fd, COPY_LIMIT + 1, &text);
	if (n < 0)
		return n;
	len = strcspn(text, "\n");
	if (n > COPY_LIMIT || len > NSI_PIN_NAME_MAX || text[len] != '\n')
		return -EBADMSG;
	memcpy(name, text, len);
	name[len] = '\0';
	if (nsi_pin_check_name(name) < 0)
		return -EBADMSG;
	at = text + len + 1;
	r = check_place(store, dir, &at);
	return r < 0 ? r : nsi_record_parse(at, strlen(at), ret);
}

/* ---- the process ---- */

struct keeping {
	char title[sizeof(NSI_KEEPER_TITLE) + 1 + NSI_PIN_NAME_MAX];
	int keep[1 + NSU_TYPE_COUNT];
	size_t count;
};

/* Whatever came in through the caller (a handler, an ignored signal, a mask) is not for
   this process. */
static void heed_sigterm_alone(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t others;

	sigaction(SIGTERM, &action, NULL);
	sigfillset(&others);
	sigdelset(&others, SIGTERM);
	sigprocmask(SIG_SETMASK, &others, NULL);
}

static void be_keeper(int leash, void *data)
{
	struct keeping *keeping = data;

	nsi_dwell(leash, keeping->title, keeping->keep, keeping->count);
	heed_sigterm_alone();
	for (;;)
		pause();
}

int nsi_keeper_start(const struct nsi_store *store, const char *name,
		     struct nsi_record *record, const int fd[NSU_TYPE_COUNT],
		     struct nsi_dweller *ret, struct nsu_pin_report *report)
{
	struct nsu_ctx *ctx = store->ctx;
	struct nsi_dweller dweller = NSI_DWELLER_INIT;
	struct keeping keeping = { .count = 1 };
	struct nsi_courier courier;
	nsi_autoclose int copy = -1;
	int r;

	snprintf(keeping.title, sizeof(keeping.title), "%s %s", NSI_KEEPER_TITLE, name);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		record->fd[type] = -1;
		if (!(record->types & 1u << type))
			continue;
		record->fd[type] = COPY_FD + keeping.count;
		keeping.keep[keeping.count++] = fd[type];
	}
	r = make_copy(store, name, record, &copy);
	if (!r) {
		keeping.keep[0] = copy;
		r = nsi_courier_start(ctx, &courier, be_keeper, &keeping);
	}
	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_KEEPER, r, NSU_PIN_CAUSE_NONE,
				    NULL);
	dweller.pidfd = courier.pidfd;
	dweller.leash = courier.fd;
	r = nsi_proc_describe(ctx, courier.pid, &dweller.proc);
	/* From then on others find it as the record says. */
	if (!r)
		r = nsi_dweller_await(&dweller);
	if (r < 0) {
		nsi_courier_end(&courier);
		return nsi_pin_fail(report, NSU_PIN_STEP_KEEPER, r, NSU_PIN_CAUSE_NONE,
				    NULL);
	}
	*ret = dweller;
	return 0;
}

/* Its directory, of this very process and no later one with its number. -ESRCH. */
static int open_proc(struct nsu_ctx *ctx, const struct nsi_proc *proc, int *ret_pidfd)
{
	nsi_autoclose int dir = -1, pidfd = -1;
	char path[16];
	int r;

	if (proc->pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "%d", proc->pid);
	dir = openat(ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	/* It runs after that was opened, so it is of none that had ended before. */
	r = nsi_proc_find(ctx, proc, &pidfd);
	if (r < 0)
		return r;
	if (ret_pidfd) {
		*ret_pidfd = pidfd;
		pidfd = -1;
	}
	r = dir;
	dir = -1;
	return r;
}

int nsi_keeper_update(const struct nsi_store *store, const char *name,
		      const struct nsi_record *record)
{
	struct nsu_ctx *ctx = store->ctx;
	nsi_autoclose int dir = open_proc(ctx, &record->keeper, NULL);
	nsi_autoclose int copy = -1;

	if (dir < 0)
		return dir;
	copy = open_copy(ctx, dir, O_RDWR);
	if (copy < 0)
		return copy == -ENOENT ? -ESRCH : copy;
	return write_copy(store, copy, name, record);
}

int nsi_keeper_open(struct nsu_ctx *ctx, const struct nsi_record *record,
		    enum nsu_type type, int *ret_fd)
{
	const struct nsi_proc *keeper = &record->keeper;
	int r;

	if (!(record->types & 1u << type) || record->fd[type] < 0 || !record->inode[type])
		return -ESTALE;
	r = nsi_proc_find(ctx, keeper, NULL);
	if (r < 0)
		return r;
	r = nsi_open_task_fd(ctx, keeper->pid, 0, record->fd[type], record->inode[type],
			     ret_fd);
	if (r == -ESRCH && !nsi_proc_find(ctx, keeper, NULL))
		return -ESTALE;
	return r;
}

void nsi_keeper_link(const struct nsi_record *record, enum nsu_type type,
		     char ret[NSI_KEEPER_LINK])
{
	snprintf(ret, NSI_KEEPER_LINK, "/proc/%d/fd/%d", record->keeper.pid,
		 record->fd[type]);
}

/* ---- all of them ---- */

struct finding {
	struct nsu_ctx *ctx;
	const struct nsi_store *store;
	int (*each)(void *data, const char *name, const struct nsi_record *record);
	void *data;
};

/* A container of the same user may have processes that call themselves so, whose record
   names others to be ended. A keeper never leaves these namespaces of its maker. */
static bool is_at_home(struct nsu_ctx *ctx, int dir)
{
	static const enum nsu_type types[] = { NSU_USER, NSU_PID };
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	uint64_t own, its;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const char *name = nsu_type_get_name(types[i]);

		if (self < 0 || nsi_plan_read_ns(self, name, types[i], &own) < 0)
			return true;	/* there are no such */
		if (nsi_plan_read_ns(dir, name, types[i], &its) < 0 || its != own)
			return false;
	}
	return true;
}

static int look_at_process(void *data, int pid)
{
	const struct finding *finding = data;
	struct nsi_record record = { 0 };
	char name[NSI_PIN_NAME_MAX + 1];
	struct nsi_proc proc;
	nsi_autoclose int dir = -1;
	struct stat st;
	int r;

	/* Any process can call itself so: only of the caller's own is this believed. */
	r = nsi_proc_check_title(finding->ctx, pid, NSI_KEEPER_TITLE);
	if (r < 0)
		return nsi_is_fatal(r) ? r : 0;
	r = nsi_proc_describe(finding->ctx, pid, &proc);
	if (!r)
		dir = open_proc(finding->ctx, &proc, NULL);
	if (r < 0 || dir < 0 || fstat(dir, &st) < 0 || st.st_uid != geteuid() ||
	    !is_at_home(finding->ctx, dir))
		return nsi_is_fatal(r) ? r : nsi_is_fatal(dir) ? dir : 0;
	r = read_copy(finding->store, dir, name, &record);
	if (r == -EXDEV)
		return 0;
	if (r < 0) {
		nsi_log_errno(finding->ctx, NSU_LOG_DEBUG, r,
			      "process %d: read the keeper's record", pid);
		return nsi_is_fatal(r) ? r : 0;
	}
	record.keeper = proc;
	r = finding->each(finding->data, name, &record);
	nsi_record_free(&record);
	return r < 0 ? r : 0;
}

int nsi_keepers_find(const struct nsi_store *store,
		     int (*each)(void *data, const char *name,
				 const struct nsi_record *record), void *data)
{
	struct nsu_ctx *ctx = store->ctx;
	struct finding finding = { .ctx = ctx, .store = store, .each = each,
				   .data = data };
	nsi_autoclose int dir = -1;
	char buf[8192];

	dir = openat(ctx->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return nsi_errno();
	return nsi_each_number(dir, buf, sizeof(buf), look_at_process, &finding);
}

/* ---- its end ---- */

static int signal_it(struct nsu_ctx *ctx, const struct nsi_proc *keeper, int pidfd,
		     int signal)
{
	int r = 0;

	if (pidfd < 0)
		r = nsi_proc_find(ctx, keeper, NULL);
	if (!r && (pidfd < 0 ? kill(keeper->pid, signal) :
		   syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0)) < 0)
		r = nsi_errno();
	return r;
}

/* 0: it has ended. */
static int await_end(struct nsu_ctx *ctx, const struct nsi_proc *keeper, int pidfd,
		     int milliseconds)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int r;

	if (pidfd >= 0) {
		do
			r = poll(&pfd, 1, milliseconds);
		while (r < 0 && errno == EINTR);
		return r < 0 ? nsi_errno() : r ? 0 : -ETIMEDOUT;
	}
	for (int i = 0; i < milliseconds; i++) {
		if (nsi_proc_find(ctx, keeper, NULL) == -ESRCH)
			return 0;
		poll(NULL, 0, 1);
	}
	return -ETIMEDOUT;
}

int nsi_keeper_dismiss(struct nsu_ctx *ctx, const struct nsi_proc *keeper)
{
	nsi_autoclose int pidfd = -1;
	siginfo_t info;
	int r;

	if (keeper->pid <= 0)
		return -ESRCH;
	r = nsi_proc_find(ctx, keeper, &pidfd);
	/* A record may be of an earlier boot, where the number came at the same time. */
	if (!r)
		r = nsi_proc_check_title(ctx, keeper->pid, NSI_KEEPER_TITLE);
	if (!r)
		r = signal_it(ctx, keeper, pidfd, SIGTERM);
	/* It may have been stopped. */
	if (!r)
		signal_it(ctx, keeper, pidfd, SIGCONT);
	if (!r)
		r = await_end(ctx, keeper, pidfd, PATIENCE);
	if (r == -ETIMEDOUT) {
		r = signal_it(ctx, keeper, pidfd, SIGKILL);
		if (!r)
			r = await_end(ctx, keeper, pidfd, LAST_PATIENCE);
	}
	/* Reaped where this process made it, else it is no child of ours. Never by
	   number, which may be that of another pid namespace. */
	if (!r && pidfd >= 0)
		waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG | __WALL);
	return r;
}
