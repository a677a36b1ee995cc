// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nstree --diff of two documents of nstree --json. They are compared as JSON: what later
 * releases add to an entry is compared too. Tasks are counted in what they belong to.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask.h"
#include "ask-diff.h"

#define LIMIT (256 << 20)

struct documents {
	struct app *app;
	struct json_object *document[2];
	int self[2];		/* the number of the nstree that wrote it */
	struct json_writer *json;	/* NULL: text */
	size_t changes;
};

bool diff_is_document(const char *word)
{
	char begin[64];
	struct stat st;
	ssize_t n;
	int fd;

	if (strcmp(word, "-") == 0)
		return true;
	/* A number is a process, whatever files there are. */
	if (word[strspn(word, "0123456789")] == '\0')
		return false;
	fd = open(word, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ?
		read(fd, begin, sizeof(begin)) : 0;
	close(fd);
	for (ssize_t i = 0; i < n; i++)
		if (strchr(" \t\r\n", begin[i]) == NULL)
			return begin[i] == '{';
	return false;
}

static int read_all(int fd, char **ret, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0, size = 0;

	for (;;) {
		ssize_t n;

		if (len == size) {
			char *more;

			size = size ? size * 2 : 64 << 10;
			more = size <= LIMIT ? realloc(text, size) : NULL;
			if (!more) {
				free(text);
				return size <= LIMIT ? -ENOMEM : -EFBIG;
			}
			text = more;
		}
		n = read(fd, text + len, size - len);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR) {
			int r = -errno;

			free(text);
			return r;
		}
		len += n > 0 ? (size_t)n : 0;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

static struct json_object *parse(const struct app *app, const char *word,
				 const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *document = NULL, *head, *schema;

	if (tokener)
		document = json_tokener_parse_ex(tokener, text, (int)len);
	json_tokener_free(tokener);
	if (document && json_object_object_get_ex(document, "nsutil", &head) &&
	    json_object_object_get_ex(head, "schema", &schema)) {
		if (json_object_get_int(schema) == 1)
			return document;
		msg(&app->out, "%s: of schema %d, which this release does not know", word,
		    json_object_get_int(schema));
	} else {
		msg(&app->out, "%s: not a document of nstree --json", word);
	}
	json_object_put(document);
	return NULL;
}

static struct json_object *read_document(const struct app *app, const char *word)
{
	bool input = strcmp(word, "-") == 0;
	int fd = input ? STDIN_FILENO : open(word, O_RDONLY | O_CLOEXEC | O_NOCTTY), r;
	struct json_object *document;
	char *text = NULL;
	size_t len = 0;

	r = fd < 0 ? -errno : read_all(fd, &text, &len);
	if (fd >= 0 && !input)
		close(fd);
	if (r < 0) {
		msg_errno(&app->out, r, "%s", word);
		return NULL;
	}
	document = parse(app, word, text, len);
	free(text);
	return document;
}

static const char *json_plain(struct json_object *value)
{
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* sign: '+' added, '-' gone, '!' changed. */
static void put_change(struct documents *d, char sign, const char *kind, const char *name,
		       const char *text)
{
	const char *words[] = { "added", "gone", "changed" };
	struct json_object *o;
	char *plain;

	d->changes++;
	if (!d->json) {
		plain = NULL;
		if (asprintf(&plain, "%c %s  %s", sign, name, text) >= 0) {
			char *escaped = text_escape(&d->app->out, plain);

			puts(escaped ? escaped : "?");
			free(escaped);
		}
		free(plain);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "change", json_object_new_string(
			words[sign == '+' ? 0 : sign == '-' ? 1 : 2]));
	json_object_object_add(o, "kind", json_object_new_string(kind));
	json_object_object_add(o, "name", json_text(name));
	json_object_object_add(o, "text", json_text(text));
	json_entry(d->json, o);
}

/* An entry by what it is, so that it can be found in the other document. */
struct kind {
	const char *array, *word;
	char *(*key)(struct json_object *entry);
	char *(*name)(struct json_object *entry);
};

static char *ns_name(struct json_object *entry)
{
	struct json_object *type = NULL, *inode = NULL;

	json_object_object_get_ex(entry, "type", &type);
	json_object_object_get_ex(entry, "inode", &inode);
	return diff_text("%s:[%" PRId64 "]", type ? json_object_get_string(type) : "?",
			 inode ? json_object_get_int64(inode) : 0);
}

/* An inode alone is another namespace's soon; a kernel without ids tells no better. */
static char *ns_key(struct json_object *entry)
{
	struct json_object *id = NULL;
	char *name = ns_name(entry), *key;

	json_object_object_get_ex(entry, "id", &id);
	key = name ? diff_text("%s %s", name, json_plain(id)) : NULL;
	free(name);
	return key;
}

static char *box_key(struct json_object *entry)
{
	struct json_object *spaces = NULL;

	json_object_object_get_ex(entry, "namespaces", &spaces);
	return diff_text("%s", json_plain(spaces));
}

static char *box_name(struct json_object *entry)
{
	struct json_object *tasks = NULL, *first = NULL;

	if (json_object_object_get_ex(entry, "tasks", &tasks) &&
	    json_object_is_type(tasks, json_type_array))
		first = json_object_array_get_idx(tasks, 0);
	return diff_text("sandbox of %s", first ? json_plain(first) : "-");
}

static const struct kind kinds[] = {
	{ "namespaces", "namespace", ns_key, ns_name },
	{ "sandboxes", "sandbox", box_key, box_name },
};

/* The entries of an array by their keys. */
static struct json_object *index_of(struct json_object *document, const struct kind *kind)
{
	struct json_object *array, *index = json_object_new_object();

	if (!json_object_object_get_ex(document, kind->array, &array) ||
	    !json_object_is_type(array, json_type_array))
		return index;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *entry = json_object_array_get_idx(array, i);
		char *key = json_object_is_type(entry, json_type_object) ?
			kind->key(entry) : NULL;

		if (key)
			json_object_object_add(index, key, json_object_get(entry));
		free(key);
	}
	return index;
}

static bool is_of_self(struct json_object *value, int self)
{
	struct json_object *pid = value;

	if (json_object_is_type(value, json_type_object) &&
	    !json_object_object_get_ex(value, "pid", &pid))
		return false;
	return self > 0 && json_object_is_type(pid, json_type_int) &&
	       json_object_get_int(pid) == self;
}

/* How many of the values of one array are not in the other; the nstree that wrote the
   one is in no other document. */
static size_t count_missing(struct json_object *of, struct json_object *in, int self)
{
	struct json_object *known = json_object_new_object();
	size_t missing = 0;

	for (size_t i = 0; i < json_object_array_length(in); i++)
		json_object_object_add(
			known, json_plain(json_object_array_get_idx(in, i)), NULL);
	for (size_t i = 0; i < json_object_array_length(of); i++) {
		struct json_object *value = json_object_array_get_idx(of, i);

		if (is_of_self(value, self))
			continue;
		missing += !json_object_object_get_ex(known, json_plain(value), NULL);
	}
	json_object_put(known);
	return missing;
}

/* false: they are the same but for their order. */
static bool put_member(const struct documents *d, FILE *f, const char *comma,
		       const char *key, struct json_object *a, struct json_object *b)
{
	char *before;

	if (json_object_is_type(a, json_type_array) &&
	    json_object_is_type(b, json_type_array)) {
		size_t more = count_missing(b, a, d->self[1]);
		size_t less = count_missing(a, b, d->self[0]);

		if (more || less)
			fprintf(f, "%s%s +%zu -%zu", comma, key, more, less);
		return more || less;
	}
	before = strdup(json_plain(a));
	fprintf(f, "%s%s %s -> %s", comma, key, before ? before : "?", json_plain(b));
	free(before);
	return true;
}

/* Traffic is no difference. */
static void drop_counters(struct json_object *facts)
{
	struct json_object *links;

	if (!json_object_object_get_ex(facts, "links", &links) ||
	    !json_object_is_type(links, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(links); i++) {
		struct json_object *link = json_object_array_get_idx(links, i);

		if (!json_object_is_type(link, json_type_object))
			continue;
		json_object_object_del(link, "rx_bytes");
		json_object_object_del(link, "tx_bytes");
	}
}

/* Each fact by itself: "hostname a -> b, links +1 -0". */
static bool put_facts(const struct documents *d, FILE *f, const char *comma,
		      struct json_object *a, struct json_object *b)
{
	bool differs = false;

	drop_counters(a);
	drop_counters(b);
	json_object_object_foreach(a, key, value) {
		struct json_object *other = NULL;

		if (json_object_object_get_ex(b, key, &other) &&
		    !json_object_equal(value, other) &&
		    put_member(d, f, differs ? ", " : comma, key, value, other))
			differs = true;
	}
	return differs;
}

static bool put_difference(const struct documents *d, FILE *f, const char *comma,
			   const char *key, struct json_object *a, struct json_object *b)
{
	if (json_object_equal(a, b))
		return false;
	if (strcmp(key, "facts") == 0 && json_object_is_type(a, json_type_object) &&
	    json_object_is_type(b, json_type_object))
		return put_facts(d, f, comma, a, b);
	return put_member(d, f, comma, key, a, b);
}

static void compare_entries(struct documents *d, const struct kind *kind,
			    struct json_object *a, struct json_object *b)
{
	const char *comma = "";
	char *text = NULL, *name;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	json_object_object_foreach(a, key, value) {
		struct json_object *other = NULL;
		bool there = json_object_object_get_ex(b, key, &other);

		if (there && put_difference(d, f, comma, key, value, other))
			comma = ", ";
	}
	fclose(f);
	name = kind->name(b);
	if (text && *text)
		put_change(d, '!', kind->word, name ? name : "?", text);
	free(name);
	free(text);
}

/* "3 processes" */
static void put_one(struct documents *d, char sign, const struct kind *kind,
		    struct json_object *entry)
{
	struct json_object *processes = NULL;
	char *name = kind->name(entry), *text;

	json_object_object_get_ex(entry, "processes", &processes);
	text = diff_text("%s process%s", processes ? json_plain(processes) : "?",
			 json_object_get_int(processes) == 1 ? "" : "es");
	put_change(d, sign, kind->word, name ? name : "?", text ? text : "?");
	free(name);
	free(text);
}

static void compare_kind(struct documents *d, const struct kind *kind)
{
	struct json_object *a = index_of(d->document[0], kind);
	struct json_object *b = index_of(d->document[1], kind), *other;

	json_object_object_foreach(a, key, entry) {
		if (json_object_object_get_ex(b, key, &other))
			compare_entries(d, kind, entry, other);
		else
			put_one(d, '-', kind, entry);
	}
	json_object_object_foreach(b, name, added)
		if (!json_object_object_get_ex(a, name, NULL))
			put_one(d, '+', kind, added);
	json_object_put(a);
	json_object_put(b);
}

static void remark(const struct documents *d, const char *const word[2])
{
	struct json_object *host[2] = { NULL, NULL }, *complete;

	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		json_object_object_get_ex(d->document[i], "host", &host[i]);
		if (json_object_object_get_ex(d->document[i], "complete", &complete) &&
		    !json_object_get_boolean(complete))
			msg(&d->app->out, "%s: is not complete: what is missing in it "
			    "may have been unread", word[i]);
	}
	if (!json_object_equal(host[0], host[1]))
		msg(&d->app->out, "the documents are of two hosts, or of one whose name "
		    "changed");
}

static int writer_of(struct json_object *document)
{
	struct json_object *procfs, *self;

	if (!json_object_object_get_ex(document, "procfs", &procfs) ||
	    !json_object_object_get_ex(procfs, "self", &self))
		return 0;
	return json_object_get_int(self);
}

int diff_documents(struct app *app, const char *a, const char *b)
{
	const char *const word[2] = { a, b };
	struct documents d = { .app = app };
	struct json_writer w = { .app = app };
	struct json_object *about;

	if (strcmp(a, "-") == 0 && strcmp(b, "-") == 0) {
		cli_wrong(&app->out, NULL, "--diff - -: standard input is one document");
		return 2;
	}
	d.document[0] = read_document(app, a);
	d.document[1] = d.document[0] ? read_document(app, b) : NULL;
	for (int i = 0; d.document[1] && i < 2; i++)
		d.self[i] = writer_of(d.document[i]);
	if (d.document[1] && app->opts.json) {
		d.json = &w;
		about = json_object_new_array();
		json_object_array_add(about, json_text(a));
		json_object_array_add(about, json_text(b));
		json_put_question(&w, "diff", about);
		json_open(&w, "changes");
	}
	for (size_t k = 0; d.document[1] && k < sizeof(kinds) / sizeof(kinds[0]); k++)
		compare_kind(&d, &kinds[k]);
	if (d.json) {
		json_close(&w);
		json_end_question(&w);
	}
	if (d.document[1])
		remark(&d, word);
	json_object_put(d.document[0]);
	if (!d.document[1])
		return 1;
	json_object_put(d.document[1]);
	return d.changes ? ANSWER_NO : 0;
}
