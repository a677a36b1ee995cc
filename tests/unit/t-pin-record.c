/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.json: written and read again, and all that a stranger could put there. */
#include <sys/resource.h>
#include <sys/stat.h>
#include "pin.h"
#include "box.h"

#define HEAD "{\"version\":1,\"stage\":\"made\",\"uid\":0"

static char path[] = "/tmp/t-pin-record.XXXXXX";
static int dir;

static int parse(const char *text)
{
	struct nsi_record record = { .made = 77 };
	int r = nsi_record_parse(text, strlen(text), &record);

	if (r < 0 && (record.made != 77 || record.args))
		return 1;	/* the result was touched */
	if (!r)
		nsi_record_free(&record);
	return r;
}

static const char *const refused[] = {
	"", " ", "{", "}", "[]", "null", "1", "\"x\"", "{}", "nonsense",
	"{\"version\":1}", "{\"stage\":\"made\",\"uid\":0}",
	"{\"version\":2,\"stage\":\"made\",\"uid\":0}",
	"{\"version\":\"1\",\"stage\":\"made\",\"uid\":0}",
	"{\"version\":1,\"stage\":\"other\",\"uid\":0}",
	"{\"version\":1,\"stage\":1,\"uid\":0}",
	"{\"version\":1,\"stage\":\"made\"}",
	"{\"version\":1,\"stage\":\"made\",\"uid\":-1}",
	"{\"version\":1,\"stage\":\"made\",\"uid\":4294967295}",
	"{\"version\":1,\"stage\":\"made\",\"uid\":0.5}",
	"{\"version\":1,\"stage\":\"made\",\"uid\":null}",
	"{\"version\":1,\"stage\":\"made\",\"uid\":true}",
	HEAD, HEAD "}x", HEAD "}{}", HEAD "},", HEAD ",}", HEAD ",\"user\":1}",
	HEAD ",\"user\":\"a\\u0000b\"}", HEAD ",\"user\":'a'}", HEAD ",\"user\":\"\n",
	HEAD ",\"made\":-1}", HEAD ",\"made\":9223372036854775807}",
	HEAD ",\"made\":99999999999999999999999}", HEAD ",\"made\":1e3}",
	HEAD ",\"made\":\"5\"}",
	HEAD ",\"args\":{}}", HEAD ",\"args\":[1]}", HEAD ",\"args\":[null]}",
	HEAD ",\"args\":[\"a\",[\"b\"]]}", HEAD ",\"args\":\"a\"}",
	HEAD ",\"from\":\"x\"}", HEAD ",\"from\":{\"pid\":0}}",
	HEAD ",\"from\":{\"pid\":4194305}}", HEAD ",\"from\":{\"target\":[]}}",
	HEAD ",\"netns\":1}", HEAD ",\"netns\":\"true\"}",
	HEAD ",\"types\":[]}", HEAD ",\"types\":{\"net\":1}}",
	HEAD ",\"types\":{\"net\":{\"inode\":-1}}}",
	HEAD ",\"types\":{\"net\":{\"inode\":\"1\"}}}",
	HEAD ",\"types\":{\"net\":{\"id\":-1}}}",
	HEAD ",\"types\":{\"net\":{\"fd\":-1}}}",
	HEAD ",\"types\":{\"net\":{\"fd\":99999999}}}",
	HEAD ",\"init\":1}", HEAD ",\"init\":{}}", HEAD ",\"init\":{\"pid\":0}}",
	HEAD ",\"init\":{\"pid\":-1}}", HEAD ",\"init\":{\"pid\":4194305}}",
	HEAD ",\"keeper\":{\"pid\":1,\"start\":-1}}",
	HEAD ",\"keeper\":{\"pid\":1,\"inode\":\"x\"}}",
	HEAD ",\"rename\":[]}", HEAD ",\"rename\":{}}",
	HEAD ",\"rename\":{\"from\":\"a\"}}",
	HEAD ",\"rename\":{\"from\":\"a\",\"to\":\"../b\"}}",
	HEAD ",\"rename\":{\"from\":\"\",\"to\":\"b\"}}",
	HEAD ",\"a\":[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]}",
};

static const char *const taken[] = {
	HEAD "}", HEAD "}\n", " \t\n" HEAD "} \r\n\t", HEAD ",\"unknown\":{\"a\":[1,2]}}",
	HEAD ",\"made\":1,\"made\":2}", HEAD ",\"types\":{\"later\":7}}",
	HEAD ",\"types\":{}}", HEAD ",\"args\":[]}", HEAD ",\"from\":{}}",
	HEAD ",\"init\":{\"pid\":1}}", HEAD ",\"made\":9223372036854775806}",
};

