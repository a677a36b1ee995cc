/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a namespace lives on without its pin, without a scan of the host. */
#include "open.h"
#include "pin.h"

/* The kernel opens any namespace for who sees all of them, and says of others' the same
   as of those that are gone. */
static bool sees_all(const struct nsu_ctx *ctx)
{
	static const struct {
		const char *path;
		enum nsu_type type;
		uint64_t inode;
	} own[] = {
		{ "ns/user", NSU_USER, NSI_INIT_USER },
		{ "ns/pid", NSU_PID, NSI_INIT_PID },
	};
	nsi_autoclose int dir = nsi_ctx_open_self(ctx);

	if (dir < 0 || geteuid() != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		char text[64];
		uint64_t inode;
		ssize_t n = readlinkat(dir, own[i].path, text, sizeof(text) - 1);

		if (n <= 0)
			return false;
		text[n] = '\0';
		if (nsi_parse_link(text, own[i].type, &inode) < 0 ||
		    inode != own[i].inode)
			return false;
	}
	return true;
}

int nsu_pin_is_gone(struct nsu_ctx *ctx, enum nsu_type type, uint64_t inode, uint64_t id)
{
	int fd, r;

	if (ctx == NULL || (unsigned)type >= NSU_TYPE_COUNT || inode == 0)
		return -EINVAL;
	if (id == 0)
		return -EOPNOTSUPP;
	r = nsi_open_id(ctx, id, type, inode, &fd);
	if (r == 0) {
		close(fd);
		return 0;
	}
	if (r == -ESRCH)
		return sees_all(ctx) ? 1 : -EOPNOTSUPP;
	return r;
}
