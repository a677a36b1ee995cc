// SPDX-License-Identifier: GPL-2.0-or-later
/* What a target's accounts and its environment say, and what they must not do. */
#include <time.h>
#include "enter.h"
#include "../tap.h"

#define PLAIN "plain::5:5:::\n"

static struct nsi_account account(const char *passwd, const char *name, uid_t uid,
				  int want, const char *what)
{
	struct nsi_account found = { .uid = 77, .gid = 78, .name = "untouched" };

	is_int(nsi_account_find(passwd, name, uid, &found), want, "account: %s", what);
	if (want < 0)
		ok(found.uid == 77 && found.gid == 78 && !strcmp(found.name, "untouched"),
		   "account: %s: untouched", what);
	return found;
}

static void test_account(void)
{
	static const char text[] =
		"# root:x:1:1::/:/bin/no\n"
		"\n"
		"+::0:0:::\n"
		"-bob::9:9:::\n"
		"+@net::8:8:::\n"
		"root:x:0:0:root:/root:/bin/bash\r\n"
		" blank:x:2:3:a, b:/home/b:/bin/sh\n"
		"1000:x:44:45::/home/n:/bin/n\n"
		"bob:x:1000:1001:Bob:/home/bob:/bin/zsh:more:fields\n"
		"bob:x:1:2:another:/:/\n"
		"last:x:7:8";
	struct nsi_account a = account(text, "root", 1, 0, "by name");

	ok(!a.uid && !a.gid, "account: the comment is none, the number is not asked");
	is_str(a.home, "/root", "account: home");
	is_str(a.shell, "/bin/bash", "account: shell, without a carriage return");
	a = account(text, "bob", 0, 0, "the first line wins");
	ok(a.uid == 1000 && a.gid == 1001, "account: which is this");
	is_str(a.shell, "/bin/zsh", "account: fields behind it are not its");
	is_str(account(text, NULL, 1000, 0, "by number").name, "bob", "account: whose");
	is_int(account(text, "1000", 0, 0, "a number is a name").uid, 44, "account: it");
	is_int(account(text, "blank", 0, 0, "behind a blank").gid, 3, "account: its gid");
	a = account(text, "last", 0, 0, "without an end or fields");
	ok(a.uid == 7 && a.gid == 8 && !*a.home && !*a.shell, "account: which are empty");
	account(text, "none", 0, -ENOENT, "none");
	account(text, "bo", 0, -ENOENT, "half a name");
	account(text, "bobb", 0, -ENOENT, "more than a name");
	account(text, "", 0, -ENOENT, "no name");
	account(text, "+", 0, -ENOENT, "NIS");
	account(text, "-bob", 0, -ENOENT, "not of NIS");
	account(text, "# root", 0, -ENOENT, "a comment");
	account(text, NULL, 9, -ENOENT, "the number in a line of NIS");
	account("", NULL, 0, -ENOENT, "no text");
	account(":::::::\n::0:0:::\n", NULL, 0, -ENOENT, "lines without names");
}

/* Each of them as the number of a line that comes before a good one. */
static void test_numbers(void)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "-1", "+1", "0x1", "1a", "4294967295", "4294967296",
		"18446744073709551616", "99999999999999999999999999999", "1.0",
		"\xd9\xa1",
	};
	char text[200];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		gid_t gid = 0;

		snprintf(text, sizeof(text), "plain:x:%s:1::/:/\n" PLAIN, bad[i]);
		is_int(account(text, "plain", 0, 0, bad[i]).uid, 5, "number: bad uid");
		snprintf(text, sizeof(text), "plain:x:1:%s::/:/\n" PLAIN, bad[i]);
		is_int(account(text, "plain", 0, 0, bad[i]).uid, 5, "number: bad gid");
		snprintf(text, sizeof(text), "g:x:%s:u\ng::6:u\n", bad[i]);
		ok(!nsi_group_find(text, "g", &gid) && gid == 6, "number: bad group %zu",
		   i);
	}
	is_int(account("a::4294967294:007:::", "a", 0, 0, "the largest").uid,
	       4294967294u, "number: it");
	is_int(account("a::4294967294:007:::", "a", 0, 0, "zeros before").gid, 7,
	       "number: decimal");
	account("a::4294967295:0:::\n", NULL, -1, -ENOENT, "(uid_t)-1");
}

