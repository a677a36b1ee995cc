/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers of a tree that is shaped like /proc. */
#include "proctree.h"

#define X16(c)	c c c c c c c c c c c c c c c c
#define X64(c)	X16(c) X16(c) X16(c) X16(c)
#define A	X64("a")
#define B	X64("b")
#define C	X64("c")
#define D	X64("d")
#define E	X64("e")
#define P	X64("1")
#define Q	X64("2")
#define R	X64("3")
#define UID	"1b2c3d4e-0000-4111-8222-123456789abc"
#define OWN	(1u << NSU_PID | 1u << NSU_MNT | 1u << NSU_NET)
#define HOST	0

static struct nsu_ctx *ctx;
static struct nsu_snapshot *snap;

/* number: of its namespaces, HOST: the first ones. numbers: behind "NSpid:\t". start: its
   order of birth. */
static void process(pid_t pid, unsigned own, unsigned number, const char *numbers,
		    unsigned start, const char *cgroup)
{
	char text[512];

	tree_process(pid, own, number);
	snprintf(text, sizeof(text), "Name:\tx\nState:\tS (sleeping)\nTgid:\t%d\n"
		 "PPid:\t1\nThreads:\t1\nNSpid:\t%s\n", pid, numbers);
	tree_file(text, "%d/status", pid);
	snprintf(text, sizeof(text),
		 "%d (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n",
		 pid, start);
	tree_file(text, "%d/stat", pid);
	if (cgroup)
		tree_file(cgroup, "%d/cgroup", pid);
}

static const struct nsu_task *task(pid_t pid)
{
	const struct nsu_task *found = NULL;

	nsu_snapshot_find_task(snap, pid, &found);
	return found;
}

static const struct nsu_container *of(pid_t pid)
{
	const struct nsu_container *found = NULL;

	return nsu_task_get_container(task(pid), &found) ? NULL : found;
}

static const char *word(pid_t pid)
{
	return nsu_container_get_word(of(pid));
}

static const char *text(const struct nsu_container *c, enum nsu_container_text what)
{
	const char *found = NULL;

	return nsu_container_get_text(c, what, &found) ? NULL : found;
}

static const struct nsu_container *outer(const struct nsu_container *c)
{
	const struct nsu_container *found = NULL;

	return nsu_container_get_outer(c, &found) ? NULL : found;
}

static const struct nsu_container *pod(const struct nsu_container *c)
{
	const struct nsu_container *found = NULL;

	return nsu_container_get_pod(c, &found) ? NULL : found;
}

static pid_t init(const struct nsu_container *c)
{
	const struct nsu_task *found;

	return nsu_container_get_init(c, &found) ? -1 : nsu_task_get_pid(found);
}

static const char *place(pid_t pid, enum nsu_place what)
{
	const char *found = NULL;

	return nsu_task_get_place(task(pid), what, &found) ? NULL : found;
}

static void begin(void)
{
	tree_begin();
	process(1, 0, HOST, "1", 1, "0::/init.scope\n");
}

static void scan(void)
{
	snap = tree_scan_with(TREE_PARTS | NSU_PART_CONTAINERS, 0, NULL, &ctx);
}

static void end(void)
{
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	tree_end();
}

static void check_docker(const struct nsu_container *c)
{
	uid_t uid = 7;

	is_str(nsu_container_get_word(c), "docker:aaaaaaaaaaaa", "its word");
	is_str(text(c, NSU_CONTAINER_ENGINE), "docker", "its engine");
	is_str(text(c, NSU_CONTAINER_ID), A, "its id");
	is_str(text(c, NSU_CONTAINER_CGROUP), "/docker/" A, "its cgroup");
	is_str(text(c, NSU_CONTAINER_SOURCE), "cgroup", "that told");
	is_int(nsu_container_get_text(c, NSU_CONTAINER_NAME, &(const char *){ 0 }),
	       -ENODATA, "its name is not known: nothing could be read");
	is_int(nsu_container_get_kind(c), NSU_CONTAINER, "its kind");
	is_int(init(c), 100, "its first process");
	ok(!nsu_container_is_claim(c), "no claim");
	ok(!outer(c) && !pod(c), "neither within one nor in a pod");
	is_int(nsu_container_get_uid(c, &uid), 0, "its user is known");
	is_int(uid, 0, "root");
	is_int(nsu_container_count_tasks(c), 4, "its tasks");
	is_int(nsu_container_count_processes(c), 4, "are processes");
	is_int(nsu_task_get_pid(nsu_container_get_task(c, 3)), 103, "sorted");
	ok(!nsu_container_get_task(c, 4), "and no more");
}