static void test_parse(void)
{
	struct nsi_record record;
	char with_nul[] = HEAD "}\0";

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (!is_int(parse(refused[i]), -EBADMSG, "refused %zu", i))
			tap_value("text", refused[i]);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (!is_int(parse(taken[i]), 0, "taken %zu", i))
			tap_value("text", taken[i]);
	is_int(nsi_record_parse(with_nul, sizeof(with_nul) - 1, &record), -EBADMSG,
	       "a NUL");
	is_int(nsi_record_parse(HEAD "}garbage", sizeof(HEAD "}") - 1, &record), 0,
	       "no more than its length");
	is_int(record.fd[NSU_NET], -1, "no descriptor: -1");
	nsi_record_free(&record);
	nsi_record_free(NULL);
}

/* Each shorter one, and each with one byte less or another one: no crash, no leak. */
static void test_damaged(char *text)
{
	size_t length = strlen(text);
	int whole = 0, odd = 0;

	for (size_t i = 0; i < length; i++) {
		char was = text[i];
		struct nsi_record record;

		/* The last but one ends with the bracket. */
		if (nsi_record_parse(text, i, &record) == 0) {
			nsi_record_free(&record);
			whole++;
		}
		for (const char *with = "\"{}[],:0\\\x80"; *with; with++) {
			int r;

			text[i] = *with;
			r = nsi_record_parse(text, length, &record);
			if (r == 0)
				nsi_record_free(&record);
			else
				odd += r != -EBADMSG;
		}
		text[i] = was;
	}
	is_int(whole, 1, "shorter ones: only that without the newline is read");
	is_int(odd, 0, "changed ones: read, or refused");
}

