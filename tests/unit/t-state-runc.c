/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runc and crun left on disk: whose it is, and whether it is still true. */
#include "enginetree.h"

#define RUNC "run/runc/"

/* Processes began at their number. */
static void runc(const char *path, pid_t pid, long long start, const char *config)
{
	char text[4096];

	snprintf(text, sizeof(text), "{\"id\":\"x\",\"init_process_pid\":%d,"
		 "\"init_process_start\":%lld,\"created\":\"2026-01-01T00:00:00Z\","
		 "\"config\":%s,\"rootless\":false}", pid, start, config);
	tree_file(text, "%s/state.json", path);
}

static void crun(const char *path, pid_t pid, long long start)
{
	char text[1024];

	snprintf(text, sizeof(text), "{\n \"pid\" : %d,\n"
		 " \"process-start-time\" : %lld,\n \"cgroup-path\" : \"/x\",\n"
		 " \"bundle\" : \"/b\" }",
		 pid, start);
	tree_file(text, "%s/status", path);
}

#define word_of(pid) (of(pid) ? nsu_container_get_word(of(pid)) : NULL)

static void test_runc(void)
{
	uid_t uid = -1;

	engines_begin();
	process(100, "sh", 1, "/web");
	runc(RUNC "web", 100, 100, "{\"labels\":[\"bundle=/b\",\"a\",7,"
	     "\"org.opencontainers.image.ref.name=nginx:1.25\"],\"rootfs\":\"/r\"}");
	process(101, "sh", 1, NULL);
	runc(RUNC "bare", 101, 101, "{}");
	scan();
	is_named(100, "runc", NULL, "nginx:1.25");
	is_str(word_of(100), "runc:web", "its word");
	is_str(text_of(100, NSU_CONTAINER_ID), "web", "its id");
	is_str(text_of(100, NSU_CONTAINER_RUNTIME), "runc", "its runtime");
	is_str(text_of(100, NSU_CONTAINER_SOURCE), "/run/runc/web/state.json",
	       "where that was read");
	ok(!nsu_container_get_uid(of(100), &uid) && !uid, "root runs it");
	is_str(word_of(101), "runc:bare", "one that has no cgroup of its own");
	is_int(error_of(101, NSU_CONTAINER_IMAGE), -ENOENT, "and no image");
	scan_end();
}

static void test_crun(void)
{
	engines_begin();
	process(100, "sh", 1, NULL);
	crun("run/crun/web", 100, 100);
	tree_file("{\"ociVersion\":\"1.0\",\"annotations\":"
		  "{\"org.opencontainers.image.ref.name\":\"cart:2\"}}",
		  "run/crun/web/config.json");
	process(101, "sh", 1, NULL);
	crun("run/crun/bare", 101, 101);
	scan();
	is_named(100, "crun", NULL, "cart:2");
	is_str(word_of(100), "crun:web", "its word");
	is_str(text_of(100, NSU_CONTAINER_RUNTIME), "crun", "its runtime");
	is_str(word_of(101), "crun:bare", "one without a configuration");
	scan_end();
}

/* Those that others start by them are the others'. */
static void test_managers(void)
{
	engines_begin();
	process(100, "sh", 1, NULL);
	runc("run/docker/runtime-runc/moby/" A, 100, 100, "{}");
	process(101, "sh", 1, NULL);
	runc("run/containerd/runc/default/box", 101, 101, "{}");
	process(102, "sh", 1, NULL);
	runc(RUNC B, 102, 102, "{\"labels\":[\"io.container.manager=libpod\"]}");
	process(103, "sh", 1, NULL);
	crun("run/crun/" C, 103, 103);
	tree_file("{\"annotations\":{\"io.container.manager\":\"cri-o\"}}",
		  "run/crun/" C "/config.json");
	process(104, "sh", 1, NULL);
	crun("run/containerd/runc/k8s.io/" D, 104, 104);
	scan();
	is_str(text_of(100, NSU_CONTAINER_ENGINE), "docker", "of Docker");
	is_str(text_of(100, NSU_CONTAINER_RUNTIME), "runc", "by runc");
	is_str(word_of(101), "containerd:box", "of containerd");
	is_str(text_of(102, NSU_CONTAINER_ENGINE), "podman", "of Podman");
	is_str(text_of(103, NSU_CONTAINER_ENGINE), "cri-o", "of CRI-O");
	is_str(text_of(103, NSU_CONTAINER_RUNTIME), "crun", "by crun");
	is_str(word_of(104), "cri:dddddddddddd", "of Kubernetes, by crun");
	scan_end();
}

