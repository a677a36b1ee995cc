// SPDX-License-Identifier: GPL-2.0-or-later
/* What went wrong with a pin, and the cure: one table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "pin-set.h"

enum shows { STEP = 1 << 0, OBJECT = 1 << 1 };

static const struct cause {
	const char *words;	/* NULL: what the errno means */
	const char *cure;	/* NULL: none */
	unsigned shows;		/* before the words: what was done, and on what */
} causes[NSU_PIN_CAUSE_COUNT] = {
	[NSU_PIN_CAUSE_NONE] = { NULL, NULL, STEP | OBJECT },
	[NSU_PIN_CAUSE_NAME] = { "not a name: that is 1 to 200 of the letters, digits "
		"and . _ + -, and begins with no dot or dash", NULL, 0 },
	[NSU_PIN_CAUSE_NO_TYPE] = { "no namespace to pin: none differs from yours",
		"to pin one that is yours, name its type: nspin add NAME TARGET -n", 0 },
	[NSU_PIN_CAUSE_EXISTS] = { "there is one of that name already", NULL, 0 },
	[NSU_PIN_CAUSE_ABSENT] = { "no pin has this name", NULL, 0 },
	[NSU_PIN_CAUSE_BUSY] = { "another nspin is at work, for ten seconds already",
		"who that is: nstree --path /run/nsutil", OBJECT },
	[NSU_PIN_CAUSE_FOREIGN] = { "not made by nspin; --force removes it", NULL, 0 },
	[NSU_PIN_CAUSE_OWN_MNTNS] = { "a mount namespace cannot be pinned from inside",
		"from outside, in the initial one: nsattach -t 1 -m nspin add ...", 0 },
	[NSU_PIN_CAUSE_OLDER_MNTNS] = { "a mount namespace can be pinned only from an "
		"older one, and this is older than yours",
		"from the initial one: nsattach -t 1 -m nspin add ...", 0 },
	[NSU_PIN_CAUSE_ORDER] = { "this kernel takes the mount namespace for older than "
		"yours, which it may not be (Linux 6.18 numbers them by CPU)",
		"from the initial mount namespace: nsattach -t 1 -m nspin add ...", 0 },
	[NSU_PIN_CAUSE_SHARED] = { "the mount that it would lie on is shared with it",
		"make it private: mount --make-private /run/nsutil/mnt", OBJECT },
	[NSU_PIN_CAUSE_UNSAFE] = { "not safe: another user's, or others may write there, "
		"or a symbolic link", NULL, STEP | OBJECT },
	[NSU_PIN_CAUSE_NO_RUNTIME] = { "there is no directory for pins of yours: neither "
		"$XDG_RUNTIME_DIR nor /run/user/UID", "log in to a session that has one, "
		"or run it as root", 0 },
	[NSU_PIN_CAUSE_NO_USERNS] = { "needs a user namespace, or more power than yours",
		"add -U --map-root, or run it as root", STEP },
	[NSU_PIN_CAUSE_FORBIDDEN] = { "users may make no user namespaces here",
		"see sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, "
		"kernel.apparmor_restrict_unprivileged_userns; or run it as root", STEP },
	[NSU_PIN_CAUSE_LIMIT] = { "too many of them, or nested too deep",
		"see: sysctl -a --pattern 'user.max_.*_namespaces'", STEP },
	[NSU_PIN_CAUSE_FULL] = { NULL, "is there room? df -h /run; df -i /run",
		STEP | OBJECT },
	[NSU_PIN_CAUSE_NO_SUBIDS] = { "no range of ids is yours in /etc/subuid and "
		"/etc/subgid", "as root: usermod --add-subuids 100000-165535 "
		"--add-subgids 100000-165535 USER", OBJECT },
	[NSU_PIN_CAUSE_NEWUIDMAP] = { "newuidmap and newgidmap did not do it",
		"they have to be there, set-user-ID root (Debian: uidmap), and the ids "
		"yours in /etc/subuid and /etc/subgid", OBJECT },
	[NSU_PIN_CAUSE_MAP_REFUSED] = { "ids that you may not map",
		"yours are in /etc/subuid and /etc/subgid: --map-auto", OBJECT },
};

#define ROOTS_ONLY "what is another user's only root can pin"
#define NEEDS_ADMIN "it takes CAP_SYS_ADMIN here: run it as root"
#define NO_NETNS "/run/netns is root's: without --netns"

/* Where no cause is told, the step and the errno tell. */
static const struct {
	enum nsu_pin_step step;
	int error;
	const char *words;	/* NULL: what the errno means */
	const char *cure;	/* NULL: none */
} plain[] = {
	{ NSU_PIN_STEP_TARGET, -ENOENT, "there is no such namespace", NULL },
	{ NSU_PIN_STEP_TARGET, -EMEDIUMTYPE, "it is not of this type, or has none of it",
	  "which it has: nstree TARGET" },
	{ NSU_PIN_STEP_TARGET, -EACCES, NULL, ROOTS_ONLY },
	{ NSU_PIN_STEP_TARGET, -EPERM, NULL, ROOTS_ONLY },
	{ NSU_PIN_STEP_HOSTNAME, -EINVAL, NULL, "a host name has at most 64 bytes" },
	{ NSU_PIN_STEP_CLOCKS, -ERANGE, NULL,
	  "a clock inside may neither be before zero, nor more than 146 years on" },
	{ NSU_PIN_STEP_MAP, -EINVAL, NULL,
	  "ranges may not overlap, nor be more than 340" },
	{ NSU_PIN_STEP_STORE, -EPERM, NULL, NEEDS_ADMIN },
	{ NSU_PIN_STEP_MOUNT, -EPERM, NULL, NEEDS_ADMIN },
	{ NSU_PIN_STEP_UNMOUNT, -EPERM, NULL, NEEDS_ADMIN },
	{ NSU_PIN_STEP_NETNS, -EPERM, NULL, NO_NETNS },
	{ NSU_PIN_STEP_NETNS, -EACCES, NULL, NO_NETNS },
};
#define PLAIN_COUNT (sizeof(plain) / sizeof(plain[0]))

