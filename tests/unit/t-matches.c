/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for containers, pods and units on an imaginary host, and what they mean there. */
#include "enginetree.h"

#define E	X64("e")
#define F	X64("f")
#define G	"ffff" X16("0") X16("0") X16("0") "000000000000"
#define H	X64("7")
#define I	X64("8")
#define J	X64("9")
#define K	X64("2")
#define L	X64("3")
#define UID	"1b2c3d4e-0000-4111-8222-123456789abc"
#define OTHER	"5a5a5a5a-0000-4111-8222-123456789abc"
#define USER(uid) "/user.slice/user-" uid ".slice/user@" uid ".service/app.slice/"

static void docker(pid_t pid, const char *id, const char *name, const char *image)
{
	char text[1024];

	snprintf(text, sizeof(text), "/docker/%s", id);
	process(pid, "x", 1, text);
	snprintf(text, sizeof(text),
		 "{\"ID\":\"%s\",\"Name\":\"/%s\",\"Config\":{\"Image\":\"%s\"}}", id,
		 name, image);
	tree_file(text, "var/lib/docker/containers/%s/config.v2.json", id);
}

static void cri(pid_t pid, const char *uid, const char *id, const char *pod,
		const char *name, const char *sandbox)
{
	char text[2048];

	snprintf(text, sizeof(text), "/kubepods/besteffort/pod%s/%s", uid, id);
	process(pid, "x", 1, text);
	snprintf(text, sizeof(text), "{\"annotations\":{"
		 "\"io.kubernetes.cri.container-type\":\"%s\","
		 "\"io.kubernetes.cri.container-name\":\"%s\","
		 "\"io.kubernetes.cri.sandbox-id\":\"%s\","
		 "\"io.kubernetes.cri.sandbox-name\":\"%s\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"shop\","
		 "\"io.kubernetes.cri.sandbox-uid\":\"%s\"}}",
		 *name ? "container" : "sandbox", name, sandbox, pod, uid);
	tree_file(text, "run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/"
		  "config.json", id);
}

static void make_host(void)
{
	engines_begin();
	docker(100, A, "web", "docker.io/library/nginx:1.25");
	process(101, "x", 100, "/docker/" A);
	docker(110, B, "db", "postgres@sha256:1");
	process(120, "x", 1, "/machine.slice/libpod-" C ".scope");
	tree_file("[{\"id\":\"" C "\",\"names\":[\"web\"]}]",
		  "var/lib/containers/storage/overlay-containers/containers.json");
	cri(200, UID, H, "cart", "", H);
	cri(210, UID, I, "cart", "cart", H);
	cri(220, UID, J, "cart", "envoy", H);
	cri(230, OTHER, D, "lone", "one", K);
	/* What docker:web tells of itself: also that it has what is the host's. */
	process(300, "x", 100, "/docker/" A "/docker/" E);
	process(310, "x", 100, "/docker/" A "/docker/" B);
	process(320, "x", 100, "/docker/" A "/lxc.payload.claimed");
	process(330, "x", 1, "/lxc.payload.build");
	process(50, "x", 1, "/system.slice/nginx.service");
	process(51, "x", 50, "/system.slice/nginx.service");
	/* As when its main process has begun anew. */
	tree_file("51 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 45 0 0\n", "51/stat");
	process(40, "x", 1, USER("1000") "nginx.service");
	process(41, "x", 1, USER("1000") "only.service");
	process(42, "x", 1, USER("1001") "only.service");
	process(43, "x", 1, USER("1001") "own.scope");
}

/* The words of all that it means, or an error's number. */
static const char *means(const char *word)
{
	static char text[1024];
	const struct nsu_match *match;
	struct nsu_matches *matches = NULL;
	int r = nsu_matches_new(snap, word, &matches);

	if (r < 0) {
		snprintf(text, sizeof(text), "%d%s", -r, matches ? " and a result" : "");
		return text;
	}
	*text = '\0';
	for (size_t i = 0; (match = nsu_matches_get(matches, i)); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			 i ? " " : "", match->word);
	nsu_matches_free(matches);
	return text;
}

#define NONE	"2"

/* Whom it stands for, or why not. */
static int opens(const char *word)
{
	struct nsu_target *target = NULL;
	pid_t pid = 0;
	int r = nsu_target_new(ctx, word, &target);

	if (r < 0)
		return target ? 1 : r;
	r = nsu_target_get_pid(target, &pid);
	nsu_target_free(target);
	return r < 0 ? r : pid;
}

