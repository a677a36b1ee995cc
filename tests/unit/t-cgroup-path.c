/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the names of cgroups tell: every engine's, in every layout. */
#include "cgroup-path.h"
#include "../tap.h"

#define X16(c)	c c c c c c c c c c c c c c c c
#define X64(c)	X16(c) X16(c) X16(c) X16(c)
#define A	X64("a")
#define B	X64("b")
#define UID	"1b2c3d4e-0000-4111-8222-123456789abc"
#define UID_	"1b2c3d4e_0000_4111_8222_123456789abc"
#define UID32	"0123456789abcdef0123456789abcdef"
#define USER	"/user.slice/user-1000.slice/user@1000.service"
#define KUBE \
	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice"
#define V2(path) "0::" path "\n"

#define ROW(t, c, ...) { .text = t, .chain = c, __VA_ARGS__ }

/* The chain as "engine ID", the name as "=NAME" behind it and the pod as "@UID". */
static const struct row {
	const char *text, *chain, *unit, *user_unit, *slice, *machine, *session;
	uid_t uid;
} rows[] = {
	/* Docker */
	ROW(V2("/docker/" A), "docker " A),
	ROW(V2("/system.slice/docker-" A ".scope"), "docker " A, .unit = "docker-" A
	    ".scope", .slice = "system.slice"),
	ROW(V2(USER "/user.slice/docker-" A ".scope"), "docker " A, .unit =
	    "user@1000.service", .user_unit = "docker-" A ".scope", .slice =
	    "user-1000.slice", .uid = 1000),
	ROW(V2("/build.slice/docker-" A ".scope"), "docker " A, .unit = "docker-" A
	    ".scope", .slice = "build.slice"),
	ROW(V2("/docker/" A "/docker/" B), "docker " A " > docker " B),
	ROW(V2("/docker/" A "/init.scope"), "docker " A),
	ROW(V2("/docker/" A "/system.slice/x.service"), "docker " A),
	ROW(V2("/ecs/4711/" A), "docker " A),
	ROW(V2("/docker/buildkit/abc0def"), "docker abc0def"),
	ROW(V2("/docker/" A " (deleted)"), "docker " A),
	ROW(V2("/system.slice:docker:" A), "docker " A),
	ROW("12:pids:/docker/" A "\n1:name=systemd:/docker/" A "\n0::/docker/" A "\n",
	    "docker " A),
	ROW("1:name=systemd:/system.slice/docker-" A ".scope\n0::/system.slice/docker-"
	    A ".scope\n", "docker " A, .unit = "docker-" A ".scope", .slice =
	    "system.slice"),
	/* containerd */
	ROW(V2("/system.slice/nerdctl-" A ".scope"), "containerd " A, .unit = "nerdctl-"
	    A ".scope", .slice = "system.slice"),
	ROW(V2(USER "/user.slice/nerdctl-" A ".scope"), "containerd " A, .unit =
	    "user@1000.service", .user_unit = "nerdctl-" A ".scope", .slice =
	    "user-1000.slice", .uid = 1000),
	/* Kubernetes: cgroupfs driver */
	ROW(V2("/kubepods/besteffort/pod" UID "/" A), "kubernetes " A "@" UID),
	ROW(V2("/kubepods/burstable/pod" UID "/" A), "kubernetes " A "@" UID),
	ROW(V2("/kubepods/pod" UID "/" A), "kubernetes " A "@" UID),
	ROW(V2("/kubepods/pod" UID32 "/" A), "kubernetes " A "@" UID32),
	ROW(V2("/kubepods/burstable/pod" UID "/crio-" A), "cri-o " A "@" UID),
	ROW(V2("/kubepods/burstable/pod" UID), ""),
	/* Kubernetes: systemd driver */
	ROW(V2(KUBE "/cri-containerd-" A ".scope"), "containerd " A "@" UID, .unit =
	    "cri-containerd-" A ".scope", .slice = "kubepods-burstable-pod" UID_
	    ".slice"),
	ROW(V2(KUBE "/crio-" A ".scope"), "cri-o " A "@" UID, .unit = "crio-" A
	    ".scope", .slice = "kubepods-burstable-pod" UID_ ".slice"),
	ROW(V2(KUBE "/crio-" A ".scope/container"), "cri-o " A "@" UID, .unit = "crio-"
	    A ".scope", .slice = "kubepods-burstable-pod" UID_ ".slice"),
	ROW(V2(KUBE "/docker-" A ".scope"), "docker " A "@" UID, .unit = "docker-" A
	    ".scope", .slice = "kubepods-burstable-pod" UID_ ".slice"),
	ROW(V2("/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" A ".scope"),
	    "containerd " A "@" UID, .unit = "cri-containerd-" A ".scope", .slice =
	    "kubepods-pod" UID_ ".slice"),
	ROW(V2("/kubepods.slice/kubepods-pod" UID32 ".slice/cri-containerd-" A
	    ".scope"), "containerd " A "@" UID32, .unit = "cri-containerd-" A ".scope",
	    .slice = "kubepods-pod" UID32 ".slice"),
	ROW(V2("/system.slice/containerd.service/kubepods-besteffort-pod" UID_
	    ".slice:cri-containerd:" A), "containerd " A "@" UID, .unit =
	    "containerd.service", .slice = "system.slice"),
	ROW(V2("/kubepods-besteffort-pod" UID_ ".slice:crio:" A), "cri-o " A "@" UID),
	ROW(V2("/docker/" A "/kubelet/kubepods/besteffort/pod" UID "/" B), "docker " A
	    " > kubernetes " B "@" UID),
	ROW(V2("/docker/" A "/kubelet.slice/kubelet-kubepods.slice/"
	    "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_
	    ".slice/cri-containerd-" B ".scope"), "docker " A " > containerd " B "@"
	    UID),
	/* their monitors */
	ROW(V2(KUBE "/crio-conmon-" A ".scope"), "", .unit = "crio-conmon-" A ".scope",
	    .slice = "kubepods-burstable-pod" UID_ ".slice"),
	ROW(V2("/machine.slice/libpod-conmon-" A ".scope"), "", .unit = "libpod-conmon-"
	    A ".scope", .slice = "machine.slice"),
	ROW(V2("/libpod_parent/conmon"), ""),
	ROW(V2("/lxc.monitor.web"), ""),
	ROW(V2("/lxc.monitor/web"), ""),
	/* Podman */
	ROW(V2("/libpod_parent/libpod-" A), "podman " A),
	ROW(V2("/libpod_parent/" B "/libpod-" A), "podman " A "@" B),
	ROW(V2("/machine.slice/libpod-" A ".scope"), "podman " A, .unit = "libpod-" A
	    ".scope", .slice = "machine.slice"),
	ROW(V2("/machine.slice/libpod-" A ".scope/container"), "podman " A, .unit =
	    "libpod-" A ".scope", .slice = "machine.slice"),
	ROW(V2("/machine.slice/machine-libpod_pod_" B ".slice/libpod-" A
	    ".scope/container"), "podman " A "@" B, .unit = "libpod-" A ".scope", .slice
	    = "machine-libpod_pod_" B ".slice"),
	ROW(V2(USER "/user.slice/libpod-" A ".scope/container"), "podman " A, .unit =
	    "user@1000.service", .user_unit = "libpod-" A ".scope", .slice =
	    "user-1000.slice", .uid = 1000),
	ROW(V2(USER "/user.slice/user-libpod_pod_" B ".slice/libpod-" A ".scope"),
	    "podman " A "@" B, .unit = "user@1000.service", .user_unit = "libpod-" A
	    ".scope", .slice = "user-1000.slice", .uid = 1000),
	ROW(V2("/system.slice/web.service/libpod-payload-" A), "podman " A, .unit =
	    "web.service", .slice = "system.slice"),
	ROW(V2("/system.slice/web.service/runtime"), "", .unit = "web.service", .slice =
	    "system.slice"),
	/* LXC and those that are made of it */
	ROW(V2("/lxc.payload.web"), "lxc web=web"),
	ROW(V2("/lxc.payload.web/.lxc"), "lxc web=web"),
	ROW(V2("/lxc.payload.proj_web/init.scope"), "lxc proj_web=proj_web"),
	ROW(V2("/lxc.payload/web"), "lxc web=web"),
	ROW(V2("/lxc/web"), "lxc web=web"),
	ROW(V2("/lxc/lxc/inner"), "lxc lxc=lxc"),
	ROW(V2("/lxc.payload.a/lxc.payload.b"), "lxc a=a > lxc b=b"),
	/* machined */
	ROW(V2("/machine.slice/systemd-nspawn@my\\x2dbox.service/payload"),
	    "nspawn my-box=my-box", .unit = "systemd-nspawn@my\\x2dbox.service", .slice
	    = "machine.slice", .machine = "my-box"),
	ROW(
	    V2("/machine.slice/systemd-nspawn@box.service/payload/x.slice/y.service"),
	    "nspawn box=box", .unit = "systemd-nspawn@box.service", .slice =
	    "machine.slice", .machine = "box"),
	ROW(V2("/machine.slice/systemd-nspawn@box.service/supervisor"), "", .unit =
	    "systemd-nspawn@box.service", .slice = "machine.slice", .machine = "box"),
	ROW(V2("/machine.slice/systemd-nspawn@box.service"), "", .unit =
	    "systemd-nspawn@box.service", .slice = "machine.slice", .machine = "box"),
	ROW(V2("/machine.slice/machine-my\\x2dbox.scope/payload"),
	    "nspawn my-box=my-box", .unit = "machine-my\\x2dbox.scope", .slice =
	    "machine.slice", .machine = "my-box"),
	ROW(V2("/payload"), ""),
	ROW(V2("/payload/system.slice/x.service"), ""),
	ROW(V2("/machine.slice/machine-lxc\\x2d4711\\x2dweb.scope"), "libvirt web=web",
	    .unit = "machine-lxc\\x2d4711\\x2dweb.scope", .slice = "machine.slice",
	    .machine = "lxc-4711-web"),
	ROW(V2("/machine/web.libvirt-lxc"), "libvirt web=web"),
	ROW(V2("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope"), "", .unit =
	    "machine-qemu\\x2d1\\x2dvm.scope", .slice = "machine.slice", .machine =
	    "qemu-1-vm"),
	/* apps */
	ROW(V2(USER "/app.slice/app-flatpak-org.x.App-4711.scope"),
	    "flatpak org.x.App-4711=org.x.App", .unit = "user@1000.service", .user_unit
	    = "app-flatpak-org.x.App-4711.scope", .slice = "user-1000.slice", .uid =
	    1000),
	ROW(V2(USER "/app.slice/snap.firefox.firefox-" UID ".scope"),
	    "snap firefox.firefox-" UID "=firefox.firefox", .unit = "user@1000.service",
	    .user_unit = "snap.firefox.firefox-" UID ".scope", .slice =
	    "user-1000.slice", .uid = 1000),
	ROW(V2("/system.slice/snap.lxd.daemon.service"), "snap lxd.daemon=lxd.daemon",
	    .unit = "snap.lxd.daemon.service", .slice = "system.slice"),
	ROW(V2("/system.slice/snap.k8s.daemon.service/kubepods-pod" UID_
	    ".slice:cri-containerd:" A), "containerd " A "@" UID, .unit =
	    "snap.k8s.daemon.service", .slice = "system.slice"),
	/* systemd */
	ROW(V2("/init.scope"), "", .unit = "init.scope"),
	ROW(V2("/system.slice/nginx.service"), "", .unit = "nginx.service", .slice =
	    "system.slice"),
	ROW(V2("/system.slice/system-getty.slice/getty@tty1.service"), "", .unit =
	    "getty@tty1.service", .slice = "system-getty.slice"),
	ROW(V2("/user.slice/user-1000.slice/session-4.scope"), "", .unit =
	    "session-4.scope", .slice = "user-1000.slice", .session = "4", .uid = 1000),
	ROW(V2(USER "/app.slice/app-foo.scope"), "", .unit = "user@1000.service",
	    .user_unit = "app-foo.scope", .slice = "user-1000.slice", .uid = 1000),
	ROW(V2(USER "/init.scope"), "", .unit = "user@1000.service", .user_unit =
	    "init.scope", .slice = "user-1000.slice", .uid = 1000),
	ROW(V2("/system.slice/dbus.service/sub/x.service"), "", .unit = "dbus.service",
	    .slice = "system.slice"),
	ROW("3:memory:/x\n1:name=systemd:/system.slice/cron.service\n0::/\n", "", .unit
	    = "cron.service", .slice = "system.slice"),
	/* whose lines differ: crun on v1, a hybrid host */
	ROW("4:memory:/docker/" A "\n1:name=systemd:/\n0::/\n", "docker " A),
	ROW("4:memory:/docker/" A "\n1:name=systemd:/system.slice/d.service\n0::/\n",
	    "docker " A, .unit = "d.service", .slice = "system.slice"),
	ROW("4:memory:/docker/" B "\n0::/docker/" A "\n", "docker " A),
	ROW("4:memory:/docker/" A "/docker/" B "\n0::/docker/" A "\n", "docker " A
	    " > docker " B),
	/* from within a cgroup namespace */
	ROW(V2("/../../system.slice/docker-" A ".scope"), "docker " A, .unit = "docker-"
	    A ".scope", .slice = "system.slice"),
	ROW(V2("/../lxc.payload.web"), "lxc web=web"),
	ROW(V2("/../" A), ""),
	/* not whole, not well made */
	ROW("0::/docker/" A, "docker " A),
	ROW("", ""),
	ROW("0::", ""),
	ROW("0::docker/" A, ""),
	ROW("::\n:\n\n0\n", ""),
	ROW(V2("//docker//" A "//"), "docker " A),
	ROW(V2("/docker/" X64("A")), ""),
	ROW(V2("/docker/" A "a"), ""),
	ROW(V2("/docker"), ""),
	ROW(V2("/docker-.scope"), "", .unit = "docker-.scope"),
	ROW(V2("/xdocker-" A ".scope"), "", .unit = "xdocker-" A ".scope"),
	ROW(V2("/kubepods/pod/" A), ""),
	ROW(V2("/pod" UID "/" A), ""),
	ROW(V2("/machine.slice/machine-a\\x00b\\xzz\\x.scope"),
	    "nspawn a\\x00b\\xzz\\x=a\\x00b\\xzz\\x", .unit =
	    "machine-a\\x00b\\xzz\\x.scope", .slice = "machine.slice", .machine =
	    "a\\x00b\\xzz\\x"),
	ROW(V2("/lxc.payload.\033[31m"), "lxc \033[31m=\033[31m"),
	ROW(V2("/user.slice/user-99999999999.slice/x.service"), "", .unit = "x.service",
	    .slice = "user-99999999999.slice"),
};