/* The members are not const, since a record that was read owns them. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static void fill(struct nsi_record *record)
{
	static const char *const args[] = { "nspin", "create", "blue", "--",
					    "a b\t\"\\\n\x01", "\xc3\xa9", "", NULL };

	*record = (struct nsi_record){
		.stage = NSI_STAGE_REMOVING, .made = 1700000000, .uid = 4294967294,
		.user = TEXT("j\xc3\xb6rg"), .args = (char **)(uintptr_t)args,
		.from = TEXT("netns:x"), .from_command = TEXT("sleep 1 /x"),
		.from_pid = 4194304, .netns = true,
		.types = 1u << NSU_NET | 1u << NSU_TIME,
		.init = { .pid = 12, .start = 34, .inode = 56 },
		.keeper = { .pid = 78, .start = 90 },
		.rename_from = TEXT("blue"), .rename_to = TEXT("green"),
	};
	record->inode[NSU_NET] = 4026532281;
	record->id[NSU_NET] = 9007199254740993;
	record->fd[NSU_NET] = 4;
	record->inode[NSU_TIME] = 4026532282;
	record->fd[NSU_TIME] = -1;
}

static bool same_proc(const struct nsi_proc *a, const struct nsi_proc *b)
{
	return a->pid == b->pid && a->start == b->start && a->inode == b->inode;
}

static void is_same(const struct nsi_record *a, const struct nsi_record *b,
		    const char *what)
{
	is_int(a->stage, b->stage, "%s: stage", what);
	is_int(a->made, b->made, "%s: made", what);
	is_int(a->uid, b->uid, "%s: uid", what);
	is_str(a->user, b->user, "%s: user", what);
	is_str(a->from, b->from, "%s: from", what);
	is_str(a->from_command, b->from_command, "%s: its command", what);
	is_int(a->from_pid, b->from_pid, "%s: its pid", what);
	is_str(a->rename_from, b->rename_from, "%s: renamed from", what);
	is_str(a->rename_to, b->rename_to, "%s: renamed to", what);
	is_int(a->netns, b->netns, "%s: netns", what);
	is_int(a->types, b->types, "%s: types", what);
	for (unsigned i = 0; i < NSU_TYPE_COUNT; i++)
		ok(a->inode[i] == b->inode[i] && a->id[i] == b->id[i],
		   "%s: type %u", what, i);
	ok(same_proc(&a->init, &b->init), "%s: init", what);
	ok(same_proc(&a->keeper, &b->keeper), "%s: keeper", what);
	for (size_t i = 0; b->args && b->args[i]; i++)
		is_str(a->args[i], b->args[i], "%s: word %zu", what, i);
}

static void test_format(void)
{
	struct nsi_record record, found, empty = { .stage = NSI_STAGE_MAKING };
	char *text = NULL, *again = NULL;

	fill(&record);
	is_int(nsi_record_format(&record, &text), 0, "written");
	ok(text && text[strlen(text) - 1] == '\n' && strstr(text, "\n  \"stage\""),
	   "in lines");
	is_int(nsi_record_parse(text, strlen(text), &found), 0, "read");
	is_same(&found, &record, "read");
	is_int(found.fd[NSU_NET], 4, "a descriptor");
	is_int(found.fd[NSU_TIME], -1, "no descriptor");
	is_int(nsi_record_format(&found, &again), 0, "written again");
	is_str(again, text, "is the same");
	test_damaged(text);
	free(text);
	free(again);
	nsi_record_free(&found);
	is_int(nsi_record_format(&empty, &text), 0, "one with nothing");
	is_int(nsi_record_parse(text, strlen(text), &found), 0, "one with nothing: read");
	ok(!found.user && !found.args && !found.from && !found.init.pid && !found.types,
	   "one with nothing: has nothing");
	free(text);
	nsi_record_free(&found);
	text = NULL;
	is_int(nsi_record_format(&(struct nsi_record){ .stage = 3 }, &text), -EINVAL,
	       "a stage that is none");
	is_str(text, NULL, "the result is untouched");
}

static void test_bytes(void)
{
	static const struct { const char *from, *to; } table[] = {
		{ "a\xff", "a\\xff" }, { "\x80", "\\x80" }, { "\xc3", "\\xc3" },
		{ "\xc0\x80", "\\xc0\\x80" }, { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" },
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
		{ "\x7f\x1b", "\x7f\x1b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct nsi_record found, record = { .user = TEXT(table[i].from) };
		char *text = NULL;

		if (is_int(nsi_record_format(&record, &text), 0, "bytes %zu", i) &&
		    is_int(nsi_record_parse(text, strlen(text), &found), 0, "read")) {
			is_str(found.user, table[i].to, "bytes %zu: as valid text", i);
			nsi_record_free(&found);
		}
		free(text);
	}
}

/* What is too long to be read again is left out, and the rest is kept. */
static void test_long(void)
{
	static char large[NSI_RECORD_LIMIT];
	char *args[] = { large, NULL }, *text = NULL;
	struct nsi_record found, record = {
		.user = TEXT("root"), .args = args, .uid = 7,
	};

	memset(large, 'x', sizeof(large) - 1);
	is_int(nsi_record_format(&record, &text), 0, "long words");
	is_int(nsi_record_parse(text, strlen(text), &found), 0, "long words: read");
	ok(!found.args && found.user && found.uid == 7, "long words: without them");
	nsi_record_free(&found);
	free(text);
	record.user = record.from = large;
	is_int(nsi_record_format(&record, &text), 0, "long names");
	is_int(nsi_record_parse(text, strlen(text), &found), 0, "long names: read");
	ok(!found.user && !found.from && found.uid == 7, "long names: without them");
	nsi_record_free(&found);
	free(text);
}

static void put(const char *text)
{
	int fd = openat(dir, NSI_RECORD_FILE, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC,
			0600);

	ok(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "a file");
	close(fd);
}

static int read_record(void)
{
	struct nsi_record found = { .made = 77 };
	int r = nsi_record_read(dir, &found);

	if (r < 0)
		return found.made == 77 ? r : 1;
	nsi_record_free(&found);
	return 0;
}

