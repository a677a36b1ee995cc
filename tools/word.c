// SPDX-License-Identifier: GPL-2.0-or-later
/* Target words and the context they are looked up in, with what is said where they
   fail. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "word.h"

static void log_message(void *data, enum nsu_log_level level, const char *message)
{
	(void)level;
	msg(data, "%s", message);
}

int context_open(struct output *out, const char *proc, bool verbose, struct nsu_ctx **ret)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	int r;

	opts.disable = getenv("NSUTIL_DISABLE");
	if (verbose) {
		opts.log = log_message;
		opts.log_data = out;
		opts.log_level = NSU_LOG_INFO;
	}
	if (proc != NULL) {
		opts.proc_fd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (opts.proc_fd < 0) {
			r = -errno;
			msg_errno(out, r, "%s", proc);
			return r;
		}
	}
	r = nsu_ctx_new(&opts, ret);
	if (r == -EINVAL && opts.disable != NULL)
		msg(out, "NSUTIL_DISABLE=%s: not a list of interfaces, see: "
		    "nstree --version --verbose", opts.disable);
	else if (r < 0)
		msg_errno(out, r, "%s", proc != NULL ? proc : "/proc");
	if (opts.proc_fd >= 0)
		close(opts.proc_fd);
	return r;
}

void word_no_process(const struct output *out, const struct nsu_ctx *ctx,
		     const char *proc, const char *word)
{
	const struct nsu_procfs *procfs = nsu_ctx_get_procfs(ctx);

	msg(out, "%s: no such process", word);
	if (procfs->hidepid >= NSU_HIDEPID_INVISIBLE && !procfs->exempt)
		msg(out, "it may be hidden: %s is mounted with hidepid, "
		    "run as root for all",
		    proc != NULL ? proc : "/proc");
}

/* Of which process a number is a thread's; 0: no one can tell. */
static int process_of(const char *proc, const char *number)
{
	char path[PATH_MAX], line[256];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/status", proc != NULL ? proc : "/proc",
		 number);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return pid;
}

static void explain_thread(const struct output *out, const char *proc, const char *word)
{
	int pid = process_of(proc, word);

	if (pid > 0) {
		msg(out, "%s: a thread of process %d", word, pid);
		msg(out, "try: %s %d", out->program, pid);
	} else {
		msg(out, "%s: a thread's number, not a process's", word);
	}
}

/* pin:blue/mnt, and there is a pin:blue. */
static bool lacks_type(struct nsu_ctx *ctx, const char *word, size_t name)
{
	struct nsu_target *target = NULL;
	char *pin = strndup(word, name);
	bool found = pin != NULL && nsu_target_new(ctx, pin, &target) == 0;

	nsu_target_free(target);
	free(pin);
	return found;
}

static void explain_pin(const struct output *out, struct nsu_ctx *ctx, const char *word)
{
	size_t name = strcspn(word, "/");

	if (word[name] == '/' && lacks_type(ctx, word, name)) {
		msg(out, "%.*s: has no %s", (int)name, word, word + name + 1);
		return;
	}
	msg(out, "%.*s: no such pin, or nothing is left of it", (int)name, word);
	msg(out, "try: nspin, which lists them%s",
	    geteuid() != 0 ? "; those of root: sudo nspin" : "");
}

static void explain_stale(const struct output *out, const char *word)
{
	if (*word >= '0' && *word <= '9' && strchr(word, ':') != NULL) {
		msg(out, "%s: ended and its number was given to another process", word);
		return;
	}
	msg(out, "%s: stale: another namespace is there than its record says", word);
	msg(out, "try: nspin check, which says of which; nspin prune removes it");
}

/* A name of two things. */
static void explain_both(const struct output *out, const char *word)
{
	msg(out, "%s: is both pin:%s and netns:%s, which are different namespaces", word,
	    word, word);
}

static void explain_name(const struct output *out, struct nsu_ctx *ctx, const char *word)
{
	/* 7@pin:blue */
	const char *inner = strrchr(word, '@') != NULL ? strrchr(word, '@') + 1 : word;
	enum nsu_type type;

	if (strncmp(inner, "pin:", 4) == 0)
		explain_pin(out, ctx, inner);
	else if (nsu_type_find(word, &type) == 0)
		msg(out, "%s: no such target; try: nstree -t %s", word,
		    nsu_type_get_name(type));
	else if (strncmp(word, "./", 2) == 0 && word[2] != '\0' &&
		 word[2 + strspn(word + 2, "0123456789")] == '\0')
		msg(out, "%s: no such file; a process is given by -t: -t %s", word,
		    word + 2);
	else if (strchr(word, '/') != NULL)
		msg(out, "%s: no such file", word);
	else if (strncmp(word, "netns:", 6) == 0)
		msg(out, "%s: no such network namespace", word);
	else {
		msg(out, "%s: no process, pin or network namespace has this name; "
		    "those of containers are not known yet", word);
		msg(out, "try: nstree, which shows the process of each");
	}
}

static void explain_form(const struct output *out, const char *word)
{
	static const char *const later[] = {
		"docker:", "podman:", "lxc:", "machine:", "pod:", "cri:", "unit:",
	};

	if (strncmp(word, "pin:", 4) == 0) {
		msg(out, "%s: not a pin: pin:NAME, of letters, digits and . _ + - only, "
		    "or pin:NAME/TYPE, as pin:web/net", word);
		return;
	}

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strncmp(word, later[i], strlen(later[i])) == 0) {
			msg(out, "%s: names of containers, pods and units "
			    "are not known yet", word);
			msg(out, "try: nstree, which shows them by their commands");
			return;
		}
	if (strchr(word, '@') != NULL && word[strspn(word, "0123456789@")] != '\0')
		msg(out, "%s: what stands behind the @ is neither a process nor a "
		    "pid namespace", word);
	else
		msg(out, "%s: no such target; one is PID, TYPE:INODE, INODE, :ID, "
		    "FILE, pin:NAME, netns:NAME, 7@TARGET, host or self",
		    *word != '\0' ? word : "\"\"");
}

int word_open(const struct output *out, struct nsu_ctx *ctx, const char *proc,
	      const char *word, struct nsu_target **ret)
{
	int r = nsu_target_new(ctx, word, ret);

	switch (r) {
	case 0:
		break;
	case -ESRCH:
		word_no_process(out, ctx, proc, word);
		break;
	case -ECHILD:
		explain_thread(out, proc, word);
		break;
	case -ENOENT:
		explain_name(out, ctx, word);
		break;
	case -EINVAL:
		explain_form(out, word);
		break;
	case -EMEDIUMTYPE:
		msg(out, "%s: not a namespace file", word);
		break;
	case -ESTALE:
		explain_stale(out, word);
		break;
	case -ENOTUNIQ:
		explain_both(out, word);
		break;
	case -EOPNOTSUPP:
		msg(out, "%s: this kernel or this /proc cannot tell processes by "
		    "inode", word);
		break;
	default:
		msg_errno(out, r, "%s", word);
	}
	return r;
}