static void print(const struct nsi_cgroup_claims *claims, char *to, size_t size)
{
	size_t at = 0;

	to[0] = '\0';
	for (size_t i = 0; i < claims->count && at < size; i++) {
		const struct nsi_claim *c = &claims->claim[i];

		at += snprintf(to + at, size - at, "%s%s %.*s%s%.*s%s%.*s", i ? " > " :
			       "",
			       c->engine->name, (int)c->id_length, c->id,
			       c->name ? "=" : "", (int)c->name_length,
			       c->name ? c->name : "", c->pod_uid ? "@" : "",
			       (int)c->pod_uid_length, c->pod_uid ? c->pod_uid : "");
	}
}

static void check(const struct row *row)
{
	struct nsi_cgroup_claims claims;
	char chain[2048];

	if (!is_int(nsi_cgroup_claims_parse(row->text, &claims), 0, "row %zu is read",
		    (size_t)(row - rows)))
		return;
	print(&claims, chain, sizeof(chain));
	is_str(chain, row->chain, "its containers");
	is_str(claims.unit, row->unit, "its unit");
	is_str(claims.user_unit, row->user_unit, "its user's unit");
	is_str(claims.slice, row->slice, "its slice");
	is_str(claims.machine, row->machine, "its machine");
	is_str(claims.session, row->session, "its session");
	is_int(claims.uid, row->uid, "its user");
	nsi_cgroup_claims_free(&claims);
}