/* Their files are not even read: that is dear, and they may be half written. */
static void test_known(void)
{
	engines_begin();
	process(100, "sh", 1, "/docker/" A);
	tree_file("{", "run/docker/runtime-runc/moby/" A "/state.json");
	process(101, "sh", 1, "/system.slice/libpod-" B ".scope");
	tree_file("{", "run/crun/" B "/status");
	process(102, "sh", 1, "/docker/" C);
	tree_file("{", "run/containerd/runc/moby/" C "/status");
	scan();
	is_str(text_of(100, NSU_CONTAINER_RUNTIME), "runc", "Docker's by runc");
	is_str(text_of(101, NSU_CONTAINER_RUNTIME), "crun", "Podman's by crun");
	is_str(text_of(102, NSU_CONTAINER_RUNTIME), "crun", "Docker's by crun");
	is_int(gap_of(0), 0, "nothing is amiss");
	scan_end();
}

static void test_stale(void)
{
	engines_begin();
	process(100, "sh", 1, NULL);
	runc(RUNC "old", 100, 99, "{}");
	crun("run/crun/old", 100, 99);
	runc(RUNC "gone", 4000, 4000, "{}");
	runc(RUNC "created", 0, 0, "{}");
	runc(RUNC "odd", -1, 100, "{}");
	crun("run/crun/none", 0, 0);
	scan();
	is_str(word_of(100), NULL, "a process of that number, not that start");
	is_int(nsu_snapshot_count_containers(snap), 0, "nothing is there");
	is_int(gap_of(0), 0, "and nothing amiss: what ended leaves files");
	scan_end();
}

static void test_broken(void)
{
	static const char *const texts[] = {
		"", "{", "[]", "null", "{\"init_process_pid\":100}",
		"{\"init_process_pid\":\"100\",\"init_process_start\":100}",
		"{\"init_process_pid\":100,\"init_process_start\":100",
		"{\"init_process_pid\":100,\"init_process_start\":1e2}",
		"{\"init_process_pid\":99999999999999999999,\"init_process_start\":100}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		engines_begin();
		process(100, "sh", 1, NULL);
		tree_file(texts[i], RUNC "bad/state.json");
		process(101, "sh", 1, NULL);
		runc(RUNC "good", 101, 101, "{}");
		scan();
		is_str(word_of(100), NULL, "nothing is believed of: %s", texts[i]);
		is_int(gap_of(0), -EBADMSG, "which is told");
		is_str(word_of(101), "runc:good", "the next one is");
		scan_end();
	}
	engines_begin();
	process(100, "sh", 1, NULL);
	tree_file("{ \"pid\" : 100 }", "run/crun/bad/status");
	scan();
	is_str(word_of(100), NULL, "without its start it may be another");
	is_int(gap_of(0), -EBADMSG, "which is told");
	scan_end();
}

static void test_hostile(void)
{
	engines_begin();
	process(100, "sh", 1, NULL);
	runc("elsewhere", 100, 100, "{}");
	tree_link("../../elsewhere", RUNC "link");
	runc(RUNC "a\033[2Jb", 100, 100, "{}");
	tree_file("x", RUNC "file");
	tree_dirs(RUNC "fifo/x");
	ok(!mkfifoat(tree_fd, RUNC "fifo/state.json", 0600), "a FIFO in place of a file");
	runc(RUNC "shared", 100, 100, "{}");
	ok(!fchmodat(tree_fd, RUNC "shared/state.json", 0666, 0),
	   "a file that everybody may write");
	scan();
	is_str(word_of(100), NULL, "nothing is believed");
	is_int(nsu_snapshot_count_containers(snap), 0, "nothing is there");
	scan_end();
}

/* Of a user, whose files may name a process of anyone's. */
static void test_user(void)
{
	engines_begin();
	process(100, "sh", 1, NULL);
	runc("run/user/1000/runc/web", 100, 100, "{}");
	process(101, "sh", 1, "/web");
	runc("run/user/1000/docker/runtime-runc/moby/" A, 101, 101, "{}");
	crun("run/user/1000/crun/web", 1, 1);
	runc("run/user/x/runc/web", 100, 100, "{}");
	for (int i = 0; i < 5; i++)
		tree_file("{", "run/user/1000/runc/bad%d/state.json", i);
	scan();
	is_int(nsu_snapshot_count_containers(snap), 0, "they are not the user's");
	is_int(nsu_snapshot_count_gaps(snap), 1, "one complaint for all of a user");
	scan_end();
}

static void test_nothing(void)
{
	engines_begin();
	process(100, "sh", 1, NULL);
	scan();
	is_int(nsu_snapshot_count_containers(snap), 0, "no directory of any engine");
	is_int(nsu_snapshot_count_gaps(snap), 0, "is nothing amiss");
	scan_end();
}

int main(void)
{
	test_runc();
	test_crun();
	test_managers();
	test_known();
	test_stale();
	test_broken();
	test_hostile();
	test_user();
	test_nothing();
	return done();
}
