// SPDX-License-Identifier: GPL-2.0-or-later
/* A pin that goes while it is read, as a removed container's, is no failure. */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "pins.h"
#include "box.h"

/* What the box tells of itself. */
static uint64_t *mnt, *uts;

static int cover(void)
{
	int r = box_map(), fd;

	*mnt = link_inode(getpid(), "mnt");
	*uts = link_inode(getpid(), "uts");
	if (r < 0)
		return r;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 || mkdir("/tmp/a", 0755) < 0)
		return -errno;
	fd = open("/tmp/a/pin", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	close(fd);
	if (mount("/proc/self/ns/uts", "/tmp/a/pin", NULL, MS_BIND, NULL) < 0 ||
	    mount("tmpfs", "/tmp/a", "tmpfs", 0, NULL) < 0)
		return -errno;
	return 0;
}

/* In the namespaces of the kid: what covers the pin, then the pin. */
static bool uncover(pid_t kid)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		int user = open(fmt("/proc/%d/ns/user", kid), O_RDONLY | O_CLOEXEC);
		int fd = open(fmt("/proc/%d/ns/mnt", kid), O_RDONLY | O_CLOEXEC);

		setns(user, CLONE_NEWUSER);
		_exit(setns(fd, CLONE_NEWNS) < 0 || umount2("/tmp/a", 0) < 0 ||
		      umount2("/tmp/a/pin", 0) < 0);
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

/* disable: how it is not to be read. */
static void test_gone(const char *disable)
{
	struct nsi_search *search = calloc(1, sizeof(*search));
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_ctx_options without = NSU_CTX_OPTIONS_INIT;
	struct nsi_builder builder = { 0 };
	struct nsi_failed failed = { .error = -ENOENT };
	const struct nsu_ns *ns, *in;
	const struct nsu_task *task;
	uint32_t first[1024], next[16];
	struct kid kid;
	int r = box_start_as(&kid, CLONE_NEWNS | CLONE_NEWUTS, cover);

	if (r < 0) {
		skip(disable, strerror(-r));
		free(search);
		return;
	}
	without.disable = disable;
	nsu_ctx_new(&without, &builder.ctx);
	opts.parts = NSU_PART_DEFAULT | NSU_PART_MOUNTS;
	opts.pids = &kid.pid;
	opts.pid_count = 1;
	r = nsu_snapshot_new(builder.ctx, &opts, &builder.snap);
	search->b = &builder;
	search->again_in = NSI_NONE;
	if (ok(!r && !nsu_snapshot_find_ns(builder.snap, NSU_UTS, *uts, &ns) &&
	       !nsu_snapshot_find_ns(builder.snap, NSU_MNT, *mnt, &in) &&
	       builder.snap->ns_count < ARRAY_SIZE(first) &&
	       builder.snap->task_count < ARRAY_SIZE(next), "\"%s\": read", disable)) {
		/* In all of them is the kid alone. */
		nsu_snapshot_find_task(builder.snap, kid.pid, &task);
		for (size_t i = 0; i < builder.snap->ns_count; i++)
			first[i] = task - builder.snap->tasks;
		memset(next, 0xff, sizeof(next));
		search->first = first;
		search->next = next;
		search->first_count = builder.snap->ns_count;
		failed.ns = ns - builder.snap->ns;
		failed.in = in - builder.snap->ns;
		ok(!nsi_search_is_gone(search, &failed), "\"%s\": is there", disable);
		ok(uncover(kid.pid), "\"%s\": goes", disable);
		ok(!nsi_search_is_gone(search, &failed), "\"%s\": read once", disable);
		search->again_in = NSI_NONE;
		ok(nsi_search_is_gone(search, &failed), "\"%s\": is gone", disable);
		kid_end(&kid);
		search->again_in = NSI_NONE;
		ok(!nsi_search_is_gone(search, &failed),
		   "\"%s\": who cannot look does not say so", disable);
	}
	nsi_pins_free(&search->again);
	free(search);
	nsu_snapshot_free(builder.snap);
	nsu_ctx_free(builder.ctx);
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) < 0 || !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	mnt = mmap(NULL, 2 * sizeof(*mnt), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mnt == MAP_FAILED)
		skip_all("no memory to share");
	uts = mnt + 1;
	test_gone("");
	test_gone("statmount");
	nsu_ctx_free(ctx);
	return done();
}
