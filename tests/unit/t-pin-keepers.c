/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keepers are found: those of this store, and nothing that only calls itself one. */
#include <sys/mman.h>
#include "place.h"
#include "keeper.h"

/* ---- what calls itself a keeper ---- */

/* Would be one, but for its name. */
static int open_other_name(void)
{
	struct nsi_record record = { 0 };
	nsi_autofree char *json = NULL;
	int fd = memfd_create("nspi", 0);

	if (fd < 0 || nsi_record_format(&record, &json) < 0 ||
	    dprintf(fd, "%s\n0 0 %zu %s\n%s", name, strlen(home.path), home.path,
		    json) < 0)
		return -1;
	return fd;
}

enum fake {
	NOTHING, FIFO, DIRECTORY, OTHER_NAME, EMPTY, GARBAGE, LARGE, BAD_NAME, NO_STORE,
	BAD_STORE, LONG_STORE, FAKES,
};
static enum fake fake;

/* In order, but for whose it is. */
static int open_fake_store(const char *words)
{
	struct nsi_record record = { 0 };
	nsi_autofree char *json = NULL;
	int fd = memfd_create("nspin", 0);

	if (fd < 0 || nsi_record_format(&record, &json) < 0 ||
	    dprintf(fd, "%s\n%s%s", name, words, json) < 0)
		return -1;
	return fd;
}

static int open_fake(void)
{
	static const char bad[] = "../etc\n{}\n";
	int pair[2], fd = -1;

	switch (fake) {
	case FIFO:
		return pipe2(pair, 0) < 0 ? -1 : pair[0];
	case DIRECTORY:
		return open("/", O_RDONLY);
	case OTHER_NAME:
		return open_other_name();
	case EMPTY:
		return memfd_create("nspin", 0);
	case GARBAGE:
	case LARGE:
		fd = memfd_create("nspin", 0);
		if (ftruncate(fd, fake == LARGE ? 1 << 30 : 4096) < 0)
			return -1;
		return fd;
	case BAD_NAME:
		fd = memfd_create("nspin", 0);
		return write(fd, bad, sizeof(bad)) < 0 ? -1 : fd;
	case NO_STORE:
		return open_fake_store("");
	case BAD_STORE:
		return open_fake_store("0 0 -1 /\n");
	case LONG_STORE:
		return open_fake_store("0 0 99999 /\n");
	default:
		return -1;
	}
}

static int pretend(void)
{
	int fd = open_fake(), input = dup(kid_input), output = dup(kid_output);

	/* 3 is that of the fake, whatever was there. */
	kid_input = fcntl(input, F_DUPFD, 20);
	kid_output = fcntl(output, F_DUPFD, 20);
	if (fd >= 0)
		dup2(fd, 3);
	else
		close(3);
	prctl(PR_SET_NAME, NSI_KEEPER_TITLE);
	fd = 0;
	if (write(kid_output, &fd, sizeof(fd)) < 0)
		_exit(1);
	kid_wait();
	return 0;
}

static int count_any(void *data, const char *found_name, const struct nsi_record *record)
{
	(void)found_name;
	if (record->keeper.pid == *(pid_t *)data)
		*(pid_t *)data = 0;
	return 0;
}

static void test_fakes(void)
{
	for (fake = 0; fake < FAKES; fake++) {
		struct nsi_record record = { 0 };
		struct kid kid;
		pid_t pid;

		if (!is_int(kid_start(&kid, 0, pretend), 0, "fake %d", fake))
			continue;
		pid = kid.pid;
		is_int(nsi_keepers_find(&home, count_any, &pid), 0, "is looked at");
		is_int(pid, kid.pid, "and not taken for one");
		is_int(nsi_proc_describe(ctx, kid.pid, &record.keeper), 0, "described");
		if (fake <= OTHER_NAME)
			ok(nsi_keeper_update(&home, name, &record) < 0, "nor written to");
		kid_end(&kid);
	}
}

/* ---- whose it is ---- */

static int start_there(void)
{
	static struct held held;

	return start(&held);
}

/* Its keeper ends with it, and comes to us. */
static void end_with_keeper(struct kid *kid)
{
	kid_end(kid);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* Another mount namespace has another /run: by path alone none there is ours. */
static void test_mounts(void)
{
	struct kid kid;
	int r = kid_start(&kid, CLONE_NEWNS, start_there);

	if (r == -EPERM) {
		skip("another mount namespace", "needs root");
		return;
	}
	if (!is_int(r, 0, "a keeper in another mount namespace"))
		return;
	is_int(find(name).count, 0, "is none of the store with its path here");
	end_with_keeper(&kid);
	home.pins = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (is_int(kid_start(&kid, CLONE_NEWNS, start_there), 0, "one more")) {
		is_int(find(name).count, 1, "is of the very store that it was made in");
		end_with_keeper(&kid);
	}
	close(home.pins);
	home.pins = -1;
}

static void test_store(void)
{
	struct held held;

	if (!is_int(start(&held), 0, "a keeper"))
		return;
	is_int(find(name).count, 1, "is of its store");
	home.pins = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	is_int(find(name).count, 1, "also when that was made anew");
	strcat(home.path, "s");
	is_int(find(name).count, 0, "and of no other");
	home.path[strlen(home.path) - 2] = '\0';
	is_int(find(name).count, 0, "with a longer or shorter name");
	close(home.pins);
	home.pins = -1;
	snprintf(home.path, sizeof(home.path), "/a b\n/%s", name);
	is_int(nsi_keeper_update(&home, name, &held.record), 0, "any path");
	is_int(find(name).count, 1, "is its path");
	nsi_dweller_end(&held.dweller);
	ok(!has_children(), "no process is left");
}

static void run(const char *who)
{
	begin(who);
	test_fakes();
	test_mounts();
	test_store();
	nsu_ctx_free(ctx);
}

int main(void)
{
	place_need_host();
	/* Of a hostile file a read may never end. */
	alarm(60);
	run(geteuid() ? "an ordinary user" : "root");
	if (!geteuid())
		run_as_nobody(run);
	return done();
}