static void check_engines(void)
{
	struct nsi_cgroup_claims claims;

	nsi_cgroup_claims_parse(V2(KUBE "/cri-containerd-" A ".scope"), &claims);
	ok(claims.claim[0].engine->kubernetes, "the engine of Kubernetes");
	is_int(claims.claim[0].path_length, strlen(KUBE "/cri-containerd-" A ".scope"),
	       "its own cgroup");
	nsi_cgroup_claims_free(&claims);
	nsi_cgroup_claims_parse("4:x:/docker/" A "/a/b\n0::/\n", &claims);
	is_int(claims.claim[0].path_length, strlen("/docker/" A),
	       "is above what it made");
	is_str(claims.path, "/docker/" A "/a/b", "in the line that told");
	is_str(claims.shown, "/docker/" A "/a/b", "which is the one shown");
	nsi_cgroup_claims_free(&claims);
	for (size_t i = 0; nsi_pattern_get(i); i++)
		if (nsi_pattern_get(i)->engine)
			ok(nsi_engine_of_pattern(nsi_pattern_get(i)),
			   "pattern %zu has an engine", i);
}

static void check_shown(void)
{
	static const struct { const char *text, *shown; } paths[] = {
		{ "0::/a\n", "/a" },
		{ "2:x:/b\n0::/a\n", "/a" },
		{ "2:x:/b\n0::/\n", "/b" },
		{ "3:y:/\n2:x:/b\n1:z:/c\n0::/\n", "/b" },
		{ "2:x:/\n0::/\n", "/" },
		{ "0::/a (deleted)\n", "/a (deleted)" },
		{ "nothing\n", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct nsi_cgroup_claims claims;

		nsi_cgroup_claims_parse(paths[i].text, &claims);
		is_str(claims.shown, paths[i].shown, "the path shown of %zu", i);
		nsi_cgroup_claims_free(&claims);
	}
}

/* As deep and as wide as a file of 64 KiB can be: no more than NSI_MAX_NESTED are
   told. */
static void check_large(void)
{
	enum { SIZE = 64 << 10 };
	static const char *const parts[] = {
		"/a", "/docker/" A, "/machine-\\x2d.scope", "/kubepods/pod" UID,
		"/a-kubepods-pod" UID_ ".slice:cri-containerd:" A, "/a-kubepods-pod" UID
		".slice:x", "/lxc/a", "a",
	};
	char *text = malloc(SIZE + 256);
	struct nsi_cgroup_claims claims;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t at = sprintf(text, "0::/");

		while (at < SIZE)
			at += sprintf(text + at, "%s", parts[i]);
		is_int(nsi_cgroup_claims_parse(text, &claims), 0, "a large path %zu", i);
		ok(claims.count <= NSI_MAX_NESTED, "has %zu containers", claims.count);
		nsi_cgroup_claims_free(&claims);
		for (char *slash = text + 4; (slash = strchr(slash, '/')); slash++)
			if ((slash - text) % 7 == 0 && slash[-1] != '\n')
				*slash = '\n';
		is_int(nsi_cgroup_claims_parse(text, &claims), 0, "many lines of it");
		nsi_cgroup_claims_free(&claims);
	}
	free(text);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
	check_engines();
	check_shown();
	check_large();
	return done();
}