/* Docker in Docker; what it runs may call its cgroups what it likes. */
static void test_nested(void)
{
	const struct nsu_container *c, *fact = NULL;
	size_t facts = 0;

	begin();
	process(100, OWN, 1000, "100 1", 50, "0::/docker/" A "\n");
	process(101, OWN, 1000, "101 9", 51, "0::/docker/" A "/sub\n");
	process(102, OWN, 1000, "102 8", 52, "0::/docker/" A "\n");
	/* Moved out of it by somebody, but for its pid namespace. */
	process(103, OWN, 1000, "103 7", 53, "0::/\n");
	process(110, OWN, 2000, "110 20 1", 60, "0::/docker/" A "/docker/" B "\n");
	process(111, OWN, 3000, "111 21 1", 61, "0::/docker/" A "/docker/" C "\n");
	process(120, OWN, 4000, "120 1", 70, "0::/docker/" C "\n");
	process(130, 0, HOST, "130", 80, "0::/evil.slice/docker/" C "\n");
	process(140, 0, HOST, "140", 90,
		"0::/user.slice/user-7.slice/user@7.service/docker-" C
		".scope\n");
	scan();
	check_docker(of(100));
	ok(of(101) == of(100) && of(103) == of(100), "its tasks have it");
	is_str(word(110), "docker:bbbbbbbbbbbb", "one within it");
	ok(nsu_container_is_claim(of(110)), "is a claim");
	ok(outer(of(110)) == of(100), "of the outer one");
	is_int(init(of(110)), 110, "with a first process of its own");
	is_int(nsu_container_get_uid(of(110), &(uid_t){ 0 }), -ENODATA,
	       "of an unknown user");
	ok(of(111) != of(120), "one that takes another's id is another");
	is_int(init(of(120)), 120, "which keeps its first process");
	is_int(nsu_container_count_tasks(of(120)), 1, "and its only task");
	ok(!nsu_container_is_claim(of(120)), "and is a fact");
	ok(nsu_container_is_claim(of(130)), "a deeper cgroup of that id is not believed");
	ok(!nsu_container_is_claim(of(140)), "a user's own container of that id is");
	nsu_foreach_container(c, snap)
		if (!strcmp(text(c, NSU_CONTAINER_ID), C) && !nsu_container_is_claim(c)) {
			facts++;
			if (c == of(120))
				fact = c;
		}
	ok(fact && facts == 2, "two facts of that id, of two users");
	end();
}

static void test_pods(void)
{
	const struct nsu_container *k, *p;

	begin();
	process(200, OWN, 1000, "200 1", 50, "0::/kubepods/besteffort/pod" UID "/" P
		"\n");
	process(201, OWN, 2000, "201 1", 40, "0::/kubepods/besteffort/pod" UID "/" Q
		"\n");
	process(202, OWN, 2000, "202 2", 41, "0::/kubepods/besteffort/pod" UID "/" Q
		"\n");
	process(210, OWN, 3000, "210 1", 60, "0::/libpod_parent/" R "/libpod-" A "\n");
	process(211, OWN, 4000, "211 1", 61, "0::/libpod_parent/" R "/libpod-" B "\n");
	scan();
	k = pod(of(200));
	p = pod(of(210));
	is_str(word(200), "cri:111111111111", "a container of Kubernetes");
	ok(k && k == pod(of(201)), "in the pod of the other");
	is_int(nsu_container_get_kind(k), NSU_POD, "which is one");
	is_str(nsu_container_get_word(k), "pod:" UID,
	       "of which the uid is all that is known");
	is_str(text(k, NSU_CONTAINER_ENGINE), "kubernetes", "of Kubernetes");
	is_str(text(k, NSU_CONTAINER_CGROUP), "/kubepods/besteffort/pod" UID,
	       "its cgroup");
	is_int(nsu_container_count_tasks(k), 3, "has the tasks of both");
	is_int(nsu_container_count_processes(k), 3, "which are processes");
	is_int(init(k), 201, "and its oldest first process");
	ok(!pod(k), "is in no pod");
	is_str(word(210), "podman:aaaaaaaaaaaa", "a container of Podman's pod");
	is_str(nsu_container_get_word(p), "pod:333333333333", "which is called so");
	is_str(text(p, NSU_CONTAINER_ENGINE), "podman", "is of Podman");
	is_int(nsu_container_count_tasks(p), 2, "and has both");
	is_int(nsu_snapshot_count_containers(snap), 6, "pods are in the list");
	for (size_t i = 1; i < nsu_snapshot_count_containers(snap); i++)
		ok(strcmp(nsu_container_get_word(nsu_snapshot_get_container(snap, i - 1)),
			  nsu_container_get_word(nsu_snapshot_get_container(snap,
									    i))) <= 0,
		   "which is sorted at %zu", i);
	end();
}

