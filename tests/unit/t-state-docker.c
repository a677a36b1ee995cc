/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Docker left on disk, in all the places where it may be. */
#include <sys/prctl.h>
#include <sys/wait.h>
#include "kid.h"
#include "enginetree.h"

#define POD_UID	"1b2c3d4e-0000-4111-8222-123456789abc"

/* Below a data root. labels: of a JSON object. */
static void container(const char *data, const char *id, const char *name,
		      const char *image, const char *labels)
{
	char text[8192];

	snprintf(text, sizeof(text),
		 "{\"StreamConfig\":{},\"State\":{\"Running\":true,\"Pid\":1},"
		 "\"ID\":\"%s\","
		 "\"Config\":{\"Hostname\":\"%.12s\",\"Image\":\"%s\",\"Labels\":{%s}},"
		 "\"Image\":\"sha256:1\",\"Name\":\"%s\",\"Driver\":\"overlay2\"}",
		 id, id, image, labels, name);
	tree_file(text, "%s/containers/%s/config.v2.json", data, id);
}

static void test_plain(void)
{
	engines_begin();
	process(100, "nginx", 1, "/docker/" A);
	process(101, "nginx", 100, "/docker/" A);
	process(110, "web", 1, "/system.slice/docker-" B ".scope");
	process(120, "x", 1, "/docker/" C);
	container("var/lib/docker", A, "/web", "nginx:1.25", "\"app\":\"shop\"");
	container("var/lib/docker", B, "/shop-db-1", "postgres",
		  "\"com.docker.compose.project\":\"shop\","
		  "\"com.docker.compose.service\":\"db\"");
	scan();
	is_named(100, "docker", "web", "nginx:1.25");
	is_str(nsu_container_get_word(of(101)), "docker:web", "the word of it");
	is_str(text_of(100, NSU_CONTAINER_SOURCE),
	       "/var/lib/docker/containers/" A "/config.v2.json", "which file told");
	is_int(error_of(100, NSU_CONTAINER_PROJECT), -ENOENT, "it is in no project");
	is_named(110, "docker", "shop-db-1", "postgres");
	is_str(text_of(110, NSU_CONTAINER_PROJECT), "shop", "its project");
	is_str(text_of(110, NSU_CONTAINER_SERVICE), "db", "its service");
	is_named(120, "docker", NULL, NULL);
	is_int(error_of(120, NSU_CONTAINER_NAME), -ENODATA, "nothing tells of this one");
	is_int(gap_of(120), 0, "which is no gap");
	scan_end();
}

static void test_roots(void)
{
	engines_begin();
	process(50, "dockerd", 1, "/system.slice/docker.service");
	command_line(50, "/usr/bin/dockerd --data-root /srv/running --exec-root=/x");
	process(100, "a", 1, "/docker/" A);
	process(110, "b", 1, "/docker/" B);
	process(120, "c", 1, "/docker/" C);
	process(130, "d", 1, "/docker/" D);
	tree_file("{\"data-root\":\"/srv/docker\",\"userns-remap\":\"u\"}",
		  "etc/docker/daemon.json");
	container("srv/docker", A, "/configured", "i", "");
	container("srv/docker/100000.100000", B, "/remapped", "i", "");
	container("srv/running", C, "/running", "i", "");
	container("srv/elsewhere", D, "/elsewhere", "i", "");
	scan();
	is_named(100, "docker", "configured", "i");
	is_named(110, "docker", "remapped", "i");
	is_named(120, "docker", "running", "i");
	is_named(130, "docker", NULL, NULL);
	scan_end();
	/* Any process can call itself so: one in a container is not asked. */
	engines_begin();
	process(150, "dockerd", 1, "/docker/" A);
	command_line(150, "dockerd --data-root /var/lib/docker/volumes/x");
	container("var/lib/docker/volumes/x", A, "/lie", "i", "");
	scan();
	is_named(150, "docker", NULL, NULL);
	scan_end();
}

/* Whose it is says the slice: a user's files tell of his containers only. */
static void test_rootless(void)
{
	engines_begin();
	process(100, "a", 1, "/user.slice/user-1000.slice/user@1000.service/user.slice/"
		"docker-" A ".scope");
	process(110, "b", 1, "/docker/" B);
	process(120, "c", 1, "/user.slice/user-1000.slice/user@1000.service/user.slice/"
		"docker-" C ".scope");
	tree_file("u:x:1000:1000::/home/u:/bin/sh\n", "etc/passwd");
	container("home/u/.local/share/docker", A, "/his", "i", "");
	container("home/u/.local/share/docker", B, "/lie", "i", "");
	container("var/lib/docker", C, "/lie", "i", "");
	if (fchownat(tree_fd, "home/u", 1000, 1000, 0) == 0)
		fchownat(tree_fd, "home/u/.local/share/docker/containers/" A
			 "/config.v2.json", 1000, 1000, 0);
	scan();
	is_named(100, "docker", "his", "i");
	is_named(110, "docker", NULL, NULL);
	is_named(120, "docker", NULL, NULL);
	scan_end();
}