static void test_containers(void)
{
	is_str(means("docker:web"), "docker:web", "by engine and name");
	is_str(means("web"), "docker:web podman:web", "a name of two");
	is_str(means("podman:web"), "podman:web", "the other engine's");
	is_str(means("podman:db"), NONE, "that one has none of this name");
	is_str(means("docker:" A), "docker:web", "by id");
	is_str(means("docker:aaaa"), "docker:web", "by its first digits");
	is_str(means("aaaa"), "docker:web", "without the engine");
	is_str(means("docker:aaa"), NONE, "three digits are too few");
	is_str(means("docker:bbbbb"), "docker:db", "of another");
	is_str(means("docker:aaaab"), NONE, "digits of none");
	is_str(means("docker:"), "docker:db docker:web", "all of an engine");
	is_str(means("lxc:"), "lxc:build", "and of one whose claims are left out");
	is_str(means("lxc:build"), "lxc:build", "by an id that is a name");
	is_str(means("lxc:buil"), NONE, "which is not cut");
	is_str(means("crun:"), NONE, "an engine that has none");
	is_str(means("docker:web/"), NONE, "nothing is within");
	is_str(means("100"), "100", "a process by its number");
	is_str(means("dokcer:web"), "22", "no engine is called so");
	is_int(opens("docker:web"), 100, "its first process");
	is_int(opens("db"), 110, "by the name alone");
	is_int(opens("web"), -ENOTUNIQ, "not where two have it");
	is_int(opens("docker:"), -ENOTUNIQ, "nor where many are meant");
	is_int(opens("docker:nosuch"), -ENOENT, "nobody has that");
	is_int(opens("nosuch"), -ENOENT, "nor this");
	is_int(opens("1@docker:web"), -ENODATA, "a number in one needs a scan");
}

static void test_images(void)
{
	is_str(means("image:nginx"), "docker:web", "by its name alone");
	is_str(means("image:nginx:1.25"), "docker:web", "with its tag");
	is_str(means("image:library/nginx"), "docker:web", "with what is before it");
	is_str(means("image:docker.io/library/nginx:1.25"), "docker:web", "in full");
	is_str(means("image:postgres"), "docker:db", "without its digest");
	is_str(means("image:ngin"), NONE, "not by a part of a name");
	is_str(means("image:nginx:1"), NONE, "or of a tag");
	is_str(means("image:io/library/nginx"), NONE, "or of a host");
	is_str(means("image:"), NONE, "of none");
	is_int(opens("image:nginx"), -ENOTUNIQ, "any number may have it");
}

static void test_claims(void)
{
	is_str(means("docker:eeee"), "docker:eeeeeeeeeeee",
	       "what nothing else is called");
	is_int(opens("docker:eeee"), 300, "can be opened");
	is_str(means("docker:" B), "docker:db", "a claim of the host's id is not meant");
	is_int(opens("docker:" B), 110, "nor opened");
	is_str(means("claimed"), "lxc:claimed", "by a name that it claims");
}

