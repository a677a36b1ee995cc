/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An environment as data: that of a target is its own invention. */
#include <stdlib.h>
#include <string.h>
#include "enter.h"

/* Equal names are found by sorting: a hash table's chains the enemy can make long. */
struct key {
	uint64_t hash;
	char *entry;
};

static void free_entry(const struct nsi_environ *env, char *entry)
{
	uintptr_t at = (uintptr_t)entry, text = (uintptr_t)env->text;

	if (!env->text || at < text || at - text >= env->len)
		free(entry);
}

void nsi_environ_free(struct nsi_environ *env)
{
	for (size_t i = 0; i < env->count; i++)
		free_entry(env, env->list[i]);
	free(env->list);
	free(env->text);
	*env = (struct nsi_environ){ 0 };
}

static bool is_name(const char *name, size_t len)
{
	return len && !memchr(name, '=', len) && !nsi_has_control(name, len);
}

/* Room for one more and the NULL behind it. */
static int add_entry(struct nsi_environ *env, char *entry)
{
	int r = nsi_grow((void **)&env->list, &env->size, env->count + 1,
			 sizeof(*env->list));

	if (r < 0)
		return r;
	if (entry)
		env->list[env->count++] = entry;
	env->list[env->count] = NULL;
	return 0;
}

static int split(struct nsi_environ *env, char *text, size_t len)
{
	int r = add_entry(env, NULL);

	for (size_t at = 0, size; r >= 0 && at < len; at += size + 1) {
		const char *equals;

		size = strlen(text + at);
		equals = memchr(text + at, '=', size);
		if (equals && is_name(text + at, equals - (text + at)))
			r = add_entry(env, text + at);
		else if (size) /* what setproctitle(3) left is nothing but NULs */
			env->odd++;
	}
	return r;
}

static int compare_names(const char *a, const char *b)
{
	for (; *a == *b && *a != '='; a++, b++)
		;
	return *a == *b ? 0 : *a < *b ? -1 : 1;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int r;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	r = compare_names(x->entry, y->entry);
	if (!r)
		r = x->entry < y->entry ? -1 : x->entry > y->entry;
	return r;
}

static struct key key_of(char *entry)
{
	size_t length = strcspn(entry, "=");

	return (struct key){ nsi_hash(NSI_HASH_START, entry, length), entry };
}

/* Closes the gaps of entries that were removed; their number. */
static size_t squeeze(struct nsi_environ *env)
{
	size_t kept = 0, removed;

	for (size_t i = 0; i < env->count; i++)
		if (env->list[i])
			env->list[kept++] = env->list[i];
	removed = env->count - kept;
	env->count = kept;
	if (env->list)
		env->list[kept] = NULL;
	return removed;
}

static int drop_repeated(struct nsi_environ *env)
{
	nsi_autofree struct key *keys = NULL;

	if (env->count < 2)
		return 0;
	keys = malloc(env->count * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < env->count; i++)
		keys[i] = key_of(env->list[i]);
	/* Entries lie in the text one after another: the first of a name has the lowest
	   address. An empty one marks where a later one was. */
	qsort(keys, env->count, sizeof(*keys), compare_keys);
	for (size_t i = env->count - 1; i > 0; i--)
		if (keys[i].hash == keys[i - 1].hash &&
		    !compare_names(keys[i].entry, keys[i - 1].entry))
			*keys[i].entry = '\0';
	for (size_t i = 0; i < env->count; i++)
		if (!*env->list[i])
			env->list[i] = NULL;
	squeeze(env);
	return 0;
}

int nsi_environ_parse(struct nsi_environ *env, char *take_text, size_t len)
{
	struct nsi_environ parsed = { .text = take_text, .len = len };
	int r = split(&parsed, take_text, len);

	if (r >= 0)
		r = drop_repeated(&parsed);
	if (r < 0) {
		nsi_environ_free(&parsed);
		return r;
	}
	*env = parsed;
	return 0;
}

/* Its index, or count. */
static size_t find_entry(const struct nsi_environ *env, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < env->count; i++)
		if (!strncmp(env->list[i], name, len) && env->list[i][len] == '=')
			break;
	return i;
}

static int remove_entry(struct nsi_environ *env, size_t i)
{
	if (i == env->count)
		return 0;
	free_entry(env, env->list[i]);
	env->list[i] = NULL;
	squeeze(env);
	return 0;
}

int nsi_environ_set(struct nsi_environ *env, const char *name, const char *value)
{
	size_t name_len = name ? strlen(name) : 0, value_len = value ? strlen(value) : 0;
	char *entry;
	size_t i;
	int r = 0;

	if (!name || !is_name(name, name_len))
		return -EINVAL;
	i = find_entry(env, name);
	if (!value)
		return remove_entry(env, i);
	entry = malloc(name_len + value_len + 2);
	if (!entry)
		return -ENOMEM;
	memcpy(entry, name, name_len);
	entry[name_len] = '=';
	memcpy(entry + name_len + 1, value, value_len + 1);
	/* The value may be the entry's own until here. */
	if (i < env->count) {
		free_entry(env, env->list[i]);
		env->list[i] = entry;
	} else {
		r = add_entry(env, entry);
	}
	if (r < 0)
		free(entry);
	return r;
}

