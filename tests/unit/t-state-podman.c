/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Podman left on disk: root's, users', pods. */
#include "enginetree.h"
#include "podman.h"

#define STORAGE	"var/lib/containers/storage"
#define INFRA	D

static char entries[16384];

/* metadata: the name in there is the one that it was made with. */
static void entry(const char *id, const char *name, const char *old, const char *image)
{
	size_t len = strlen(entries);

	snprintf(entries + len, sizeof(entries) - len,
		 "%s{\"id\":\"%s\",\"names\":[\"%s\"],\"image\":\"1\",\"layer\":\"2\","
		 "\"metadata\":\"{\\\"image-name\\\":\\\"%s\\\","
		 "\\\"image-id\\\":\\\"3\\\","
		 "\\\"name\\\":\\\"%s\\\"}\",\"flags\":{}}",
		 len ? "," : "[", id, name, image, old);
}

static void store(const char *storage, const char *driver, const char *file)
{
	strcat(entries, "]");
	tree_file(entries, "%s/%s-containers/%s", storage, driver, file);
	entries[0] = '\0';
}

/* annotations: of a JSON object. */
static void config(const char *storage, const char *id, const char *host,
		   const char *annotations)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "{\"ociVersion\":\"1.0.2\",\"hostname\":\"%s\","
		 "\"process\":{\"args\":[\"}\"]},"
		 "\"annotations\":{\"io.container.manager\":\"libpod\"%s%s},"
		 "\"linux\":{}}",
		 host, *annotations ? "," : "", annotations);
	tree_file(text, "%s/overlay-containers/%s/userdata/config.json", storage, id);
}

static void test_plain(void)
{
	engines_begin();
	process(100, "a", 1, "/libpod_parent/libpod-" A);
	process(110, "b", 1, "/machine.slice/libpod-" B ".scope/container");
	process(120, "c", 1, "/libpod_parent/libpod-" C);
	process(130, "d", 1, "/libpod_parent/libpod-" D);
	entry(A, "web", "old", "docker.io/library/nginx:1");
	store(STORAGE, "overlay", "containers.json");
	entry(B, "temp", "temp", "i");
	store(STORAGE, "overlay", "volatile-containers.json");
	entry(C, "in-vfs", "in-vfs", "i");
	store(STORAGE, "vfs", "containers.json");
	scan();
	is_named(100, "podman", "web", "docker.io/library/nginx:1");
	is_str(text_of(100, NSU_CONTAINER_SOURCE),
	       "/" STORAGE "/overlay-containers/containers.json", "which file told");
	is_str(text_of(100, NSU_CONTAINER_POD), NULL, "it is in no pod");
	is_named(110, "podman", "temp", "i");
	is_named(120, "podman", "in-vfs", "i");
	is_named(130, "podman", NULL, NULL);
	is_int(gap_of(130), 0, "one that is not there is no gap");
	scan_end();
}

static void test_pod(void)
{
	static const char member[] =
		"\"io.kubernetes.cri-o.ContainerType\":\"container\","
		"\"io.kubernetes.cri-o.SandboxID\":\"" INFRA "\"";

	engines_begin();
	process(100, "catatonit", 1, "/libpod_parent/" P "/libpod-" INFRA);
	process(110, "app", 1, "/libpod_parent/" P "/libpod-" A);
	process(120, "db", 1, "/machine.slice/machine-libpod_pod_" P ".slice/libpod-" B
		".scope");
	process(130, "no", 1, "/libpod_parent/libpod-" C);
	entry(INFRA, "111111111111-infra", "111111111111-infra", "pause:1");
	entry(A, "app", "app", "i");
	entry(B, "db", "db", "i");
	entry(C, "no", "no", "i");
	store(STORAGE, "overlay", "containers.json");
	config(STORAGE, INFRA, "shop", "");
	config(STORAGE, A, "", member);
	config(STORAGE, B, "", member);
	scan();
	is_named(110, "podman", "app", "i");
	is_in_pod(110, NULL, "shop", P, NULL);
	is_in_pod(120, NULL, "shop", P, NULL);
	is_in_pod(100, NULL, "shop", P, NULL);
	is_in_pod(130, NULL, NULL, NULL, NULL);
	is_int(nsu_container_get_kind(of(100)), NSU_POD_PAUSE, "the infra container");
	is_int(nsu_container_get_kind(of(110)), NSU_CONTAINER, "another one");
	is_int(gap_of(130), 0, "of one in no pod no more is read");
	scan_end();
	/* A name that was chosen for it; and files that are not there. */
	entry(INFRA, "mine", "mine", "localhost/podman-pause");
	store(STORAGE, "overlay", "containers.json");
	tree_file("{", STORAGE "/overlay-containers/" A "/userdata/config.json");
	scan();
	is_int(nsu_container_get_kind(of(100)), NSU_POD_PAUSE, "called otherwise");
	is_in_pod(100, NULL, "shop", P, NULL);
	is_in_pod(110, NULL, NULL, P, NULL);
	scan_end();
	entry(A, "app", "app", "i");
	store(STORAGE, "overlay", "containers.json");
	scan();
	is_named(110, "podman", "app", "i");
	is_int(gap_of(110), -EBADMSG, "half a configuration is a gap");
	is_int(error_of(110, NSU_CONTAINER_POD), -EBADMSG, "that is why");
	scan_end();
}