static void test_file(void)
{
	struct nsi_record record, found;
	struct stat st;

	fill(&record);
	is_int(read_record(), -ENOENT, "no file");
	is_int(nsi_record_write(dir, &record), 0, "write");
	is_int(nsi_record_read(dir, &found), 0, "read");
	is_same(&found, &record, "read from the file");
	nsi_record_free(&found);
	fstatat(dir, NSI_RECORD_FILE, &st, AT_SYMLINK_NOFOLLOW);
	is_int(st.st_mode, S_IFREG | 0600, "its mode");
	is_int(symlinkat("/etc/passwd", dir, NSI_RECORD_FILE ".new"), 0,
	       "a link in the way");
	is_int(nsi_record_write(dir, &record), 0, "is replaced");
	is_int(fstatat(dir, NSI_RECORD_FILE ".new", &st, AT_SYMLINK_NOFOLLOW), -1,
	       "nothing else is left");
	is_int(linkat(dir, NSI_RECORD_FILE, dir, "other", 0), 0, "another name for it");
	is_int(read_record(), -EBADMSG, "another name: refused");
	unlinkat(dir, "other", 0);
	fchmodat(dir, NSI_RECORD_FILE, 0620, 0);
	is_int(read_record(), -EBADMSG, "others may write: refused");
	unlinkat(dir, NSI_RECORD_FILE, 0);
	is_int(symlinkat("other", dir, NSI_RECORD_FILE), 0, "a link");
	is_int(read_record(), -EBADMSG, "a link: refused");
	unlinkat(dir, NSI_RECORD_FILE, 0);
	is_int(mkfifoat(dir, NSI_RECORD_FILE, 0600), 0, "a FIFO");
	is_int(read_record(), -EBADMSG, "a FIFO: refused, without waiting");
	unlinkat(dir, NSI_RECORD_FILE, 0);
	is_int(mkdirat(dir, NSI_RECORD_FILE, 0700), 0, "a directory");
	is_int(read_record(), -EBADMSG, "a directory: refused");
	is_int(nsi_record_write(dir, &record), -EISDIR, "a directory: not written over");
	is_int(fstatat(dir, NSI_RECORD_FILE ".new", &st, AT_SYMLINK_NOFOLLOW), -1,
	       "a directory: nothing is left");
	unlinkat(dir, NSI_RECORD_FILE, AT_REMOVEDIR);
	put("");
	is_int(read_record(), -EBADMSG, "an empty one: refused");
	put(HEAD "}");
	is_int(read_record(), 0, "a short one");
	is_int(truncate(fmt("%s/%s", path, NSI_RECORD_FILE), 2 * NSI_RECORD_LIMIT), 0,
	       "a long one");
	is_int(read_record(), -EBADMSG, "a long one: refused");
	if (geteuid() == 0 && fchownat(dir, NSI_RECORD_FILE, 1, 1, 0) == 0) {
		put(HEAD "}");
		is_int(read_record(), -EBADMSG, "another's: refused");
	} else {
		skip("another's: refused", "needs root");
	}
	unlinkat(dir, NSI_RECORD_FILE, 0);
}

/* /dev/full has no room; here a limit of the process. */
static void test_no_room(void)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		struct rlimit limit = { 100, 100 };
		struct nsi_record record;

		fill(&record);
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(nsi_record_write(dir, &record) == -EFBIG ? 0 : 1);
	}
	waitpid(child, &status, 0);
	is_int(status, 0, "no room");
	is_int(faccessat(dir, NSI_RECORD_FILE ".new", F_OK, 0), -1,
	       "no room: nothing is left");
	is_int(read_record(), -ENOENT, "no room: nothing was written");
}

static void test_proc(void)
{
	struct nsi_proc self, other = { 0 };
	struct kid kid;
	int pidfd = -1, fds;
	siginfo_t info;

	is_int(nsi_proc_describe(ctx, getpid(), &self), 0, "oneself");
	is_int(self.pid, getpid(), "oneself: the number");
	is_int(nsi_proc_find(ctx, &self, NULL), 0, "oneself: found");
	self.start += 2;
	is_int(nsi_proc_find(ctx, &self, NULL), -ESRCH, "another start: another process");
	self.start -= 2;
	if (self.inode) {
		self.inode++;
		is_int(nsi_proc_find(ctx, &self, NULL), -ESRCH, "another inode, too");
		self.inode = 0;
	} else {
		skip("another inode, too", "pidfds have none here");
	}
	is_int(nsi_proc_find(ctx, &self, &pidfd), 0, "without an inode: found");
	ok(pidfd < 0 || fcntl(pidfd, F_GETFD) & FD_CLOEXEC, "closed on exec");
	nsi_closep(&pidfd);
	is_int(nsi_proc_find(ctx, &(struct nsi_proc){ 0 }, NULL), -ESRCH, "none");
	is_int(nsi_proc_describe(ctx, 0, &self), -ESRCH, "none");
	is_int(nsi_proc_describe(ctx, -1, &self), -ESRCH, "none");
	fds = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!is_int(kid_start(&kid, 0, NULL), 0, "a child"))
		return;
	is_int(nsi_proc_describe(ctx, kid.pid, &other), 0, "a child");
	is_int(nsi_proc_find(ctx, &other, NULL), 0, "a child: found");
	kill(kid.pid, SIGKILL);
	waitid(P_PID, kid.pid, &info, WEXITED | WNOWAIT);
	is_int(nsi_proc_find(ctx, &other, NULL), -ESRCH, "a zombie has ended");
	is_int(nsi_proc_describe(ctx, kid.pid, &other), -ESRCH, "a zombie");
	kid_end(&kid);
	is_int(nsi_proc_find(ctx, &other, NULL), -ESRCH, "reaped");
	pidfd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	is_int(pidfd, fds + 1, "no descriptor is left");
	close(pidfd);
	close(fds);
}

