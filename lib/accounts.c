/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * passwd(5) and group(5) of a target, read as text: no NSS module runs, and a line is
 * worth no more than what it holds. Where the C library would be lenient, a line counts
 * as absent, except that home and shell may be missing.
 */
#include <string.h>
#include "enter.h"

struct span {
	const char *at;		/* NULL: behind the last field */
	size_t len;
};

bool nsi_has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i], next = i + 1 < len ? text[i + 1] : 0;

		/* C2 80 to C2 9F is UTF-8 for what a terminal takes as controls, too. */
		if (c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0))
			return true;
	}
	return false;
}

/* The next line that is an account's or group's; false at the end. */
static bool next_line(const char **text, struct span *ret)
{
	while (**text) {
		struct span line = { *text, strcspn(*text, "\n") };

		*text += line.len + (line.at[line.len] == '\n');
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		for (; line.len && (*line.at == ' ' || *line.at == '\t'); line.at++)
			line.len--;
		/* "+" and "-" would ask NIS. */
		if (!line.len || strchr("#+-", *line.at))
			continue;
		*ret = line;
		return true;
	}
	return false;
}

/* Cuts off what stands before the separator; an absent field is an empty one. */
static struct span take_field(struct span *line, char separator)
{
	struct span field = *line;
	const char *end;

	if (!field.at)
		return (struct span){ "", 0 };
	end = memchr(field.at, separator, field.len);
	if (!end) {
		line->at = NULL;
		return field;
	}
	field.len = end - field.at;
	line->at = end + 1;
	line->len -= field.len + 1;
	return field;
}

static bool is_text(struct span field, const char *text)
{
	return strlen(text) == field.len && !memcmp(field.at, text, field.len);
}

/* Digits only. (uid_t)-1 is nobody: it tells chown(2) and setresuid(2) "as it is". */
static bool take_id(struct span *line, uint32_t *ret)
{
	struct span field = take_field(line, ':');
	uint64_t value = 0;

	for (size_t i = 0; i < field.len; i++) {
		if (field.at[i] < '0' || field.at[i] > '9')
			return false;
		value = value * 10 + (field.at[i] - '0');
		if (value >= UINT32_MAX)
			return false;
	}
	if (!field.len)
		return false;
	*ret = value;
	return true;
}

/* Name, password and a number: how a line of either file begins. */
static bool take_head(struct span *line, struct span *name, uint32_t *id)
{
	*name = take_field(line, ':');
	take_field(line, ':');
	return name->len && !nsi_has_control(name->at, name->len) && take_id(line, id);
}

/* A cut one would be another's: "" instead. */
static void copy_whole(char *to, size_t size, struct span field)
{
	size_t len = field.len < size ? field.len : 0;

	memcpy(to, field.at, len);
	to[len] = '\0';
}

static void copy_path(char *to, size_t size, struct span field)
{
	if (!field.len || *field.at != '/' || nsi_has_control(field.at, field.len))
		field.len = 0;
	copy_whole(to, size, field);
}

int nsi_account_find(const char *passwd, const char *name, uid_t uid,
		     struct nsi_account *ret)
{
	struct span line, field;
	uint32_t found, gid;

	while (next_line(&passwd, &line)) {
		if (!take_head(&line, &field, &found) || !take_id(&line, &gid))
			continue;
		if (name ? !is_text(field, name) : found != uid)
			continue;
		ret->uid = found;
		ret->gid = gid;
		copy_whole(ret->name, sizeof(ret->name), field);
		take_field(&line, ':');
		copy_path(ret->home, sizeof(ret->home), take_field(&line, ':'));
		copy_path(ret->shell, sizeof(ret->shell), take_field(&line, ':'));
		return 0;
	}
	return -ENOENT;
}

int nsi_group_find(const char *group, const char *name, gid_t *ret)
{
	struct span line, field;
	uint32_t gid;

	while (next_line(&group, &line)) {
		if (!take_head(&line, &field, &gid) || !is_text(field, name))
			continue;
		*ret = gid;
		return 0;
	}
	return -ENOENT;
}

static bool has_member(struct span members, const char *user)
{
	while (members.at) {
		struct span member = take_field(&members, ',');

		for (; member.len && *member.at == ' '; member.at++)
			member.len--;
		if (member.len && is_text(member, user))
			return true;
	}
	return false;
}

/* In order: to find the doubles of a long hostile file otherwise takes its square. */
static size_t add_once(gid_t *list, size_t count, gid_t gid)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle] < gid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < count && list[low] == gid)
		return count;
	memmove(list + low + 1, list + low, (count - low) * sizeof(*list));
	list[low] = gid;
	return count + 1;
}

size_t nsi_group_list(const char *group, const char *user, gid_t *ret, size_t max)
{
	struct span line, name;
	size_t count = 0;
	uint32_t gid;

	while (count < max && next_line(&group, &line))
		if (take_head(&line, &name, &gid) &&
		    has_member(take_field(&line, ':'), user))
			count = add_once(ret, count, gid);
	return count;
}