static void test_places(void)
{
	static const char session[] = "0::/user.slice/user-7.slice/session-4.scope\n";

	begin();
	process(300, 0, HOST, "300", 50, "0::/system.slice/nginx.service\n");
	process(301, 0, HOST, "301", 51, session);
	process(302, OWN, 1000, "302 1", 52,
		"0::/machine.slice/machine-my\\x2dbox.scope/payload/x.slice/x.mount\n");
	process(303, 0, HOST, "303", 53, "0::/docker/" A "/system.slice/x.service\n");
	process(304, 0, HOST, "304", 54, NULL);
	process(305, 0, HOST, "305", 55, NULL);
	mkdirat(tree_fd, "305/cgroup", 0755);
	scan();
	is_str(place(300, NSU_PLACE_UNIT), "nginx.service", "a unit");
	is_str(place(300, NSU_PLACE_SLICE), "system.slice", "its slice");
	is_str(place(300, NSU_PLACE_CGROUP), "/system.slice/nginx.service", "its cgroup");
	is_str(place(300, NSU_PLACE_SESSION), NULL, "no session");
	is_int(nsu_task_get_container(task(300), &(const struct nsu_container *){ 0 }),
	       -ENOENT,
	       "no container");
	is_str(place(301, NSU_PLACE_SESSION), "4", "a session");
	is_str(place(302, NSU_PLACE_MACHINE), "my-box", "a machine");
	is_str(place(302, NSU_PLACE_UNIT), "machine-my\\x2dbox.scope",
	       "its unit, not one in it");
	is_str(word(302), "machine:my-box", "its word");
	is_str(text(of(302), NSU_CONTAINER_NAME), "my-box", "its name");
	is_str(place(303, NSU_PLACE_UNIT), NULL, "no unit of a container's own");
	is_int(nsu_task_get_place(task(304), NSU_PLACE_UNIT, &(const char *){ 0 }),
	       -ENOENT,
	       "no cgroups at all: no unit");
	is_int(nsu_task_get_container(task(304), &(const struct nsu_container *){ 0 }),
	       -ENOENT,
	       "nor container");
	is_int(nsu_task_get_container(task(305), &(const struct nsu_container *){ 0 }),
	       -EISDIR,
	       "why it could not be read");
	is_int(nsu_task_get_place(task(305), NSU_PLACE_UNIT, &(const char *){ 0 }),
	       -EISDIR,
	       "is said of its unit, too");
	is_int(nsu_snapshot_count_gaps(snap), 1, "and a gap");
	is_str(nsu_snapshot_get_gap(snap, 0)->step, "cgroup", "says so");
	is_int(nsu_snapshot_get_gap(snap, 0)->pid, 305, "of whom");
	end();
}

static void test_inits(void)
{
	begin();
	/* In the pid namespace of the host: the oldest. */
	process(400, 0, HOST, "400", 60, "0::/docker/" A "\n");
	process(401, 1u << NSU_MNT, 1000, "401", 50, "0::/docker/" A "\n");
	/* which began a pid namespace of its own */
	process(402, OWN, 2000, "402 1", 70, "0::/docker/" A "\n");
	/* In that of another container */
	process(410, OWN, 3000, "410 1", 50, "0::/docker/" B "\n");
	process(411, 1u << NSU_PID, 3000, "411 9", 53, "0::/docker/" C "\n");
	process(412, 1u << NSU_PID, 3000, "412 8", 52, "0::/docker/" C "\n");
	/* Two in it began one: neither is all of it. */
	process(420, OWN, 4000, "420 1", 55, "0::/docker/" D "\n");
	process(421, OWN, 5000, "421 1", 54, "0::/docker/" D "\n");
	/* All of it is within cgroups that it made. */
	process(430, OWN, 6000, "430 1", 60, "0::/docker/" E "/docker/" A "\n");
	scan();
	is_int(init(of(400)), 401, "the oldest");
	ok(of(402) == of(400), "whose pid namespaces are in it");
	is_int(init(of(410)), 410, "the first of the pid namespace");
	is_int(init(of(411)), 412, "the oldest of one that joined it");
	ok(of(411) != of(410), "which is not the other");
	ok(!outer(of(411)), "nor within it");
	is_int(init(of(420)), 421, "the oldest of two first ones");
	is_int(init(outer(of(430))), 430, "the first one, wherever it lies");
	is_int(nsu_container_count_tasks(outer(of(430))), 0, "has moved away");
	end();
}