/* In a time namespace start times are told by another clock. */
static int find_parent(void)
{
	struct nsi_proc parent;
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *mine;
	int r, status, fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	pid_t child;

	if (fd < 0 || write(fd, "boottime 86400 0\n", 17) != 17)
		return 99;
	close(fd);
	r = nsi_proc_describe(ctx, getppid(), &parent);
	child = fork();
	if (!child) {
		if (r < 0 || nsu_ctx_new(&opts, &mine) < 0)
			_exit(98);
		parent.inode = 0;
		_exit(nsi_proc_find(mine, &parent, NULL) < 0);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static int time_body(void)
{
	return unshare(CLONE_NEWTIME) < 0 ? 97 : find_parent();
}

static void test_time(void)
{
	struct kid kid;
	int r = kid_start(&kid, 0, time_body);

	if (r < 0 || kid.said == 97)
		skip("from a time namespace", "no such namespaces here");
	else
		is_int(kid.said, 0, "from a time namespace: found");
	if (!r)
		kid_end(&kid);
}

static void test_report(void)
{
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
	char large[400];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	is_int(nsi_pin_fail(NULL, NSU_PIN_STEP_MAP, -EPERM, NSU_PIN_CAUSE_NONE, "x"),
	       -EPERM, "no report");
	is_int(nsi_pin_fail_at(NULL, NSU_PIN_STEP_MAP, -EPERM, NSU_PIN_CAUSE_NONE,
			       NSU_NET), -EPERM, "no report at a type");
	nsi_pin_note(NULL, 1);
	nsi_pin_note(&report, NSU_PIN_NOTE_CGROUP);
	nsi_pin_fail(&report, NSU_PIN_STEP_RECORD, -ENOSPC, NSU_PIN_CAUSE_NONE, "%s",
		     large);
	nsi_pin_note(&report, NSU_PIN_NOTE_SESSION);
	is_int(report.notes, NSU_PIN_NOTE_CGROUP | NSU_PIN_NOTE_SESSION,
	       "notes are kept");
	is_int(strlen(report.object), sizeof(report.object) - 1, "a long object is cut");
	is_int(report.cause, NSU_PIN_CAUSE_FULL, "the store is full");
	nsi_pin_fail(&report, NSU_PIN_STEP_UNSHARE, -ENOSPC, NSU_PIN_CAUSE_NONE, NULL);
	is_int(report.cause, NSU_PIN_CAUSE_NONE, "not the store");
	is_str(report.object, "", "no object");
	nsi_pin_fail(&report, NSU_PIN_STEP_MAP, -EPERM, NSU_PIN_CAUSE_NONE, "%s", "here");
	nsi_pin_fail(&report, NSU_PIN_STEP_MAP, -EPERM, NSU_PIN_CAUSE_NONE, "<%s>",
		     report.object);
	is_str(report.object, "<here>", "its own object");
	nsi_pin_fail_at(&report, NSU_PIN_STEP_MOUNT, -EPERM, NSU_PIN_CAUSE_NONE, NSU_UTS);
	is_int(report.type, NSU_UTS, "at a type");
	for (int i = 0; i < NSU_PIN_STEP_COUNT; i++)
		ok(nsu_pin_step_get_name(i), "step %d", i);
	is_str(nsu_pin_step_get_name(NSU_PIN_STEP_COUNT), NULL, "no step");
	is_str(nsu_pin_state_get_name(NSU_PIN_DEAD), "dead", "a state");
	is_str(nsu_pin_state_get_name(NSU_PIN_STATE_COUNT), NULL, "no state");
	for (int i = 1; i < NSU_PIN_REASON_COUNT; i++)
		ok(nsu_pin_reason_get_name(i), "reason %d", i);
	is_str(nsu_pin_reason_get_name(NSU_PIN_NO_REASON), NULL, "OK has no reason");
	is_str(nsu_pin_reason_get_name(NSU_PIN_REASON_COUNT), NULL, "no such reason");
	is_str(nsu_pin_maker_get_name(NSU_PIN_BY_OTHER), "other", "a maker");
	is_str(nsu_pin_maker_get_name(-1), NULL, "no maker");
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	ok(mkdtemp(path), "a directory");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_parse();
	test_format();
	test_bytes();
	test_long();
	test_file();
	test_no_room();
	test_proc();
	test_time();
	test_report();
	close(dir);
	is_int(rmdir(path), 0, "nothing is left");
	nsu_ctx_free(ctx);
	return done();
}
