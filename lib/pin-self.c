/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a process that was forked and runs no program of its own looks from outside: its
   name and its memory. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "pin-dwell.h"
#include "uapi.h"

extern char **environ;

/* Numbers of fields of /proc/PID/stat. */
enum { START_CODE = 26, END_CODE, START_STACK, START_DATA = 45, END_DATA, START_BRK,
       ARG_START, ARG_END, ENV_START, ENV_END, FIELDS };

static int read_fields(uint64_t field[FIELDS])
{
	char text[1024], *at;

	if (nsi_read_at(AT_FDCWD, "/proc/self/stat", text, sizeof(text)) < 0)
		return -ENOENT;
	at = strrchr(text, ')');
	if (!at || at[1] != ' ')
		return -EBADMSG;
	at += 2;
	for (int i = 3; i < FIELDS; i++) {
		field[i] = strtoull(at, NULL, 10);
		at = strchr(at, ' ');
		if (!at++)
			return i == FIELDS - 1 ? 0 : -EBADMSG;
	}
	return 0;
}

/* The command line is where the kernel is told that it is. -EINVAL: this one can save and
   restore no processes, for which that was made. */
static int move_args(const uint64_t field[FIELDS], const char *text, size_t size)
{
	struct prctl_mm_map map = {
		.start_code = field[START_CODE], .end_code = field[END_CODE],
		.start_data = field[START_DATA], .end_data = field[END_DATA],
		.start_brk = field[START_BRK], .start_stack = field[START_STACK],
		.brk = syscall(SYS_brk, 0),
		.arg_start = (uintptr_t)text, .arg_end = (uintptr_t)text + size,
		.env_start = (uintptr_t)text + size, .env_end = (uintptr_t)text + size,
		.exe_fd = -1,
	};

	if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) < 0)
		return nsi_errno();
	return 0;
}

/* Else in place of the words and, where they are too short, of the environment. Behind a
   last byte that is not NUL the kernel looks for the end by itself: setproctitle(3). */
static void overwrite_args(const uint64_t field[FIELDS], const char *text, size_t len)
{
	static char *none[1];
	char *args = (char *)(uintptr_t)field[ARG_START];
	size_t room = field[ARG_END] - field[ARG_START];
	size_t all = field[ENV_START] == field[ARG_END] ?
		field[ENV_END] - field[ARG_START] : room;

	if (!args || field[ARG_END] < field[ARG_START] + 2 ||
	    field[ENV_END] < field[ENV_START])
		return;
	environ = none;
	memset(args, '\0', all);
	if (len < room - 1)
		args[room - 1] = ' ';
	memcpy(args, text, len < all ? len : all - 1);
}

#define PAGE	4096

void nsi_self_name(const char *title)
{
	uint64_t field[FIELDS] = { 0 };
	size_t len = strnlen(title, PAGE - 1);
	char comm[16] = "", *text;

	for (size_t i = 0; i < sizeof(comm) - 1 && i < len && title[i] != ' '; i++)
		comm[i] = title[i];
	prctl(PR_SET_NAME, comm);
	if (read_fields(field) < 0)
		return;
	/* The kernel shows no words that lie in a file's mapping. */
	text = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (text != MAP_FAILED)
		memcpy(text, title, len);
	if (text == MAP_FAILED || move_args(field, text, len + 1) < 0)
		overwrite_args(field, title, len);
}

/* As large as any page; a thread's data is smaller. */
#define WORTHWHILE	(64u << 10)

struct area {
	uintptr_t start, end;
	bool writable, shared, anonymous;
};

/* "55e0-55f0 rw-p 00000000 00:00 0    [heap]" */
static bool parse_area(const char *line, struct area *ret)
{
	char *at;

	ret->start = strtoull(line, &at, 16);
	if (*at++ != '-')
		return false;
	ret->end = strtoull(at, &at, 16);
	if (*at++ != ' ' || strnlen(at, 5) < 5)
		return false;
	ret->writable = at[1] == 'w';
	ret->shared = at[3] == 's';
	for (int i = 0; i < 3; i++) {
		at = strchr(at, ' ');
		if (!at)
			return false;
		at++;
	}
	ret->anonymous = at[0] == '0' && (at[1] == ' ' || !at[1]);
	at += strcspn(at, " ");
	at += strspn(at, " ");
	/* Not [stack] and what the kernel has there. */
	if (*at == '[' && strncmp(at, "[heap]", 6) && strncmp(at, "[anon", 5))
		ret->anonymous = false;
	return true;
}

static void drop(uintptr_t start, uintptr_t end)
{
	if (start < end && end - start >= WORTHWHILE)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

static bool has(const struct area *area, uintptr_t address)
{
	return address >= area->start && address < area->end;
}

/*
 * Neighbours become one mapping. What is right behind a file is a program's or library's
 * .bss; what the C library has of this thread is where errno is, and of a thread that is
 * not the first on top of its stack. No function is looked up any more, see -z now, so
 * what the dynamic loader knows may go.
 */
static void drop_area(const struct area *area, uintptr_t before)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t thread = (uintptr_t)&errno;
	uintptr_t first = has(area, here) ? here : thread;

	if (!area->writable)
		return;
	if (area->shared) {
		munmap((void *)area->start, area->end - area->start);
	} else if (!area->anonymous || area->start == before) {
		return;
	} else if (has(area, thread) && first <= thread) {
		drop(area->start, (first & ~(uintptr_t)(WORTHWHILE - 1)) - WORTHWHILE);
		drop((thread & ~(uintptr_t)(WORTHWHILE - 1)) + 2 * WORTHWHILE, area->end);
	} else if (!has(area, here) && !has(area, thread)) {
		drop(area->start, area->end);
	}
}

void nsi_self_shrink(void)
{
	nsi_autoclose int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	char buf[2048], line[128];
	size_t len = 0;
	uintptr_t file_end = 0;
	struct area area;
	ssize_t n;

	while (!NSI_SANITIZED && fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != '\n') {
				if (len < sizeof(line) - 1)
					line[len++] = buf[i];
				continue;
			}
			line[len] = '\0';
			len = 0;
			if (!parse_area(line, &area))
				continue;
			drop_area(&area, file_end);
			if (!area.anonymous)
				file_end = area.end;
		}
}