static const struct {
	unsigned bit;
	const char *text;
} notes[] = {
	{ NSU_PIN_NOTE_SESSION, "it ends with your last session; to keep it: "
				"loginctl enable-linger" },
	{ NSU_PIN_NOTE_CGROUP, "its process stays in this session's cgroup, and ends "
			       "when all of that is killed" },
	{ NSU_PIN_NOTE_OTHER_INIT, "nothing can be started in its pid namespace once the "
				   "init there ends, which is not nspin's" },
	{ NSU_PIN_NOTE_DEAD, "the init of its pid namespace has ended: nothing can be "
			     "started in it" },
	{ NSU_PIN_NOTE_INIT_STAYS, "others run in its pid namespace; its init ends with "
				   "the last of them" },
};

/* A name that is refused may be of any length. */
static char *shorten(const struct pin_app *app, const char *name)
{
	return text_cut_middle(&app->out, *name != '\0' ? name : "\"\"", 64);
}

/* Whose it is, as far as the list tells. */
static const char *maker_of(const struct pin_app *app, const char *name)
{
	const char *maker = NULL;
	struct nsu_pins *pins = NULL;
	const struct nsu_pin *pin;

	if (nsu_pins_new(app->ctx, &pins) == 0 && nsu_pins_find(pins, name, &pin) == 0)
		maker = nsu_pin_maker_get_name(pin->maker);
	nsu_pins_free(pins);
	return maker != NULL ? maker : "other";
}

static void put_part(FILE *f, const char *text)
{
	if (text != NULL && *text != '\0')
		fprintf(f, "%s: ", text);
}

/* Its number in plain, PLAIN_COUNT: none of them. */
static size_t find_plain(const struct nsu_pin_report *report)
{
	size_t i = 0;

	while (i < PLAIN_COUNT && (report->cause != NSU_PIN_CAUSE_NONE ||
				   plain[i].step != report->step ||
				   plain[i].error != report->error))
		i++;
	return i;
}

static void put_step(FILE *f, const struct nsu_pin_report *report, const char *type)
{
	const char *step = nsu_pin_step_get_name(report->step);

	if (report->step == NSU_PIN_STEP_TARGET && type != NULL)
		fprintf(f, "open the target's %s namespace: ", type);
	else if (report->step == NSU_PIN_STEP_MOUNT ||
		 report->step == NSU_PIN_STEP_UNMOUNT ||
		 report->step == NSU_PIN_STEP_UNSHARE)
		fprintf(f, "%s%s%s: ", step, type != NULL ? " " : "",
			type != NULL ? type : "");
	else
		fprintf(f, "%s: ", step);
}

/* "mount net: /run/nsutil/pins/blue/net: No space left on device" */
static char *make_text(const struct cause *cause, const struct nsu_pin_report *report)
{
	const char *type = NULL, *words = cause->words;
	size_t known = find_plain(report);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	if (report->type >= 0)
		type = nsu_type_get_name((enum nsu_type)report->type);
	if (cause->shows & STEP && nsu_pin_step_get_name(report->step) != NULL &&
	    report->step != NSU_PIN_STEP_CHECK)
		put_step(f, report, type);
	else if (type != NULL)
		put_part(f, type);
	if (cause->shows & OBJECT)
		put_part(f, report->object);
	if (known < PLAIN_COUNT)
		words = plain[known].words;
	fputs(words != NULL ? words : strerror(-report->error), f);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

void pin_complain(const struct pin_app *app, const char *name,
		  const struct nsu_pin_report *report)
{
	const struct cause *cause = (unsigned)report->cause < NSU_PIN_CAUSE_COUNT ?
		&causes[report->cause] : &causes[NSU_PIN_CAUSE_NONE];
	const char *verb = pin_verb_name(app->opts.verb);
	char *text, *brief = shorten(app, name);

	if (report->cause == NSU_PIN_CAUSE_ABSENT) {
		pin_say_absent(app, brief != NULL ? brief : name);
	} else if (report->cause == NSU_PIN_CAUSE_FOREIGN) {
		msg(&app->out, "%s %s: not made by nspin (%s); --force removes it", verb,
		    name, maker_of(app, name));
	} else {
		text = make_text(cause, report);
		msg(&app->out, "%s %s: %s", verb, brief != NULL ? brief : name,
		    text != NULL ? text : strerror(-report->error));
		free(text);
		if (report->cause == NSU_PIN_CAUSE_EXISTS &&
		    report->step == NSU_PIN_STEP_NETNS)
			msg(&app->out, "that is %s; another name, or without --netns",
			    report->object);
		else if (report->cause == NSU_PIN_CAUSE_EXISTS)
			msg(&app->out, "to see it: nspin show %s; to be rid of it: nspin "
			    "remove %s", name, name);
		else if (report->cause == NSU_PIN_CAUSE_UNSAFE)
			msg(&app->out, "to see which: namei -l %s", report->object);
		else if (cause->cure != NULL)
			msg(&app->out, "%s", cause->cure);
		else if (find_plain(report) < PLAIN_COUNT &&
			 plain[find_plain(report)].cure != NULL)
			msg(&app->out, "%s", plain[find_plain(report)].cure);
	}
	free(brief);
}

void pin_remark(const struct pin_app *app, const char *name,
		const struct nsu_pin_report *report)
{
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (report->notes & notes[i].bit && !app->opts.quiet)
			msg(&app->out, "%s: %s", name, notes[i].text);
}
