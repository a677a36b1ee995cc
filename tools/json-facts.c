/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The "facts" of a namespace in nstree --json --facts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "json.h"
#include "net.h"
#include "usage.h"
#include "view.h"

static struct json_object *uts_facts(const struct nsu_ns *ns)
{
	struct nsu_uts uts = NSU_UTS_INIT;
	struct json_object *o;

	if (nsu_ns_read_uts(ns, &uts) < 0)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "hostname", json_text(uts.hostname));
	json_object_object_add(o, "domainname", json_text(uts.domainname));
	return o;
}

static struct json_object *ipc_facts(const struct nsu_ns *ns)
{
#define MEMBER(name) { #name, offsetof(struct nsu_ipc, name) }
	static const struct {
		const char *name;
		size_t at;
	} members[] = {
		MEMBER(queues), MEMBER(queue_messages), MEMBER(queue_bytes),
		MEMBER(segments), MEMBER(segment_bytes), MEMBER(segment_rss),
		MEMBER(semaphore_sets), MEMBER(semaphores), MEMBER(max_queues),
		MEMBER(max_message), MEMBER(max_queue_bytes), MEMBER(max_segments),
		MEMBER(max_segment), MEMBER(max_pages), MEMBER(max_sets),
		MEMBER(max_semaphores), MEMBER(max_per_set), MEMBER(max_operations),
		MEMBER(max_posix_queues),
	};
#undef MEMBER
	struct nsu_ipc ipc = NSU_IPC_INIT;
	struct json_object *o;

	if (nsu_ns_read_ipc(ns, &ipc) < 0)
		return NULL;
	o = json_object_new_object();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *member = (const char *)&ipc + members[i].at;
		uint64_t value;

		memcpy(&value, member, sizeof(value));
		json_object_object_add(o, members[i].name, json_object_new_uint64(value));
	}
	json_object_object_add(o, "posix_queues", json_count(ipc.posix_queues));
	json_object_object_add(o, "posix_bytes", json_count(ipc.posix_bytes));
	return o;
}

static struct json_object *time_facts(const struct nsu_ns *ns)
{
	struct nsu_clocks clocks = NSU_CLOCKS_INIT;
	struct json_object *o;

	if (nsu_ns_read_clocks(ns, &clocks) < 0)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "monotonic", json_object_new_int64(clocks.monotonic));
	json_object_object_add(o, "boottime", json_object_new_int64(clocks.boottime));
	return o;
}

static struct json_object *cgroup_members(const struct nsu_ns *ns)
{
	struct json_object *list = json_object_new_array();
	struct usage_groups groups;

	if (usage_find_groups(ns, &groups) < 0)
		return list;
	for (size_t i = 0; i < groups.count; i++) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "path", json_text(groups.group[i].path));
		json_object_object_add(o, "tasks",
				       json_count((long)groups.group[i].tasks));
		usage_add_json(o, groups.group[i].first);
		json_object_array_add(list, o);
	}
	usage_free_groups(&groups);
	return list;
}

static struct json_object *cgroup_facts(const struct nsu_ns *ns)
{
	struct json_object *o;
	char *root = NULL;

	if (nsu_ns_read_cgroup_root(ns, &root) < 0)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "root", json_text(root));
	json_object_object_add(o, "members", cgroup_members(ns));
	free(root);
	return o;
}

static struct json_object *propagation(unsigned bits)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {
		{ NSU_PROP_SHARED, "shared" }, { NSU_PROP_SLAVE, "slave" },
		{ NSU_PROP_UNBINDABLE, "unbindable" },
	};
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bits & words[i].bit)
			json_object_array_add(list,
					      json_object_new_string(words[i].word));
	return list;
}

static struct json_object *root_entry(const struct nsu_mount *mount)
{
	struct json_object *o;

	if (!mount)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "fstype", json_text(mount->fstype));
	json_object_object_add(o, "source", json_text(mount->source));
	json_object_object_add(o, "root", json_text(mount->root));
	json_object_object_add(o, "options", json_text(mount->options));
	json_object_object_add(o, "super", json_text(mount->super));
	json_object_object_add(o, "idmapped", json_object_new_boolean(mount->idmapped));
	json_object_object_add(o, "propagation", propagation(mount->propagation));
	return o;
}

static struct json_object *mnt_facts(const struct nsu_ns *ns)
{
	struct json_object *o, *pins;
	const struct nsu_mount *mount;
	struct nsu_mounts *mounts;

	if (nsu_mounts_new(ns, &mounts) < 0)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "mounts", json_count((long)nsu_mounts_count(mounts)));
	json_object_object_add(o, "root", root_entry(nsu_mounts_get(mounts, 0)));
	pins = json_object_new_array();
	for (size_t i = 0; (mount = nsu_mounts_get(mounts, i)); i++) {
		struct json_object *pin;

		if (strcmp(mount->fstype, "nsfs") != 0)
			continue;
		pin = json_object_new_object();
		json_object_object_add(pin, "ns", json_text(mount->root));
		json_object_object_add(pin, "path", json_text(mount->point));
		json_object_array_add(pins, pin);
	}
	json_object_object_add(o, "pins", pins);
	nsu_mounts_free(mounts);
	return o;
}

static struct json_object *pid_facts(const struct nsu_snapshot *snap,
				     const struct nsu_ns *ns)
{
	struct json_object *o = json_object_new_object(), *number = NULL;
	const struct nsu_task *init;
	int r = view_init(snap, ns, &init);

	if (r == 0 && !view_init_ended(snap, ns))
		number = json_object_new_int(nsu_task_get_tid(init));
	else if (r == 0 || r == -ENOENT)
		number = json_object_new_string("none");
	json_object_object_add(o, "init", number);
	return o;
}

bool json_facts(const struct nsu_snapshot *snap, const struct nsu_ns *ns,
		struct json_object **ret)
{
	typedef struct json_object *make_fn(const struct nsu_ns *);
	static make_fn *const make[NSU_TYPE_COUNT] = {
		[NSU_UTS] = uts_facts,
		[NSU_IPC] = ipc_facts,
		[NSU_TIME] = time_facts,
		[NSU_CGROUP] = cgroup_facts,
		[NSU_MNT] = mnt_facts,
		[NSU_NET] = json_net,
	};
	enum nsu_type type = nsu_ns_get_type(ns);

	if (type == NSU_PID)
		*ret = pid_facts(snap, ns);
	else if (make[type])
		*ret = make[type](ns);
	return type == NSU_PID || make[type];
}