static void test_pods(void)
{
	struct nsu_target *target = NULL;

	is_str(means("pod:shop/cart"), "pod:shop/cart", "a pod");
	is_str(means("pod:cart"), "pod:shop/cart", "without its namespace");
	is_str(means("pod:shop/cart/envoy"), "pod:shop/cart/envoy", "one in it");
	is_str(means("pod:cart/envoy"), "pod:shop/cart/envoy", "without the namespace");
	is_str(means("envoy"), "pod:shop/cart/envoy", "by that alone");
	is_str(means("cart"), "pod:shop/cart pod:shop/cart/cart", "as its pod is called");
	is_str(means("pod:shop/lone"), "pod:shop/lone", "without its pause process");
	is_str(means("pod:shop/nosuch"), NONE, "no such pod");
	is_str(means("pod:shop/cart/nosuch"), NONE, "no such container");
	is_str(means("pod:shop"), NONE, "a namespace is no pod");
	is_str(means("pod:shop/cart/"), "pod:shop/cart/cart pod:shop/cart/envoy",
	       "those in it, but not the pause process");
	is_str(means("pod:shop/"), "pod:shop/cart/cart pod:shop/cart/envoy "
	       "pod:shop/lone/one", "of a namespace");
	is_str(means("pod:"), "pod:shop/cart/cart pod:shop/cart/envoy pod:shop/lone/one",
	       "of all pods, and of nothing else");
	is_str(means("pod:other/"), NONE, "of none");
	is_str(means("pod:1b2c3"), "pod:shop/cart", "by its uid");
	is_str(means("cri:888888888888"), "pod:shop/cart/cart", "by the container's id");
	is_str(means("cri:8888"), "pod:shop/cart/cart", "by digits of it");
	is_str(means("cri:aaaa"), NONE, "not one of an engine without pods");
	is_int(opens("pod:shop/cart"), 200, "its pause process");
	is_int(opens("pod:shop/cart/cart"), 210, "its container");
	is_int(opens("pod:shop/lone"), 230, "no pause process is left: its container");
	is_int(nsu_target_new(ctx, "pod:cart", &target), 0, "a pod");
	ok(nsu_target_is_pod(target) && nsu_target_is_container(target), "is one");
	is_str(nsu_target_get_word(target), "pod:shop/cart", "is called so");
	nsu_target_free(target);
	is_int(nsu_target_new(ctx, "pod:cart/envoy", &target), 0, "a container in it");
	ok(!nsu_target_is_pod(target) && nsu_target_is_container(target), "is none");
	nsu_target_free(target);
	is_int(nsu_target_new(ctx, "100", &target), 0, "a process");
	ok(!nsu_target_is_container(target) && !nsu_target_get_word(target),
	   "is neither");
	nsu_target_free(target);
}

static void test_units(void)
{
	is_str(means("unit:nginx.service"), "unit:nginx.service", "a unit");
	is_str(means("unit:nginx"), "unit:nginx.service", "a service");
	is_str(means("nginx"), "unit:nginx.service", "by its name alone");
	is_int(opens("unit:nginx"), 51, "its oldest process, not one of a user's unit");
	is_str(means("unit:own.scope"), "unit:own.scope", "a user's");
	is_int(opens("unit:own.scope"), 43, "can be opened");
	is_str(means("unit:own"), NONE, "only services need no ending");
	is_str(means("unit:only"), "41 42", "of two users: by their processes");
	is_int(opens("unit:only"), 41, "in the same namespaces any of them will do");
	is_str(means("unit:user@1000"), "unit:user@1000.service", "a user's manager");
	is_str(means("unit:nosuch"), NONE, "none");
	is_str(means("unit:"), "40 41 42 51 unit:init.scope unit:own.scope",
	       "all, users' among them");
}

static void test_others(void)
{
	static const char *const many[] = {
		"docker:", "cri:", "pod:", "pod:shop/", "unit:", "image:", "image:a",
		"lxc:", "machine:", "containerd:",
	};
	static const char *const one[] = {
		"", "docker", "docker:web", "pod:shop/cart", "web", "net:", "pin:",
		"netns:", "nosuch:", "/", "./a/", "unit:a", "4711", ":", "sandbox:",
	};
	struct nsu_target *target = NULL;
	struct nsu_matches *matches = NULL;
	enum nsu_target_kind kind;
	char word[32];

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		ok(nsu_word_is_selection(many[i]), "%s means many", many[i]);
	for (size_t i = 0; i < ARRAY_SIZE(one); i++)
		ok(!nsu_word_is_selection(one[i]), "\"%s\" does not", one[i]);
	ok(!nsu_word_is_selection(NULL), "no word");
	snprintf(word, sizeof(word), "net:[%u]", TREE_FIRST(NSU_NET));
	is_int(nsu_matches_new(snap, word, &matches), 0, "a namespace");
	is_int(nsu_matches_count(matches), 1, "is one");
	ok(nsu_matches_get(matches, 0)->ns && !nsu_matches_get(matches, 0)->task,
	   "and no process");
	is_int(nsu_match_open(nsu_matches_get(matches, 0), &target), 0, "is opened");
	ok(!nsu_target_get_kind(target, &kind) && kind == NSU_TARGET_NS, "as that");
	nsu_target_free(target);
	nsu_matches_free(matches);
	is_int(nsu_matches_new(NULL, "x", &matches), -EINVAL, "no picture");
	is_int(nsu_matches_new(snap, NULL, &matches), -EINVAL, "no word");
	is_int(nsu_match_open(NULL, &target), -EINVAL, "no match");
	ok(!nsu_matches_get(NULL, 0) && !nsu_matches_count(NULL), "no matches");
	nsu_matches_free(NULL);
}