static void test_strings(void)
{
	static const char *const bad[] = {
		"", "home", "./x", " /x", "/a\tb", "/a\x1b[0m", "/a\x7f", "/a\xc2\x9bx",
		"/a\rb", "~",
	};
	char text[2000], longer[600];
	struct nsi_account a;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "a::1:2::%s:%s\n", bad[i], bad[i]);
		a = account(text, "a", 0, 0, "a bad path");
		ok(!*a.home && !*a.shell, "strings: bad %zu", i);
	}
	a = account("a::1:2::/\xc3\xa9\xc3\x80\xc2\xb5:/", "a", 0, 0, "UTF-8");
	is_str(a.home, "/\xc3\xa9\xc3\x80\xc2\xb5", "strings: not every C2 is a control");
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[256] = '\0';
	snprintf(text, sizeof(text), "a::1:2::%s:%s\n", longer, longer + 1);
	is_str(account(text, "a", 0, 0, "256 bytes").home, "", "strings: never cut");
	longer[255] = '\0';
	snprintf(text, sizeof(text), "a::1:2::%s:%s\n", longer, longer);
	a = account(text, "a", 0, 0, "255 bytes");
	ok(!strcmp(a.home, longer) && !strcmp(a.shell, longer), "strings: all of it");
	snprintf(text, sizeof(text), "%.64s::1:2::/h:/s\n", longer);
	is_str(account(text, NULL, 1, 0, "a long name").name, "", "strings: no name");
	snprintf(text, sizeof(text), "%.63s::1:2::/h:/s\n", longer);
	is_int(strlen(account(text, NULL, 1, 0, "63 bytes").name), 63, "strings: name");
	account("a\x1b::1:2:::\n", NULL, 1, -ENOENT, "a name with an escape");
	account("a\x1b::1:2:::\n", "a\x1b", 1, -ENOENT, "asked for");
	account("a\rb::1:2:::\n", NULL, 1, -ENOENT, "a name with a carriage return");
}

static void test_group(void)
{
	static const char text[] =
		"#tty:x:1:bob\n"
		"+:x:2:bob\n"
		"wheel:x:90:root,bob\r\n"
		"users:x:100:\n"
		"users:x:101:bob\n"
		"audio:x:20: bob ,al\n"
		"video:x:21:bobby,al, bob\n"
		"again:x:90:bob,bob\n"
		"more:x:10:bob:al\n"
		"short:x:11\n"
		"word:x:none:bob\n"
		"bad\x1b:x:12:bob\n"
		"zero:x:0:bob";
	gid_t gid = 77, list[8] = { 0 };

	is_int(nsi_group_find(text, "none", &gid), -ENOENT, "group: none");
	is_int(nsi_group_find(text, "", &gid), -ENOENT, "group: no name");
	is_int(nsi_group_find(text, "+", &gid), -ENOENT, "group: NIS");
	is_int(nsi_group_find(text, "user", &gid), -ENOENT, "group: half a name");
	is_int(gid, 77, "group: untouched");
	ok(!nsi_group_find(text, "users", &gid) && gid == 100, "group: the first");
	ok(!nsi_group_find(text, "short", &gid) && gid == 11, "group: without members");
	is_int(nsi_group_list(text, "bob", list, 8), 5, "group: those of bob");
	ok(list[0] == 0 && list[1] == 10 && list[2] == 21 && list[3] == 90 &&
	   list[4] == 101, "group: sorted, each once");
	is_int(nsi_group_list(text, "al", list, 8), 2, "group: those of al");
	is_int(nsi_group_list(text, "", list, 8), 0, "group: of nobody");
	is_int(nsi_group_list(text, "root,bob", list, 8), 0, "group: of two");
	list[2] = 99;
	is_int(nsi_group_list(text, "bob", list, 2), 2, "group: two at most");
	ok(list[0] == 90 && list[1] == 101 && list[2] == 99, "group: the first two");
	is_int(nsi_group_list(text, "bob", NULL, 0), 0, "group: none at most");
}

static int parse(struct nsi_environ *env, const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	*env = (struct nsi_environ){ 0 };
	return nsi_environ_parse(env, copy, len);
}

static void test_environ(void)
{
	static const char text[] = "A=1\0B=\0none\0=x\0\0\0A=2\0C\x1b=3\0D=a=b\nc\0B=4\0"
		"AB=5\0E\xc2\x85=x\0last=cut";
	struct nsi_environ env;

	is_int(parse(&env, text, sizeof(text) - 1), 0, "environ: parsed");
	is_int(env.count, 5, "environ: entries");
	is_int(env.odd, 4, "environ: odd ones");
	ok(!strcmp(env.list[0], "A=1") && !strcmp(env.list[1], "B=") &&
	   !strcmp(env.list[2], "D=a=b\nc") && !strcmp(env.list[3], "AB=5") &&
	   !strcmp(env.list[4], "last=cut") && !env.list[5], "environ: in order");
	is_str(nsi_environ_get(&env, "A"), "1", "environ: the first one counts");
	is_str(nsi_environ_get(&env, "B"), "", "environ: an empty value");
	is_str(nsi_environ_get(&env, "D"), "a=b\nc", "environ: a value is anything");
	is_str(nsi_environ_get(&env, "D=a"), NULL, "environ: no name");
	is_str(nsi_environ_get(&env, ""), NULL, "environ: an empty name");
	is_str(nsi_environ_get(&env, "las"), NULL, "environ: half a name");
	is_int(nsi_environ_set(&env, "A", nsi_environ_get(&env, "D")), 0, "environ: set");
	is_int(nsi_environ_set(&env, "A", nsi_environ_get(&env, "A")), 0,
	       "environ: to its own value");
	is_str(env.list[0], "A=a=b\nc", "environ: in its place");
	is_int(nsi_environ_set(&env, "new", "x"), 0, "environ: another");
	ok(env.count == 6 && !strcmp(env.list[5], "new=x") && !env.list[6],
	   "environ: at the end");
	is_int(nsi_environ_set(&env, "", "x"), -EINVAL, "environ: set no name");
	is_int(nsi_environ_set(&env, NULL, "x"), -EINVAL, "environ: set NULL");
	is_int(nsi_environ_set(&env, "a=b", "x"), -EINVAL, "environ: set an equals");
	is_int(nsi_environ_set(&env, "a\n", "x"), -EINVAL, "environ: set a newline");
	is_int(env.count, 6, "environ: nothing was set");
	is_int(nsi_environ_set(&env, "none", NULL), 0, "environ: remove none");
	ok(!nsi_environ_set(&env, "A", NULL) && !nsi_environ_set(&env, "B", NULL),
	   "environ: remove an allocated one and one of the text");
	ok(env.count == 4 && !strcmp(env.list[0], "D=a=b\nc") && !env.list[4],
	   "environ: they are gone");
	nsi_environ_free(&env);
	nsi_environ_free(&env);
	ok(!parse(&env, "", 0) && !env.count && env.list && !env.list[0],
	   "environ: empty, for execve(2)");
	nsi_environ_free(&env);
	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "N%d", i);
		if (nsi_environ_set(&env, name, name + 1) < 0)
			break;
	}
	ok(env.count == 1000 && !env.list[1000] && !nsi_environ_disarm(&env),
	   "environ: made from nothing");
	is_str(nsi_environ_get(&env, "N999"), "999", "environ: all of it");
	nsi_environ_free(&env);
}