static void test_places(void)
{
	engines_begin();
	process(50, "conmon", 1, "/libpod_parent/conmon");
	command_line(50, "/usr/bin/conmon --api-version 1 -c " B " -u " B " "
		     "-r /usr/bin/runc -b /srv/told/overlay-containers/" B "/userdata "
		     "-n stale");
	process(100, "a", 1, "/libpod_parent/libpod-" A);
	process(110, "b", 50, "/libpod_parent/libpod-" B);
	process(120, "c", 1, "/user.slice/user-1000.slice/user@1000.service/user.slice/"
		"libpod-" C ".scope");
	process(130, "d", 1, "/user.slice/user-1000.slice/user@1000.service/user.slice/"
		"libpod-" D ".scope");
	tree_file("[storage]\n  graphroot = \"/srv/configured\"\n"
		  "rootless_storage_path = \"/srv/$UID$HOME\"\n",
		  "etc/containers/storage.conf");
	tree_file("u:x:1000:1000::/home/u:/bin/sh\n", "etc/passwd");
	entry(A, "configured", "", "i");
	store("srv/configured", "overlay", "containers.json");
	entry(B, "told", "", "i");
	store("srv/told", "overlay", "containers.json");
	entry(C, "his", "", "i");
	store("home/u/.local/share/containers/storage", "overlay", "containers.json");
	entry(D, "moved", "", "i");
	store("srv/1000/home/u", "overlay", "containers.json");
	scan();
	is_named(100, "podman", "configured", "i");
	is_named(110, "podman", "told", "i");
	is_named(120, "podman", "his", "i");
	is_named(130, "podman", "moved", "i");
	is_int(nsu_container_get_uid(of(120), &(uid_t){ 0 }), 0, "whose it is is known");
	scan_end();
}

static void test_hostile(void)
{
	engines_begin();
	process(100, "a", 1, "/libpod_parent/libpod-" A);
	process(110, "b", 1, "/libpod_parent/libpod-" B);
	tree_file("[7,null,{\"id\":5},{\"names\":[\"x\"]},{\"id\":\"" A "\",\"names\":{},"
		  "\"metadata\":\"{half\"},{\"id\":\"" B "\",\"names\":[1],"
		  "\"metadata\":\"{\\\"name\\\":\\\"b\\\",\\\"image-name\\\":7}\"}]",
		  STORAGE "/overlay-containers/containers.json");
	scan();
	is_named(100, "podman", NULL, NULL);
	is_int(gap_of(100), -EBADMSG, "metadata that is none is a gap");
	is_named(110, "podman", "b", NULL);
	scan_end();
	tree_file("[{\"id\":\"" A "\",\"na",
		  STORAGE "/overlay-containers/containers.json");
	scan();
	is_named(100, "podman", NULL, NULL);
	is_int(gap_of(100), -EBADMSG, "half a list is a gap");
	scan_end();
}

static void value(const char *text, const char *want)
{
	char found[32] = "";
	int r = nsi_storage_value(text, "graphroot", found, sizeof(found));

	is_int(r, want ? 0 : -ENOENT, "%zu bytes of storage.conf", strlen(text));
	is_str(found, want ? want : "", "as it is there");
}

static void test_values(void)
{
	value("graphroot = \"/x\"", "/x");
	value("[storage]\n\tgraphroot='/a b' # c\n", "/a b");
	value("# graphroot = \"/x\"\n", NULL);
	value("graphroots = \"/x\"\n", NULL);
	value("graphroot = \"/x\ny\"", NULL);
	value("graphroot = /x\n", NULL);
	value("graphroot = \"\"\n", NULL);
	value("graphroot =", NULL);
	value("graphroot", NULL);
	value("", NULL);
	value("graphroot = \"/123456789012345678901234567890\"",
	      "/123456789012345678901234567890");
	value("graphroot = \"/1234567890123456789012345678901\"", NULL);
}

int main(void)
{
	test_plain();
	test_pod();
	test_places();
	test_hostile();
	test_values();
	return done();
}
