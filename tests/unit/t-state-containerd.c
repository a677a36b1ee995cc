/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What containerd, CRI-O and kubelet left on disk. */
#include "enginetree.h"

#define TASKS	"run/containerd/io.containerd.runtime.v2.task"
#define UID	"1b2c3d4e-0000-4111-8222-123456789abc"
#define KUBE	"/kubepods/besteffort/pod" UID "/"

static void bundle(const char *dir, const char *id, pid_t init, const char *annotations)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "{\"ociVersion\":\"1\",\"process\":{\"args\":[\"a\"]}%s%s%s}",
		 annotations ? ",\"annotations\":{" : "", annotations ? annotations : "",
		 annotations ? "}" : "");
	tree_file(text, "%s/%s/config.json", dir, id);
	snprintf(text, sizeof(text), "%d", init);
	tree_file(text, "%s/%s/init.pid", dir, id);
}

static void cri(const char *dir, const char *id, const char *name)
{
	char text[2048], own[512];

	snprintf(own, sizeof(own), name ? "\"io.kubernetes.cri.container-name\":\"%s\","
		 "\"io.kubernetes.cri.image-name\":\"i:1\","
		 "\"io.kubernetes.cri.container-type\":\"container\"," :
		 "\"io.kubernetes.cri.container-type\":\"sandbox\",", name);
	snprintf(text, sizeof(text), "%s\"io.kubernetes.cri.sandbox-id\":\"" A "\","
		 "\"io.kubernetes.cri.sandbox-name\":\"cart-7f\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"shop\","
		 "\"io.kubernetes.cri.sandbox-uid\":\"" UID "\"", own);
	bundle(dir, id, 1, text);
}

static void test_cri(void)
{
	engines_begin();
	process(100, "pause", 1, KUBE A);
	process(110, "app", 1, KUBE B);
	process(120, "app", 1, "/kubepods.slice/kubepods-burstable.slice/"
		"kubepods-burstable-pod1b2c3d4e_0000_4111_8222_123456789abc.slice/"
		"cri-containerd-" C ".scope");
	cri(TASKS "/k8s.io", A, NULL);
	cri(TASKS "/k8s.io", B, "envoy");
	cri(TASKS "/k8s.io", C, "app");
	scan();
	is_named(110, "containerd", "envoy", "i:1");
	is_in_pod(110, "shop", "cart-7f", UID, "envoy");
	is_in_pod(120, "shop", "cart-7f", UID, "app");
	is_in_pod(100, "shop", "cart-7f", UID, NULL);
	is_int(nsu_container_get_kind(of(100)), NSU_POD_PAUSE, "the sandbox is one");
	is_str(nsu_container_get_word(of(110)), "pod:shop/cart-7f/envoy", "its word");
	is_str(text_of(110, NSU_CONTAINER_SOURCE), "/" TASKS "/k8s.io/" B "/config.json",
	       "which file told");
	scan_end();
}

/* Wherever it is, the shim is in it: the first container's of the pod. */
static void test_shim(void)
{
	static const char state[] = "srv/k/io.containerd.runtime.v2.task/k8s.io";

	engines_begin();
	process(50, "containerd-shim", 1, "/system.slice/k.service");
	tree_link("/srv/k/io.containerd.runtime.v2.task/k8s.io/" A, "50/cwd");
	process(110, "app", 50, KUBE B);
	cri(state, A, NULL);
	cri(state, B, "envoy");
	scan();
	is_in_pod(110, "shop", "cart-7f", UID, "envoy");
	scan_end();
	process(50, "other", 1, "/system.slice/k.service");
	scan();
	is_in_pod(110, NULL, NULL, UID, NULL);
	is_int(gap_of(110), 0, "what is not found is no gap");
	scan_end();
}

static void test_plain(void)
{
	engines_begin();
	process(50, "containerd-shim", 1, "/system.slice/containerd.service");
	command_line(50, "/usr/bin/containerd-shim-runc-v2 -namespace default "
		     "-id web -address x");
	tree_link("/" TASKS "/default/web", "50/cwd");
	tree_link("/usr/bin/containerd-shim-runc-v2", "50/exe");
	process(100, "web", 50, "/default/web");
	process(110, "n", 1, "/system.slice/nerdctl-" B ".scope");
	bundle(TASKS "/aaa", "web", 7, "\"io.kubernetes.cri.image-name\":\"lie\"");
	bundle(TASKS "/default", "web", 100, NULL);
	bundle(TASKS "/default", B, 110, "\"nerdctl/name\":\"cache\","
	       "\"com.docker.compose.project\":\"shop\"");
	scan();
	is_named(100, "containerd", "web", NULL);
	is_str(text_of(100, NSU_CONTAINER_SOURCE), "/" TASKS "/default/web/config.json",
	       "the one whose first process it is");
	is_named(110, "containerd", "cache", NULL);
	is_str(text_of(110, NSU_CONTAINER_PROJECT), "shop", "its project");
	scan_end();
	unlinkat(tree_fd, TASKS "/default/web/config.json", 0);
	unlinkat(tree_fd, TASKS "/default/web/init.pid", 0);
	scan();
	is_named(100, "containerd", NULL, NULL);
	is_int(gap_of(100), 0, "another's of that name is not its own");
	scan_end();
}