/* Quadratic, it would take half a minute; the bound is for checked builds as well. */
static void test_environ_large(void)
{
	size_t len = 0, size = 16 << 20;
	char *text = malloc(size);
	struct nsi_environ env = { 0 };
	clock_t start;

	for (int i = 0; i < 200000; i++)
		len += 1 + sprintf(text + len, "A_RATHER_LONG_NAME_FOR_A_VARIABLE_%d=v%d",
				   i * 7919 % 100000, i);
	start = clock();
	is_int(nsi_environ_parse(&env, text, len), 0, "large: parsed");
	ok(clock() - start < 5 * CLOCKS_PER_SEC, "large: in no time");
	is_int(env.count, 100000, "large: each name once");
	is_str(nsi_environ_get(&env, "A_RATHER_LONG_NAME_FOR_A_VARIABLE_7919"), "v1",
	       "large: the first");
	is_str(env.list[99999], "A_RATHER_LONG_NAME_FOR_A_VARIABLE_92081=v99999",
	       "large: in order");
	nsi_environ_free(&env);
}

static void test_disarm(void)
{
	static const char armed[] = "LD_PRELOAD=x\0LD_=x\0GLIBC_TUNABLES=x\0BASH_ENV=x\0"
		"ENV=x\0BASH_FUNC_ls%%=() { :; }\0PS4=x\0PERL5OPT=x\0PYTHONPATH=x\0"
		"NODE_OPTIONS=x\0PATH=/bin\0EDITOR=vi\0GIT_PAGER=x\0SUDO_ASKPASS=x\0"
		"MALLOC_CONF=x\0TMPDIR=/x\0IFS=x\0TERMINFO=/x\0any=() { :; }\0"
		"LC_ALL=../x\0"
		"TZ=:/x\0TERM=a%b\0UBSAN_OPTIONS=x\0_JAVA_OPTIONS=x\0XTABLES_LIBDIR=x\0"
		"PS0=x\0LESS=x";
	static const char good[] = "LD=x\0OLD_PRELOAD=x\0PATHS=/x\0XPATH=/x\0ENVY=x\0"
		"TERM=x\0"
		"LC_ALL=C.UTF-8\0TZ=UTC\0LC=../x\0a=b()\0ld_preload=x\0EDITORS=x\0"
		"USER=u\0"
		"PS5=x\0E=x";
	struct nsi_environ env;
	size_t all;

	parse(&env, armed, sizeof(armed) - 1);
	all = env.count;
	is_int(all, 27, "disarm: the armed");
	nsi_environ_set(&env, "LD_AUDIT", "allocated");
	nsi_environ_set(&env, "good", "allocated");
	is_int(nsi_environ_disarm(&env), all + 1, "disarm: all are");
	ok(env.count == 1 && !env.list[1], "disarm: but one");
	for (size_t i = 0; i < env.count; i++)
		is_str(env.list[i], "good=allocated", "disarm: what is left");
	nsi_environ_free(&env);
	parse(&env, good, sizeof(good) - 1);
	is_int(env.count, 15, "disarm: the harmless");
	is_int(nsi_environ_disarm(&env), 0, "disarm: none is");
	is_str(env.list[14], "E=x", "disarm: they stay");
	nsi_environ_free(&env);
	is_int(nsi_environ_disarm(&env), 0, "disarm: nothing");
}

int main(void)
{
	test_account();
	test_numbers();
	test_strings();
	test_group();
	test_environ();
	test_environ_large();
	test_disarm();
	return done();
}
