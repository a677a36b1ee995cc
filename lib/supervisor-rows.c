/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the arguments of supervisors tell. */
#include <stdio.h>
#include <string.h>
#include "supervisor.h"

static const char *base_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

/* The first of these options that is there. */
static const char *option_of(const struct nsi_supervisor *s, const char *one,
			     const char *other)
{
	const char *value = nsi_argument(s->args, s->length, one);

	return value ? value : nsi_argument(s->args, s->length, other);
}

static const char *last_argument(const struct nsi_supervisor *s)
{
	const char *end = s->args + s->length;

	while (end > s->args && !end[-1])
		end--;
	while (end > s->args && end[-1])
		end--;
	return end;
}

static int set_name(struct nsi_found *ret, const char *engine, const char *name)
{
	if (!nsi_is_plain_name(name))
		return -ENOENT;
	ret->engine = nsi_engine_find(engine);
	ret->id = ret->name = name;
	return 0;
}

/* CRI-O has it keep its containers as well, and their exit codes in another place. */
static int tell_conmon(struct nsi_supervisor *s, struct nsi_found *ret)
{
	const char *id = option_of(s, "-c", "--cid");
	const char *name = option_of(s, "-n", "--name");
	const char *exits = nsi_argument(s->args, s->length, "--exit-dir");
	bool crio = exits && strstr(exits, "/crio/");

	if (!nsi_is_hex_id(id))
		return -ENOENT;
	ret->engine = nsi_engine_find(crio ? "cri-o" : "podman");
	ret->id = id;
	/* CRI-O's is made of the names of container and pod: no name that is typed. */
	if (!crio && nsi_is_plain_name(name))
		ret->name = name;
	ret->runtime = base_of(option_of(s, "-r", "--runtime"));
	ret->directory = option_of(s, "-b", "--bundle");
	return 0;
}

/* One shim has all the containers of a pod, but the pod's id only: containerd calls the
   cgroup of each after it. */
static const char *id_in_cgroup(struct nsi_supervisor *s)
{
	nsi_autofree char *text = NULL;
	char path[32], *save = NULL;

	snprintf(path, sizeof(path), "%d/cgroup", s->init);
	if (nsi_read_all_at(s->n->ctx->proc_fd, path, 64 << 10, &text) < 0)
		return NULL;
	for (char *part = strtok_r(text, "/\n", &save); part;
	     part = strtok_r(NULL, "/\n", &save))
		if (nsi_is_hex_id(part) && s->length > 64) {
			/* Its arguments, no longer needed, are longer than that. */
			strcpy(s->args, part);
			return s->args;
		}
	return NULL;
}

/* "containerd-shim-runsc-v1": the program may be a link to another one, so its own name
   for itself. */
