/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of engines: what they are, by precedence, and what their cgroups are
   called. */
#include <string.h>
#include "cgroup-path.h"

static const struct nsi_engine engines[] = {
	{ .name = "docker", .word = "docker", .name_it = nsi_docker_name },
	{ .name = "podman", .word = "podman", .name_it = nsi_podman_name,
	  .named_by_supervisor = true, .own_pods = true },
	{ .name = "containerd", .word = "containerd", .name_it = nsi_containerd_name },
	{ .name = "containerd", .word = "cri", .name_it = nsi_containerd_name,
	  .kubernetes = true },
	{ .name = "cri-o", .word = "cri", .name_it = nsi_crio_name,
	  .kubernetes = true, .named_by_supervisor = true },
	/* A pod; and its containers where their paths do not tell which engine it was. */
	{ .name = "kubernetes", .word = "cri", .name_it = nsi_containerd_name,
	  .kubernetes = true },
	{ .name = "lxc", .word = "lxc", .name_it = nsi_lxc_name },
	{ .name = "incus", .word = "incus", .name_it = nsi_lxc_name },
	{ .name = "lxd", .word = "lxd", .name_it = nsi_lxc_name },
	{ .name = "nspawn", .word = "machine", .name_it = nsi_machine_name },
	{ .name = "libvirt", .word = "machine", .name_it = nsi_machine_name },
	{ .name = "gvisor", .word = "gvisor", .name_it = nsi_gvisor_name },
	{ .name = "flatpak", .word = "flatpak" },
	{ .name = "snap", .word = "snap" },
	{ .name = "firejail", .word = "firejail", .name_it = nsi_firejail_name },
	{ .name = "bwrap", .word = "bwrap" },
	{ .name = "runc", .word = "runc", .find = nsi_runc_find,
	  .name_it = nsi_runc_name },
	{ .name = "crun", .word = "crun", .find = nsi_crun_find,
	  .name_it = nsi_runc_name },
};

#define HEX	NSI_PATTERN_HEX
#define CRI	(NSI_PATTERN_HEX | NSI_PATTERN_CRI)
#define SLICE	NSI_PATTERN_BEHIND_SLICE
#define NAMED	NSI_PATTERN_NAMED
#define UNIT	NSI_PATTERN_UNIT
#define APP	(NSI_PATTERN_UNIT | NSI_PATTERN_NAMED | NSI_PATTERN_WEAK)

/* Monitors (libpod-conmon-, crio-conmon-, lxc.monitor.) fit none of them. */
static const struct nsi_pattern patterns[] = {
	{ NULL, "docker-", ".scope", "docker", HEX },
	{ "docker", "", "", "docker", HEX },
	{ "ecs/*", "", "", "docker", HEX },
	{ "docker/buildkit", "", "", "docker", 0 },
	{ NULL, ":docker:", "", "docker", HEX | SLICE },
	{ NULL, "libpod-", ".scope", "podman", HEX },
	{ NULL, "libpod-payload-", "", "podman", HEX },
	{ NULL, "libpod-", "", "podman", HEX },
	{ NULL, ":libpod:", "", "podman", HEX | SLICE },
	{ NULL, "nerdctl-", ".scope", "containerd", HEX },
	{ NULL, ":nerdctl:", "", "containerd", HEX | SLICE },
	{ NULL, "cri-containerd-", ".scope", "containerd", CRI },
	{ NULL, ":cri-containerd:", "", "containerd", CRI | SLICE },
	{ NULL, "crio-", ".scope", "cri-o", CRI },
	{ NULL, "crio-", "", "cri-o", CRI },
	{ NULL, ":crio:", "", "cri-o", CRI | SLICE },
	{ NULL, "", "", "kubernetes", CRI | NSI_PATTERN_IN_POD },
	{ NULL, "lxc.payload.", "", "lxc", NAMED },
	{ "lxc.payload", "", "", "lxc", NAMED },
	{ "lxc", "", "", "lxc", NAMED },
	{ NULL, "machine-lxc\\x2d", ".scope", "libvirt",
	  UNIT | NAMED | NSI_PATTERN_NUMBER_FIRST },
	{ "machine", "", ".libvirt-lxc", "libvirt", NAMED },
	/* A virtual machine. */
	{ NULL, "machine-qemu\\x2d", ".scope", NULL, 0 },
	{ NULL, "machine-", ".scope", "nspawn", UNIT | NAMED },
	{ NULL, "systemd-nspawn@", ".service", "nspawn",
	  UNIT | NAMED | NSI_PATTERN_WITH_BELOW },
	{ NULL, "app-flatpak-", ".scope", "flatpak", APP | NSI_PATTERN_NUMBER_LAST },
	{ NULL, "snap.", ".scope", "snap", APP | NSI_PATTERN_UUID_LAST },
	{ NULL, "snap.", ".service", "snap", APP },
};

const struct nsi_pattern *nsi_pattern_get(size_t index)
{
	return index < ARRAY_SIZE(patterns) ? &patterns[index] : NULL;
}

const struct nsi_engine *nsi_engine_of_pattern(const struct nsi_pattern *pattern)
{
	bool cri = pattern->flags & NSI_PATTERN_CRI;

	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (engines[i].kubernetes == cri &&
		    !strcmp(engines[i].name, pattern->engine))
			return &engines[i];
	return NULL;
}

const struct nsi_engine *nsi_engine_get(size_t index)
{
	return index < ARRAY_SIZE(engines) ? &engines[index] : NULL;
}

const struct nsi_engine *nsi_engine_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i].name, name))
			return &engines[i];
	return NULL;
}