/* Docker with another parent cgroup, seen by its containerd. */
static void test_moby(void)
{
	engines_begin();
	process(100, "app", 1, KUBE A);
	bundle("run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby", A, 100,
	       NULL);
	tree_file("{\"ID\":\"" A "\",\"Name\":\"/web\",\"Config\":{\"Image\":\"i\"}}",
		  "var/lib/docker/containers/" A "/config.v2.json");
	scan();
	is_named(100, "docker", "web", "i");
	scan_end();
}

static void test_crio(void)
{
	static const char labels[] = "{\\\"io.kubernetes.pod.name\\\":\\\"cart-7f\\\","
		"\\\"io.kubernetes.pod.namespace\\\":\\\"shop\\\","
		"\\\"io.kubernetes.pod.uid\\\":\\\"" UID "\\\","
		"\\\"io.kubernetes.container.name\\\":\\\"%s\\\"}";
	static const struct {
		const char *id, *type, *name;
	} all[] = { { A, "sandbox", "POD" }, { B, "container", "envoy" } };
	char text[2048], own[1024];

	engines_begin();
	process(100, "pause", 1, KUBE "crio-" A);
	process(110, "app", 1, "/kubepods.slice/kubepods-"
		"pod1b2c3d4e_0000_4111_8222_123456789abc.slice/crio-" B ".scope");
	for (size_t i = 0; i < 2; i++) {
		snprintf(own, sizeof(own), labels, all[i].name);
		snprintf(text, sizeof(text), "{\"annotations\":{"
			 "\"io.container.manager\":\"cri-o\","
			 "\"io.kubernetes.cri-o.ContainerType\":\"%s\","
			 "\"io.kubernetes.cri-o.ImageName\":\"i:1\","
			 "\"io.kubernetes.cri-o.Labels\":\"%s\"}}", all[i].type, own);
		tree_file(text, "%s/overlay-containers/%s/userdata/config.json",
			  i ? "var/lib/containers/storage" : "run/containers/storage",
			  all[i].id);
	}
	scan();
	is_named(110, "cri-o", "envoy", "i:1");
	is_in_pod(110, "shop", "cart-7f", UID, "envoy");
	is_in_pod(100, "shop", "cart-7f", UID, NULL);
	is_int(nsu_container_get_kind(of(100)), NSU_POD_PAUSE, "the sandbox is one");
	scan_end();
}

static void test_logs(void)
{
	engines_begin();
	process(100, "pause", 1, KUBE A);
	process(110, "app", 1, KUBE B);
	tree_file("", "var/log/pods/shop_cart-7f_" UID "/envoy/0.log");
	tree_file("", "var/log/pods/nonsense");
	tree_link("/var/log/pods/x", "var/log/containers/cart-7f_shop_envoy-" B ".log");
	tree_link("/var/log/pods/x", "var/log/containers/-.log");
	scan();
	is_in_pod(110, "shop", "cart-7f", UID, "envoy");
	is_in_pod(100, "shop", "cart-7f", UID, NULL);
	is_str(nsu_container_get_word(of(110)), "pod:shop/cart-7f/envoy", "its word");
	is_str(text_of(110, NSU_CONTAINER_SOURCE),
	       "/var/log/containers/cart-7f_shop_envoy-" B ".log", "which file told");
	scan_end();
}

static void test_hostile(void)
{
	engines_begin();
	process(100, "a", 1, KUBE A);
	process(110, "b", 1, KUBE B);
	process(120, "c", 1, KUBE C);
	cri(TASKS "/k8s.io", A, "envoy");
	tree_file("{\"annotations\":{\"io.kubernetes.cri.container-name\":\"x\"},\"z\":",
		  TASKS "/k8s.io/" B "/config.json");
	tree_file("{\"annotations\":\"x\"}", TASKS "/k8s.io/" C "/config.json");
	fchmodat(tree_fd, TASKS "/k8s.io/" A "/config.json", 0666, 0);
	scan();
	is_int(gap_of(100), -EPERM, "what all may write is a gap");
	is_in_pod(100, NULL, NULL, UID, NULL);
	is_int(gap_of(110), -EBADMSG, "half a file is a gap");
	is_in_pod(110, NULL, NULL, UID, NULL);
	is_int(gap_of(120), -EBADMSG, "annotations that are none are a gap");
	scan_end();
}

int main(void)
{
	test_cri();
	test_shim();
	test_plain();
	test_moby();
	test_crio();
	test_logs();
	test_hostile();
	return done();
}