const char *nsi_environ_get(const struct nsi_environ *env, const char *name)
{
	size_t i = strchr(name, '=') ? env->count : find_entry(env, name);

	return i < env->count ? env->list[i] + strlen(name) + 1 : NULL;
}

/*
 * What makes a program run code or read and write files that the target chose. "*"
 * stands at one end of a pattern at most. No such list is ever complete: an environment
 * that is made from nothing is the safer one.
 */
static const char *const armed[] = {
	/* The dynamic linker, and what glibc itself ignores for set-uid programs */
	"LD_*", "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES",
	"LOCALDOMAIN", "LOCPATH", "MALLOC_*", "NIS_PATH", "NLSPATH", "RESOLV_HOST_CONF",
	"RES_OPTIONS", "TMPDIR", "TZDIR",
	/* Names what is run, or where a home's start files lie */
	"PATH", "HOME", "SHELL", "XDG_*",
	/* Shells: start files, options, functions, prompts (they are expanded, as
	   MAILPATH's messages are), and history files, which are written */
	"BASH*", "ENV", "KSH*", "SHELLOPTS", "IFS", "CDPATH", "FPATH", "ZDOTDIR", "PS0",
	"PS1", "PS2", "PS3", "PS4", "PROMPT*", "RPROMPT*", "RPS1", "RPS2", "MAILPATH",
	"HIST*", "GLOBIGNORE", "EXECIGNORE", "INPUTRC", "NULLCMD", "READNULLCMD",
	/* Interpreters: modules and options */
	"PERL*", "PYTHON*", "RUBY*", "GEM_*", "BUNDLE_*", "NODE_*", "npm_config_*",
	"NPM_CONFIG_*", "LUA_*", "JAVA_*", "_JAVA_*", "JDK_JAVA_*", "CLASSPATH", "PHP*",
	"TCL*", "TK_LIBRARY", "R_*", "GUILE_*", "JULIA_*", "ERL_*", "AWKPATH",
	"AWKLIBPATH", "DOTNET_*", "CORECLR_*", "COMPlus_*", "OCAMLRUNPARAM",
	/* Commands by another name */
	"*EDITOR", "VISUAL", "*PAGER", "*BROWSER", "*ASKPASS", "LESS*", "MANOPT",
	"MANROFFOPT", "MANPATH", "MAILCAP*", "EXINIT", "*VIMINIT", "VIM*", "NVIM_*",
	"FZF_*", "TAR_OPTIONS", "RIPGREP_CONFIG_PATH", "WGETRC", "SYSTEM_WGETRC",
	"RSYNC_*", "CVS_RSH", "SVN_SSH", "HG*", "GIT_*", "SYSTEMD_*", "DBUS_*",
	"MAKE*", "GNUMAKEFLAGS", "MFLAGS", "GOFLAGS", "GOENV", "GOROOT",
	"GCC_EXEC_PREFIX", "COMPILER_PATH",
	/* The terminal's description is a file */
	"TERMINFO*", "TERMCAP", "TERMPATH", "SCREENRC",
	/* Plugins of libraries and of the tools that one takes into a container */
	"OPENSSL_*", "SSL_CERT_*", "SSLKEYLOGFILE", "GNUTLS_*", "KRB5*", "SASL_PATH",
	"LDAP*", "CURL_*", "GIO_*", "GTK*", "QT_*", "GST_*", "GI_TYPELIB_PATH",
	"LIBGL_*", "XTABLES_*", "IPTABLES_*", "IP6TABLES_*", "TC_LIB_DIR", "IP_LIB_DIR",
	"NMAPDIR", "WIRESHARK_*", "PERF_*", "VALGRIND_*", "KUBECONFIG", "DOCKER_*",
	"HTOPRC", "PSQL*", "PGSYSCONFDIR", "MYSQL_*",
	/* Reports, written where they say */
	"*SAN_OPTIONS", "GCOV_*", "LLVM_PROFILE_FILE", "GMON_OUT_PREFIX",
};

/* Words that become a path where they hold a slash, a format where a per cent sign. */
static const char *const words[] = {
	"TERM", "TZ", "LANG", "LANGUAGE", "LC_*", "COLORTERM",
};

static bool is_like(const char *name, size_t len, const char *pattern)
{
	size_t want;

	if (*pattern != '*' && *pattern != *name)
		return false;
	want = strlen(pattern);
	if (*pattern == '*')
		return len >= want - 1 &&
			!memcmp(name + len - (want - 1), pattern + 1, want - 1);
	if (pattern[want - 1] == '*')
		return len >= want - 1 && !memcmp(name, pattern, want - 1);
	return len == want && !memcmp(name, pattern, want);
}

static bool is_armed(const char *entry)
{
	const char *value = strchr(entry, '=') + 1;
	size_t len = value - 1 - entry;

	/* A bash before 4.3-26 takes a function from a variable of any name. */
	if (!strncmp(value, "()", 2))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(armed); i++)
		if (is_like(entry, len, armed[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (is_like(entry, len, words[i]))
			return strpbrk(value, "/%");
	return false;
}

size_t nsi_environ_disarm(struct nsi_environ *env)
{
	for (size_t i = 0; i < env->count; i++) {
		if (!is_armed(env->list[i]))
			continue;
		free_entry(env, env->list[i]);
		env->list[i] = NULL;
	}
	return squeeze(env);
}