static void test_threads(void)
{
	begin();
	process(500, OWN, 1000, "500 1", 50, "0::/docker/" A "\n");
	tree_task("500/task/501", OWN, 2000);
	tree_file("Tgid:\t500\nNSpid:\t501\t2\n", "500/task/501/status");
	tree_file("0::/elsewhere\n", "500/task/501/cgroup");
	scan();
	if (ok(task(501), "a thread with namespaces of its own"))
		ok(of(501) && of(501) == of(500), "is in the container of its process");
	is_int(nsu_container_count_tasks(of(500)), 2, "which has two tasks");
	is_int(nsu_container_count_processes(of(500)), 1, "of one process");
	end();
}

/* What a hostile container may make of its cgroups. */
static void test_hostile(void)
{
	enum { SIZE = 70 << 10 };
	char *deep = malloc(SIZE + 16);
	size_t at = sprintf(deep, "0::/docker/" A);
	struct nsu_container const *c;
	size_t depth = 0;

	while (at < SIZE)
		at += sprintf(deep + at, "/lxc/a");
	begin();
	process(600, OWN, 1000, "600 1", 50, deep);
	process(601, OWN, 2000, "601 1", 51, "0::/lxc.payload.\033[1m\t\x01");
	process(602, OWN, 3000, "602 1", 52, "");
	process(603, OWN, 4000, "603 1", 53, "0::/docker/" A "/lxc/a/lxc/b/docker/" A
		"\n");
	scan();
	for (c = of(600); c; c = outer(c))
		depth++;
	ok(depth > 1 && depth <= 8, "of 10,000 within each other %zu are told", depth);
	is_str(word(601), "lxc:\033[1m\t\x01", "names are as they are");
	ok(!of(602), "an empty file tells nothing");
	is_int(init(outer(outer(outer(of(603))))), 600, "the outermost is the host's");
	ok(nsu_container_is_claim(of(603)), "its own id within it is a claim");
	is_int(nsu_container_get_text(NULL, 0, &(const char *){ 0 }), -EINVAL,
	       "no container");
	is_int(nsu_container_get_text(of(600), 99, &(const char *){ 0 }), -EINVAL,
	       "no text");
	end();
	free(deep);
}

static void test_parts(void)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_ctx_options of_tree = NSU_CTX_OPTIONS_INIT;
	const pid_t pids[] = { 701 };

	begin();
	process(700, OWN, 1000, "700 1", 50, "0::/docker/" A "\n");
	process(701, OWN, 1000, "701 2", 51, "0::/docker/" A "\n");
	snap = tree_scan_with(TREE_PARTS, 0, NULL, &ctx);
	is_int(nsu_snapshot_count_containers(snap), 0,
	       "none where they are not asked for");
	is_int(nsu_task_get_container(task(700), &(const struct nsu_container *){ 0 }),
	       -ENODATA, "which is said");
	is_int(nsu_task_get_place(task(700), NSU_PLACE_UNIT, &(const char *){ 0 }),
	       -ENODATA,
	       "of units as well");
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	of_tree.proc_fd = tree_fd;
	options.parts = NSU_PART_CONTAINERS;
	options.pids = pids;
	options.pid_count = 1;
	is_int(nsu_ctx_new(&of_tree, &ctx), 0, "a context");
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "a scan of one process");
	is_str(word(701), "docker:aaaaaaaaaaaa", "knows its container");
	is_int(nsu_container_count_tasks(of(701)), 1, "of which it is all that was read");
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	snap = tree_scan_with(TREE_PARTS | NSU_PART_CONTAINERS, 0, "nspid", &ctx);
	is_int(init(of(700)), 700, "without inner numbers: the oldest");
	end();
}

static void test_words(void)
{
	for (int i = 0; i < NSU_CONTAINER_TEXTS; i++)
		ok(nsu_container_text_get_name(i), "text %d has a name", i);
	ok(!nsu_container_text_get_name(NSU_CONTAINER_TEXTS), "and no more have");
	for (int i = 0; i < NSU_PLACES; i++)
		ok(nsu_place_get_name(i), "place %d has a name", i);
	ok(!nsu_place_get_name(NSU_PLACES), "and no more have");
}

int main(void)
{
	test_nested();
	test_pods();
	test_places();
	test_inits();
	test_threads();
	test_hostile();
	test_parts();
	test_words();
	return done();
}
