/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"
#include "proxy.h"
#include "view.h"

/* The value of "-port 80", "--port 80" or "-port=80" among the words; "": not there. */
static const char *option_of(const struct shown *shown, const char *name)
{
	const char *at = shown->args, *end = at ? at + shown->args_len : NULL;
	size_t len = strlen(name);

	for (; at && at < end; at += strlen(at) + 1) {
		const char *word = at;

		if (*word != '-')
			continue;
		word += word[1] == '-' ? 2 : 1;
		if (strncmp(word, name, len) != 0)
			continue;
		if (word[len] == '=')
			return word + len + 1;
		if (word[len] == '\0' && word + len + 1 < end)
			return word + len + 1;
	}
	return "";
}

static bool is_hosts(const struct nsu_snapshot *snap, const struct nsu_task *task)
{
	static const enum nsu_type types[] = { NSU_NET, NSU_USER, NSU_PID };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct nsu_ns *ns = view_task_ns(task, types[i]);

		if (!ns || ns != view_host_ns(snap, types[i]))
			return false;
	}
	return true;
}

/* A setuid program runs as root by any name that a user gives it. */
static bool is_program(const struct nsu_task *task, const char *name)
{
	char path[32], exe[PATH_MAX];
	const char *base;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)nsu_task_get_pid(task));
	len = readlink(path, exe, sizeof(exe) - 1);
	if (len < 0)
		return errno == EACCES;
	exe[len] = '\0';
	base = strrchr(exe, '/');
	return base && strncmp(base + 1, name, strlen(name)) == 0 &&
	       (!base[1 + strlen(name)] || base[1 + strlen(name)] == ' ');
}

bool proxy_read(const struct nsu_snapshot *snap, struct shown_cache *cache,
		const struct nsu_task *task, struct proxy *ret)
{
	struct proxy proxy = { "", "", "", "", { 0 }, "" };
	const struct shown *shown = task ? shown_get(cache, task, false) : NULL;
	bool docker;

	if (!shown || shown->error || shown->stat.uid != 0)
		return false;
	docker = strcmp(shown->stat.comm, "docker-proxy") == 0;
	if ((!docker && strcmp(shown->stat.comm, "conmon") != 0) ||
	    !is_hosts(snap, task) ||
	    !is_program(task, shown->stat.comm))
		return false;
	shown = shown_get(cache, task, true);
	if (!shown || !shown->args)
		return false;
	if (docker) {
		proxy.host_ip = option_of(shown, "host-ip");
		proxy.host_port = option_of(shown, "host-port");
		proxy.ip = option_of(shown, "container-ip");
		proxy.port = option_of(shown, "container-port");
		if (!net_prefix_parse(proxy.ip, &proxy.to) || proxy.to.subnet)
			return false;
	} else {
		proxy.id = option_of(shown, "c");
		if (!*proxy.id)
			return false;
	}
	*ret = proxy;
	return true;
}

bool proxy_has_port(const struct proxy *proxy, unsigned port)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", port);
	return !*proxy->ip || strcmp(proxy->host_port, text) == 0;
}

static const struct nsu_container *find_by_id(const struct nsu_snapshot *snap,
					      const char *id)
{
	const struct nsu_container *container;
	const char *text;

	nsu_foreach_container(container, snap)
		if (!nsu_container_is_claim(container) &&
		    nsu_container_get_kind(container) != NSU_POD &&
		    nsu_container_get_text(container, NSU_CONTAINER_ID, &text) == 0 &&
		    strcmp(text, id) == 0)
			return container;
	return NULL;
}

/* conmon keeps the ports of a container bound, so that nobody else takes them. */
static char *conmon_target(const struct networks *nets, const struct proxy *proxy,
			   const struct network **ret_to)
{
	const struct nsu_container *container = find_by_id(nets->snap, proxy->id);
	const struct nsu_task *init;
	char *id, *text;

	if (container) {
		if (nsu_container_get_init(container, &init) == 0)
			*ret_to = networks_find(nets, view_task_ns(init, NSU_NET));
		return view_container_word(&nets->app->out, container);
	}
	id = text_escape(&nets->app->out, proxy->id);
	if (!id || asprintf(&text, "podman:%.12s", id) < 0)
		text = NULL;
	free(id);
	return text;
}

char *proxy_target(const struct networks *nets, const struct proxy *proxy,
		   const struct network **ret_to)
{
	const struct network *near = networks_find(nets, nets->host), *to;
	char *port, *text;

	*ret_to = NULL;
	if (!*proxy->ip)
		return conmon_target(nets, proxy, ret_to);
	port = text_escape(&nets->app->out, proxy->port);
	to = networks_find_address(nets, near, proxy->to.family, proxy->to.bytes);
	/* No other than an address can have been parsed as one. */
	if (!port || asprintf(&text, "%s:%s", to ? to->place : proxy->ip, port) < 0)
		text = NULL;
	free(port);
	*ret_to = to;
	return text;
}

/* "[::]:8080 -> 80", "[::]:443". */
static char *reached_text(const struct output *out, const struct proxy *proxy)
{
	bool bracket = strchr(proxy->host_ip, ':') != NULL;
	bool same = !*proxy->port || strcmp(proxy->port, proxy->host_port) == 0;
	char *text, *escaped;

	if (asprintf(&text, "%s%s%s:%s%s%s", bracket ? "[" : "", proxy->host_ip,
		     bracket ? "]" : "", proxy->host_port, same ? "" : " -> ",
		     same ? "" : proxy->port) < 0)
		return NULL;
	escaped = text_escape(out, text);
	free(text);
	return escaped;
}

char *net_reached_by(const struct app *app, const struct nsu_snapshot *snap,
		     struct shown_cache *cache, const struct nsu_net *net)
{
	const struct nsu_ns *host = view_host_ns(snap, NSU_NET);
	const char *where = nsu_snapshot_sees_host(snap) > 0 ? "host " : "here ";
	const struct nsu_address *address;
	const struct nsu_task *task;
	char *text = NULL, *one;
	size_t size, count = 0;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; f && host && (task = nsu_ns_get_task(host, i)) != NULL; i++) {
		struct proxy proxy;

		if (!proxy_read(snap, cache, task, &proxy) || !*proxy.ip)
			continue;
		for (size_t a = 0; (address = nsu_net_get_address(net, a)) != NULL; a++) {
			if (!net_prefix_has(&proxy.to, address))
				continue;
			one = reached_text(&app->out, &proxy);
			fprintf(f, "%s%s", count++ ? ", " : where, one ? one : "?");
			free(one);
			break;
		}
	}
	if (f && fclose(f) == 0 && count)
		return text;
	free(text);
	return NULL;
}
