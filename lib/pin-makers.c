/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who pins namespaces where: the one place that knows other programs' habits. */
#include <fnmatch.h>
#include "pin-list.h"

#define RUN_USER	"/run/user/*/"
#define HEX4		"[0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
#define HEX8		HEX4 HEX4
#define UUID		HEX8 "-" HEX4 "-" HEX4 "-" HEX4 "-" HEX8 HEX4

/* The first row that matches counts. A star also stands for slashes. */
static const struct maker {
	const char *pattern;
	enum nsu_pin_maker maker;
} makers[] = {
	{ NSI_NETNS_DIR "/cni-*", NSU_PIN_BY_CNI },
	{ NSI_NETNS_DIR "/netns-" UUID, NSU_PIN_BY_PODMAN },
	{ NSI_NETNS_DIR "/rootless-netns*", NSU_PIN_BY_PODMAN },
	/* pinns names all that are one pod's by the same UUID */
	{ NSI_NETNS_DIR "/" UUID, NSU_PIN_BY_CRIO },
	{ NSI_NETNS_DIR "/*", NSU_PIN_BY_IP },
	{ "/run/utsns/*", NSU_PIN_BY_CRIO },
	{ "/run/ipcns/*", NSU_PIN_BY_CRIO },
	{ "/run/userns/*", NSU_PIN_BY_CRIO },
	{ "/run/pidns/*", NSU_PIN_BY_CRIO },
	{ "/run/cgroupns/*", NSU_PIN_BY_CRIO },
	{ "/run/mntns/*", NSU_PIN_BY_CRIO },
	{ "/run/crio/*", NSU_PIN_BY_CRIO },
	{ "/run/docker/*", NSU_PIN_BY_DOCKER },
	{ "/run/containerd/*", NSU_PIN_BY_CONTAINERD },
	{ "/run/k3s/containerd/*", NSU_PIN_BY_CONTAINERD },
	{ RUN_USER "netns/cni-*", NSU_PIN_BY_CNI },
	{ RUN_USER "netns/*", NSU_PIN_BY_PODMAN },
	{ "*/" NSI_USER_NETNS "/netns-" UUID, NSU_PIN_BY_PODMAN },
	{ RUN_USER "docker/*", NSU_PIN_BY_DOCKER },
	{ RUN_USER "containers/*", NSU_PIN_BY_PODMAN },
};

static const struct nsi_pin_place places[] = {
	{ NSI_NETNS_DIR, NSU_NET }, { "/run/docker/netns", NSU_NET },
	{ "/run/utsns", NSU_UTS }, { "/run/ipcns", NSU_IPC }, { "/run/userns", NSU_USER },
	{ "/run/pidns", NSU_PID }, { "/run/cgroupns", NSU_CGROUP },
};

enum nsu_pin_maker nsi_pin_maker_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (!fnmatch(makers[i].pattern, path, FNM_NOESCAPE))
			return makers[i].maker;
	return NSU_PIN_BY_OTHER;
}

const struct nsi_pin_place *nsi_pin_get_place(size_t index)
{
	return index < ARRAY_SIZE(places) ? &places[index] : NULL;
}
