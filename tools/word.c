// SPDX-License-Identifier: GPL-2.0-or-later
/* Target words and the context they are looked up in, with what is said where they
   fail. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "word-say.h"
#include "word.h"

static void log_message(void *data, enum nsu_log_level level, const char *message)
{
	(void)level;
	msg(data, "%s", message);
}

int context_open(struct output *out, const char *proc, const char *root, bool verbose,
		 struct nsu_ctx **ret)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	int r;

	opts.root = root;
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

static bool begins(const char *word, const char *prefix)
{
	return strncmp(word, prefix, strlen(prefix)) == 0;
}

/* "pin:blue" of "7@pin:blue" */
static const char *behind_numbers(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	if (digits == 0 || word[digits] != '@')
		return word;
	return behind_numbers(word + digits + 1);
}

/* "docker:wbe", or a name of anything. */
static void explain_absent(const struct output *out, struct nsu_ctx *ctx,
			   const char *word)
{
	bool named = strchr(word, ':') != NULL;

	if (!named)
		msg(out, "%s: no process, container, unit, pin or network namespace of "
		    "that name", word);
	else
		msg(out, "%s: no such %s", word,
		    begins(word, "pod:") ? "pod, or container in one" :
		    begins(word, "unit:") ? "unit runs" : "container");
	if (word_say_near(out, ctx, word))
		return;
	if (begins(word, "unit:"))
		return;
	if (geteuid() != 0)
		msg(out, "most names of containers are root's to read: sudo %s",
		    out->program);
	else
		msg(out, "try: nstree --containers, which lists those that run");
}

static void explain_name(const struct output *out, struct nsu_ctx *ctx, const char *word)
{
	const char *inner = behind_numbers(word);
	enum nsu_type type;

	if (begins(inner, "pin:"))
		explain_pin(out, ctx, inner);
	else if (nsu_type_find(word, &type) == 0)
		msg(out, "%s: no such target; try: nstree -t %s", word,
		    nsu_type_get_name(type));
	else if (begins(word, "./") && word[2] != '\0' &&
		 word[2 + strspn(word + 2, "0123456789")] == '\0')
		msg(out, "%s: no such file; a process is given by -t: -t %s", word,
		    word + 2);
	else if (word[strcspn(word, ":/")] == '/')
		msg(out, "%s: no such file", word);
	else if (begins(word, "netns:"))
		msg(out, "%s: no such network namespace", word);
	else
		explain_absent(out, ctx, inner);
}

static void explain_form(const struct output *out, struct nsu_ctx *ctx, const char *word)
{
	if (begins(word, "pin:"))
		msg(out, "%s: not a pin: pin:NAME, of letters, digits and . _ + - only, "
		    "or pin:NAME/TYPE, as pin:web/net", word);
	else if (strchr(word, '@') != NULL && word[strspn(word, "0123456789@")] != '\0')
		msg(out, "%s: what stands behind the @ is neither a process nor a "
		    "pid namespace", word);
	else
		msg(out, "%s: no such target; one is PID, TYPE:INODE, INODE, :ID, FILE, "
		    "docker:NAME, pod:NAMESPACE/NAME, unit:NAME, pin:NAME, netns:NAME, "
		    "7@TARGET, host or self, see nsutil(7)",
		    *word != '\0' ? word : "\"\"");
	if (strchr(word, ':') != NULL && strchr(word, '@') == NULL)
		word_say_near(out, ctx, word);
}

static bool ends_in_colon(const char *word)
{
	return *word != '\0' && word[strlen(word) - 1] == ':';
}

/* Where one is meant. */
static void explain_selection(const struct output *out, const char *word)
{
	msg(out, "%s%s means all that begin so, and just one is wanted here", word,
	    ends_in_colon(word) ? "" : ":");
	if (strcmp(out->program, "nsattach") == 0)
		msg(out, "try: nsattach --each %s COMMAND", behind_numbers(word));
	else
		msg(out, "try: nstree %s", behind_numbers(word));
}

static bool in_same(const struct nsu_matches *matches, unsigned types)
{
	const struct nsu_match *first = nsu_matches_get(matches, 0), *match;

	for (size_t i = 0; (match = nsu_matches_get(matches, i)) != NULL; i++)
		for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
			const struct nsu_ns *a, *b;

			if ((types & 1U << type) == 0)
				continue;
			if (match->task == NULL || first->task == NULL ||
			    nsu_task_get_ns(match->task, type, &a) < 0 ||
			    nsu_task_get_ns(first->task, type, &b) < 0 || a != b)
				return false;
		}
	return true;
}

/* Of those that have the name: 0 where it does not matter which is meant, else they are
   listed. */
static int open_one_of(const struct output *out, struct nsu_ctx *ctx, const char *word,
		       unsigned types, struct nsu_target **ret)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_matches *matches = NULL;
	struct nsu_snapshot *snap = NULL;
	const char *inner = behind_numbers(word);
	int r;

	opts.parts = NSU_PART_TASKS | NSU_PART_PIDS | NSU_PART_CONTAINERS;
	r = nsu_snapshot_new(ctx, &opts, &snap);
	if (r == 0)
		r = nsu_matches_new(snap, inner, &matches);
	/* They were several a moment ago. */
	if (r < 0) {
		msg(out, "%s: several have that name", word);
		r = -ENOTUNIQ;
	} else if (types != 0 && inner == word && in_same(matches, types)) {
		r = nsu_match_open(nsu_matches_get(matches, 0), ret);
		if (r < 0)
			msg_errno(out, r, "%s", word);
	} else {
		word_say_matches(out, word, snap, matches);
		r = -ENOTUNIQ;
	}
	nsu_matches_free(matches);
	nsu_snapshot_free(snap);
	return r;
}

int word_open_types(const struct output *out, struct nsu_ctx *ctx, const char *proc,
		    const char *word, unsigned types, struct nsu_target **ret)
{
	int r = nsu_target_new(ctx, word, ret);

	switch (r) {
	case 0:
		break;
	case -ESRCH:
		if (*word >= '0' && *word <= '9')
			word_no_process(out, ctx, proc, word);
		else
			msg(out, "%s: has ended", word);
		break;
	case -ECHILD:
		explain_thread(out, proc, word);
		break;
	case -ENOENT:
		explain_name(out, ctx, word);
		break;
	case -EINVAL:
		explain_form(out, ctx, word);
		break;
	case -EMEDIUMTYPE:
		msg(out, "%s: not a namespace file", word);
		break;
	case -ESTALE:
		explain_stale(out, word);
		break;
	case -ENOTUNIQ:
		if (!nsu_word_is_selection(behind_numbers(word)))
			return open_one_of(out, ctx, word, types, ret);
		explain_selection(out, word);
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

int word_open(const struct output *out, struct nsu_ctx *ctx, const char *proc,
	      const char *word, struct nsu_target **ret)
{
	return word_open_types(out, ctx, proc, word, 0, ret);
}

void word_no_match(const struct output *out, const char *word)
{
	if (begins(word, "image:") && word[strlen("image:")] != '\0')
		msg(out, "%s: no container of this image runs", word);
	else
		msg(out, "%s%s nothing runs whose name begins so", word,
		    ends_in_colon(word) ? "" : ":");
}
