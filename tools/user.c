// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of users; a host has few and asks for each of them many times. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "output.h"

struct user {
	uid_t uid;
	char name[48];
};

static struct user *users;
static size_t user_count;

static struct user *find_user(uid_t uid)
{
	size_t low = 0, high = user_count;
	struct user *grown;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (users[middle].uid == uid)
			return &users[middle];
		if (users[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	/* Doubled at each power of two. */
	if ((user_count & (user_count - 1)) == 0) {
		grown = realloc(users,
				(user_count ? user_count * 2 : 1) * sizeof(*users));
		if (grown == NULL)
			return NULL;
		users = grown;
	}
	memmove(&users[low + 1], &users[low], (user_count - low) * sizeof(*users));
	user_count++;
	users[low].uid = uid;
	users[low].name[0] = '\0';
	return &users[low];
}

/* The database may be a container's: what is no name to print is given as a number. */
static bool is_plain(const char *name)
{
	while (*name > ' ' && *name < 0x7f)
		name++;
	return *name == '\0';
}

const char *user_name(uid_t uid)
{
	struct user *user = find_user(uid);
	struct passwd *entry;

	if (user == NULL)
		return "?";
	if (user->name[0] != '\0')
		return user->name;
	entry = uid == 0 ? NULL : getpwuid(uid);
	if (uid == 0)
		strcpy(user->name, "root");
	else if (entry != NULL && is_plain(entry->pw_name) &&
		 strlen(entry->pw_name) < sizeof(user->name))
		strcpy(user->name, entry->pw_name);
	if (user->name[0] == '\0')
		snprintf(user->name, sizeof(user->name), "%u", (unsigned)uid);
	return user->name;
}