static void take_runtime(struct nsi_supervisor *s, struct nsi_found *ret)
{
	static const struct { const char *part, *name; } runtimes[] = {
		{ "-runc-", "runc" }, { "-runsc-", "runsc" }, { "-kata-", "kata" },
		{ "-crun-", "crun" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
		if (strstr(base_of(s->args), runtimes[i].part))
			ret->runtime = runtimes[i].name;
}

static int tell_shim(struct nsi_supervisor *s, struct nsi_found *ret)
{
	const char *space = option_of(s, "-namespace", "--namespace");
	const char *id = option_of(s, "-id", "--id");

	/* The shims before containerd 1.3 and Docker 19.03. */
	if (!id)
		id = base_of(nsi_argument(s->args, s->length, "-workdir"));
	if (!space || !nsi_is_plain_name(id))
		return -ENOENT;
	take_runtime(s, ret);
	ret->id = id;
	if (!strcmp(space, "moby")) {
		ret->engine = nsi_engine_find("docker");
		return nsi_is_hex_id(id) ? 0 : -ENOENT;
	}
	if (!strcmp(space, "k8s.io")) {
		ret->engine = nsi_engine_find("kubernetes");
		ret->id = id_in_cgroup(s);
		return ret->id ? 0 : -ENOENT;
	}
	ret->engine = nsi_engine_find("containerd");
	return 0;
}

/* Of LXCPATH; LXD's and Incus' monitors are of the same library. */
static const char *lxc_engine(const char *path, const char *comm)
{
	if (strstr(path, "/incus/") || !strcmp(comm, "incusd"))
		return "incus";
	return strstr(path, "/lxd/") || !strcmp(comm, "lxd") ? "lxd" : "lxc";
}

/* "[lxc monitor] LXCPATH NAME", one string; in the foreground the command itself. */
static int tell_lxc(struct nsi_supervisor *s, struct nsi_found *ret)
{
	static const char title[] = "[lxc monitor] ";
	char *path = s->args + sizeof(title) - 1, *space;
	const char *engine;
	int r;

	if (strncmp(s->args, title, sizeof(title) - 1)) {
		const char *lxcpath = option_of(s, "-P", "--lxcpath");

		if (strncmp(base_of(s->args), "lxc-start", 9) &&
		    strncmp(base_of(s->args), "lxc-execute", 11))
			return -ENOENT;
		ret->directory = lxcpath && *lxcpath == '/' ? lxcpath : NULL;
		return set_name(ret, "lxc", option_of(s, "-n", "--name"));
	}
	space = strrchr(path, ' ');
	if (!space)
		return -ENOENT;
	engine = lxc_engine(path, s->comm);
	r = set_name(ret, engine, space + 1);
	if (r < 0)
		return r;
	*space = '\0';
	ret->directory = path;
	if (strcmp(engine, "lxc"))
		ret->name = nsi_lxc_name_of(ret->name, NULL);
	return 0;
}

/* Without a name it is called after its directory. */
static int tell_nspawn(struct nsi_supervisor *s, struct nsi_found *ret)
{
	const char *name = option_of(s, "-M", "--machine");

	if (!name)
		name = base_of(option_of(s, "-D", "--directory"));
	ret->directory = option_of(s, "-D", "--directory");
	return set_name(ret, "nspawn", name);
}

static int tell_libvirt(struct nsi_supervisor *s, struct nsi_found *ret)
{
	return set_name(ret, "libvirt", nsi_argument(s->args, s->length, "--name"));
}

/* runsc names its processes itself; the arguments of the sandbox end in the id. */
static int tell_gvisor(struct nsi_supervisor *s, struct nsi_found *ret)
{
	const char *id = last_argument(s);

	if (strcmp(base_of(s->args), "runsc-sandbox") || id == s->args ||
	    !nsi_is_plain_name(id))
		return -ENOENT;
	ret->engine = nsi_engine_find("gvisor");
	ret->id = id;
	ret->runtime = "runsc";
	ret->directory = nsi_argument(s->args, s->length, "--root");
	return 0;
}

/* Its own files call the sandbox by the process outside, and so do its options. */
static int tell_firejail(struct nsi_supervisor *s, struct nsi_found *ret)
{
	const char *name = nsi_argument(s->args, s->length, "--name");

	ret->engine = nsi_engine_find("firejail");
	ret->id = s->own_pid;
	ret->name = nsi_is_plain_name(name) ? name : NULL;
	return 0;
}

/* It knows no names. What Flatpak runs it is told by a descriptor: only cgroups tell. */
static int tell_bwrap(struct nsi_supervisor *s, struct nsi_found *ret)
{
	bool flatpak = !strcmp(base_of(s->args), "flatpak-bwrap");

	ret->engine = nsi_engine_find(flatpak ? "flatpak" : "bwrap");
	return 0;
}

static const struct nsi_supervisor_row rows[] = {
	{ "conmon", "conmon", false, tell_conmon },
	{ "containerd-shim", "containerd-shim*", false, tell_shim },
	{ "docker-containe", "docker-containerd-shim*", false, tell_shim },
	{ "lxc-*", "lxc-*", false, tell_lxc },
	{ "lxd", "lxd", false, tell_lxc },
	{ "incusd", "incusd", false, tell_lxc },
	{ "systemd-nspawn", "systemd-nspawn", false, tell_nspawn },
	{ "libvirt_lxc", "libvirt_lxc", false, tell_libvirt },
	{ "exe", "runsc*", true, tell_gvisor },
	{ "runsc*", "runsc*", true, tell_gvisor },
	{ "firejail", "firejail", false, tell_firejail },
	{ "bwrap", "bwrap", false, tell_bwrap },
	{ "flatpak-bwrap", "flatpak-bwrap", false, tell_bwrap },
};

const struct nsi_supervisor_row *nsi_supervisor_row_get(size_t index)
{
	return index < ARRAY_SIZE(rows) ? &rows[index] : NULL;
}