static void test_kubernetes(void)
{
	engines_begin();
	process(100, "pause", 1, "/kubepods/besteffort/pod" POD_UID "/" A);
	process(110, "app", 1, "/kubepods/besteffort/pod" POD_UID "/" B);
	process(120, "app", 1, "/kubepods/besteffort/pod" POD_UID "/" C);
	container("var/lib/docker", A, "/k8s_POD_cart_shop_" POD_UID "_0", "pause", "");
	container("var/lib/docker", B, "/k8s_envoy_cart_shop_" POD_UID "_3", "sha256:2",
		  "");
	container("var/lib/docker", C, "/k8s_odd", "i",
		  "\"io.kubernetes.pod.name\":\"cart\","
		  "\"io.kubernetes.pod.namespace\":\"shop\","
		  "\"io.kubernetes.pod.uid\":\"" POD_UID "\","
		  "\"io.kubernetes.container.name\":\"odd\"");
	scan();
	is_in_pod(100, "shop", "cart", POD_UID, NULL);
	is_in_pod(110, "shop", "cart", POD_UID, "envoy");
	is_in_pod(120, "shop", "cart", POD_UID, "odd");
	is_int(nsu_container_get_kind(of(100)), NSU_POD_PAUSE, "the sandbox is one");
	is_int(nsu_container_get_kind(of(110)), NSU_CONTAINER, "the others are not");
	is_str(nsu_container_get_word(of(110)), "pod:shop/cart/envoy", "the word of it");
	scan_end();
}

static void test_hostile(void)
{
	char huge[6000];

	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	engines_begin();
	process(100, "a", 1, "/docker/" A);
	process(110, "b", 1, "/docker/" B);
	process(120, "c", 1, "/docker/" C);
	process(130, "d", 1, "/docker/" A "/docker/" D);
	process(140, "e", 1, "/docker/" P);
	container("var/lib/docker", A, "/\\u001b[31mred\\n", huge, "");
	tree_file("{\"ID\":\"" A "\",\"Name\":\"/web\"}",
		  "var/lib/docker/containers/" B "/config.v2.json");
	tree_file("{\"ID\":\"" C "\",\"Name\":\"/we",
		  "var/lib/docker/containers/" C "/config.v2.json");
	container("var/lib/docker", D, "/lie", "i", "");
	tree_link("../" A "/config.v2.json",
		  "var/lib/docker/containers/" P "/config.v2.json");
	scan();
	is_named(100, "docker", "\033[31mred\n", NULL);
	is_int(gap_of(100), -EBADMSG, "too long a text is a gap");
	is_int(gap_of(110), -EBADMSG, "another's file is a gap");
	is_named(110, "docker", NULL, NULL);
	is_int(gap_of(120), -EBADMSG, "half a file is a gap");
	is_int(error_of(120, NSU_CONTAINER_NAME), -EBADMSG, "that is why it has no name");
	ok(of(130) && nsu_container_is_claim(of(130)), "one within another is a claim");
	is_named(130, "docker", NULL, NULL);
	is_int(gap_of(140), -ELOOP, "a link is not followed");
	scan_end();
}

/* Renamed, replaced, removed and made again, over and over. */
static void change(unsigned round)
{
	static const char *const paths[] = {
		"var/lib/docker/containers/" A "/config.v2.json",
		"other/containers/" A "/config.v2.json",
	};

	container("other", A, round % 2 ? "/one" : "/two", round % 2 ? "one" : "two", "");
	if (renameat(tree_fd, paths[1], tree_fd, paths[0]) < 0)
		_exit(1);
	if (round % 5 == 4)
		unlinkat(tree_fd, paths[0], 0);
}

static void test_changes(void)
{
	unsigned seen[3] = { 0 }, odd = 0, tries = 0;
	pid_t pid;

	engines_begin();
	process(100, "a", 1, "/docker/" A);
	container("var/lib/docker", A, "/one", "one", "");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (unsigned round = 0;; round++)
			change(round);
	}
	while (!odd && tries++ < 20000 &&
	       (tries < 100 || !seen[0] || !seen[1] || !seen[2])) {
		const char *name, *image;

		if (scan_quietly() < 0) {
			odd++;
			break;
		}
		name = text_of(100, NSU_CONTAINER_NAME);
		image = text_of(100, NSU_CONTAINER_IMAGE);
		if (!name && !image)
			seen[0]++;
		else if (name && image && !strcmp(name, image))
			seen[1 + !strcmp(name, "two")]++;
		else
			odd++;
		scan_end();
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	is_int(odd, 0, "right before or after, never a mixture");
	ok(seen[1] && seen[2], "both were seen");
}

int main(void)
{
	test_plain();
	test_roots();
	test_rootless();
	test_kubernetes();
	test_hostile();
	test_changes();
	return done();
}
