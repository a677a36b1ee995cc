/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Homes of users. */
#include <string.h>
#include "enter.h"
#include "states.h"

#define PASSWD_LIMIT	(16 << 20)

struct homes {
	char *text;			/* NULL: cannot be read */
	struct nsi_account last;
};

static void free_homes(void *data)
{
	struct homes *homes = data;

	free(homes->text);
	free(homes);
}

static struct homes *read_homes(struct nsi_states *states)
{
	struct homes *homes = calloc(1, sizeof(*homes));
	int etc = nsi_states_dir(states, "/etc", 0);

	if (homes && etc >= 0 &&
	    nsi_states_read(states, etc, "passwd", 0, PASSWD_LIMIT, &homes->text) < 0)
		homes->text = NULL;
	return homes;
}

int nsi_states_home(struct nsi_states *states, uid_t uid, const char **ret)
{
	void **slot = nsi_states_slot(states, NSI_SLOT_HOMES, free_homes);
	struct homes *homes;

	if (!*slot)
		*slot = read_homes(states);
	homes = *slot;
	if (!homes)
		return -ENOMEM;
	if (!homes->text || nsi_account_find(homes->text, NULL, uid, &homes->last) < 0 ||
	    !homes->last.home[0])
		return -ENOENT;
	*ret = homes->last.home;
	return 0;
}