static void test_twins(void)
{
	struct nsu_matches *matches = NULL;
	struct nsu_target *target = NULL;
	pid_t pid = 0;

	engines_begin();
	docker(100, A, "twin", "a");
	docker(110, B, "twin", "b");
	docker(120, F, "ffff", "c");
	docker(130, G, "other", "d");
	/* In the host's namespaces. */
	docker(60, K, "same", "e");
	docker(61, L, "same", "f");
	/* Called as another one's id begins, and with what cannot be typed. */
	docker(160, I, "aaaa", "g");
	docker(170, J, "ev\\u001b[2J\\n il/", "h");
	scan();
	is_str(means("docker:twin"), "100 110", "two of one name");
	is_int(opens("docker:twin"), -ENOTUNIQ, "are not the same");
	is_str(means("docker:ffff"), "docker:ffff", "a name is meant before digits");
	is_str(means("docker:fff"), NONE, "and is not cut");
	is_str(means("docker:ffff0"), "docker:other", "digits of one");
	is_str(means("same"), "60 61", "two, in the same namespaces");
	is_int(opens("same"), 60, "of which any will do");
	is_str(means("aaaa"), "docker:aaaa", "a name is meant before another's id");
	is_str(means("docker:ev\x1b[2J\n il/"), NONE, "this one means many");
	is_int(nsu_matches_new(snap, "docker:", &matches), 0, "all of them");
	is_int(nsu_matches_count(matches), 8, "and that one");
	for (size_t i = 0; i < nsu_matches_count(matches); i++) {
		const struct nsu_match *match = nsu_matches_get(matches, i);

		if (!strchr(match->word, 0x1b))
			continue;
		is_int(nsu_match_open(match, &target), 0, "can be opened");
		ok(!nsu_target_get_pid(target, &pid) && pid == 170, "as what it is");
		nsu_target_free(target);
	}
	nsu_matches_free(matches);
	scan_end();
}

static int remove_of(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return tree_remove_one(path, st, flag, ftw);
}

static void test_ended(void)
{
	struct nsu_matches *matches = NULL;
	struct nsu_target *target = NULL;
	char path[PATH_MAX + 8];

	engines_begin();
	docker(100, A, "web", "a");
	scan();
	is_int(nsu_matches_new(snap, "docker:web", &matches), 0, "it runs");
	snprintf(path, sizeof(path), "%s/100", tree_path);
	nftw(path, remove_of, 16, FTW_DEPTH | FTW_PHYS);
	is_int(nsu_match_open(nsu_matches_get(matches, 0), &target), -ESRCH,
	       "has ended meanwhile");
	ok(!target, "no result");
	is_int(opens("docker:web"), -ENOENT, "nobody is called so any more");
	nsu_matches_free(matches);
	scan_end();
}

/* A user calls what he runs as root's container is called, or as its id begins. */
static void test_users(void)
{
	engines_begin();
	docker(100, A, "web", "x");
	process(110, "x", 1, USER("1000") "docker-" B ".scope");
	process(120, "x", 1, USER("1000") "docker-" C ".scope");
	process(130, "x", 1, USER("1000") "aaaaaa.service");
	tree_file("bob:x:1000:1000::/home/bob:/bin/sh\n", "etc/passwd");
	tree_file("{\"ID\":\"" B "\",\"Name\":\"/aaaaaaaaaaaa\"}",
		  "home/bob/.local/share/docker/containers/" B "/config.v2.json");
	tree_file("{\"ID\":\"" C "\",\"Name\":\"/web\"}",
		  "home/bob/.local/share/docker/containers/" C "/config.v2.json");
	scan();
	is_str(means("docker:aaaaaaaaaaaa"), "docker:aaaaaaaaaaaa docker:web",
	       "a user's name does not hide an id of root's");
	is_str(means("aaaaaa"), "docker:web unit:aaaaaa.service",
	       "nor does a unit of a user's");
	is_str(means("docker:web"), "100 120", "of one name there are two");
	is_int(opens("docker:web"), -ENOTUNIQ, "of which none is meant alone");
	is_int(opens("docker:" B), 110, "his is, by its id");
	scan_end();
}

int main(void)
{
	make_host();
	scan();
	test_containers();
	test_images();
	test_claims();
	test_pods();
	test_units();
	test_others();
	scan_end();
	test_twins();
	test_users();
	test_ended();
	return done();
}
