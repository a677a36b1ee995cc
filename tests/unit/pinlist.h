/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pins as they are listed, and what became of them. */
#ifndef NSU_PINLIST_H
#define NSU_PINLIST_H

#include <grp.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "box.h"
#include "pin.h"

static char store[128] = "/run/nsutil/pins";

/* Mount namespaces are numbered in order on one CPU alone; Linux 6.18. */
__attribute__((unused))
static void stay_here(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

__attribute__((unused))
static int create(const char *name, unsigned types, bool netns)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
	int r;

	opts.types = types;
	opts.netns = netns;
	opts.args = (const char *const *)WORDS("create", name);
	r = nsu_pin_create(ctx, name, &opts, &report);
	if (r < 0)
		diag("create %s: step %d: %s: %s", name, report.step, report.object,
		     strerror(-r));
	return r;
}

__attribute__((unused))
static int remove_pin(const char *name)
{
	return nsu_pin_remove(ctx, name, false, NULL);
}

__attribute__((unused))
static struct nsu_pins *list(void)
{
	struct nsu_pins *pins = NULL;
	int r = nsu_pins_new(ctx, &pins);

	if (r < 0)
		diag("list: %s", strerror(-r));
	return pins;
}

/* The list to be freed, the pin of that name. */
__attribute__((unused))
static const struct nsu_pin *find(const char *name, struct nsu_pins **ret)
{
	const struct nsu_pin *pin = NULL;

	*ret = list();
	return *ret && !nsu_pins_find(*ret, name, &pin) ? pin : NULL;
}

/* The host may have others, even covered ones. */
__attribute__((unused))
static size_t count_ours(const struct nsu_pins *pins)
{
	size_t count = 0;

	for (size_t i = 0; i < nsu_pins_count(pins); i++)
		count += nsu_pins_get(pins, i)->maker == NSU_PIN_BY_NSUTIL;
	return count;
}

__attribute__((unused))
static bool is_listed(const char *name)
{
	struct nsu_pins *pins;
	bool found = find(name, &pins);

	nsu_pins_free(pins);
	return found;
}

/* How the pin is, and what would mend it. */
#define is_pin(name, want, why, what_mends, what) do { \
	struct nsu_pins *is_pins; \
	const struct nsu_pin *is_it = find((name), &is_pins); \
	is_int(is_it ? (int)is_it->state : -1, (want), "%s: its state", (what)); \
	is_int(is_it ? (int)is_it->reason : -1, (why), "%s: the reason", (what)); \
	is_int((int)nsu_pin_get_cure(is_it), (what_mends), "%s: the cure", (what)); \
	nsu_pins_free(is_pins); \
} while (0)

#define is_ok(name, what) \
	is_pin(name, NSU_PIN_OK, NSU_PIN_NO_REASON, NSU_PIN_CURE_NONE, what)

__attribute__((unused))
static int repair(const char *name)
{
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
	struct nsu_pins *pins;
	const struct nsu_pin *pin = find(name, &pins);
	int r = pin ? nsu_pin_repair(ctx, pin, &report) : -ENOENT;

	if (r < 0)
		diag("repair %s: step %d: %s: %s", name, report.step, report.object,
		     strerror(-r));
	nsu_pins_free(pins);
	return r;
}

__attribute__((unused))
static int open_pin(const char *name)
{
	return open(fmt("%s/%s", store, name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

__attribute__((unused))
static int read_record(const char *name, struct nsi_record *ret)
{
	int dir = open_pin(name), r;

	r = dir < 0 ? -errno : nsi_record_read(dir, ret);
	close(dir);
	return r;
}

__attribute__((unused))
static int write_record(const char *name, const struct nsi_record *record)
{
	int dir = open_pin(name), r;

	r = dir < 0 ? -errno : nsi_record_write(dir, record);
	close(dir);
	return r;
}

__attribute__((unused))
static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

__attribute__((unused))
static void touch(const char *path)
{
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

__attribute__((unused))
static void write_file(const char *path, size_t size, char byte)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	char *text = malloc(size);

	if (text) {
		memset(text, byte, size);
		if (write(fd, text, size) < 0)
			diag("write %s: %s", path, strerror(errno));
	}
	free(text);
	close(fd);
}

/* Kills what is not our child, and waits until it is gone, unless it is by then. */
__attribute__((unused))
static void end_process(pid_t pid)
{
	int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return;
	syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	poll(&poller, 1, 5000);
	close(fd);
	/* We may be its reaper. */
	waitpid(pid, NULL, 0);
}

#endif
