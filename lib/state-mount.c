/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What kind of file system a file is on, learnt without asking that. A user can mount
 * FUSE on what is his, and its server can let every call wait forever.
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "states.h"
#include "uapi.h"

#define MOUNTS_LIMIT	(16 << 20)

/* Those on which a call can wait for a server, or mounts something. */
static bool is_remote(const char *type)
{
	static const char *const types[] = {
		"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "coda",
		"ncpfs", "autofs", "virtiofs", "glusterfs", "lustre", "gfs2", "ocfs2",
		"orangefs", "pvfs2", "beegfs", "gpfs", "vboxsf", "vmhgfs", "fuse",
		"fuseblk",
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return !strncmp(type, "fuse.", 5) || !strncmp(type, "fuseblk.", 8);
}

/* Last come those that were mounted last; a number is one mount's. */
int nsi_check_mount(const char *mountinfo, unsigned long id)
{
	for (const char *line = mountinfo; *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		nsi_autofree char *copy = NULL;
		struct nsi_mount mount;

		if (strtoul(line, NULL, 10) == id) {
			copy = strndup(line, len);
			if (!copy)
				return -ENOMEM;
			if (nsi_parse_mount(copy, &mount) < 0)
				return -EBADMSG;
			return is_remote(mount.fstype) ? -EREMOTE : 0;
		}
		line += len;
	}
	return -ENODATA;
}

static int check(struct nsi_states *states, int fd)
{
	unsigned long id;
	int r;

	if (states->self < 0)
		return -ENODATA;
	r = nsi_mount_id(states->self, fd, &id);
	/* again where the mount is newer than what was read */
	for (int i = 0; i < 2 && !r; i++) {
		ssize_t n = 0;

		if (!states->mounts || i) {
			free(states->mounts);
			states->mounts = NULL;
			n = nsi_read_all_at(states->self, "mountinfo", MOUNTS_LIMIT,
					    &states->mounts);
		}
		if (n < 0)
			return n;
		r = nsi_check_mount(states->mounts, id);
		if (r != -ENODATA)
			return r;
		r = 0;
	}
	return r ? r : -ENODATA;
}

static bool is_local(const struct nsi_states *states, const struct nsi_statx *st)
{
	for (size_t i = 0; i < states->local_count; i++)
		if (states->local[i].major == st->dev_major &&
		    states->local[i].minor == st->dev_minor)
			return true;
	return false;
}

static void add_local(struct nsi_states *states, const struct nsi_statx *st)
{
	if (states->local_count == ARRAY_SIZE(states->local))
		return;
	states->local[states->local_count].major = st->dev_major;
	states->local[states->local_count++].minor = st->dev_minor;
}

/* Before Linux 4.11 only after it is known that it answers. */
static int look_plainly(struct nsi_states *states, int fd, struct nsi_statx *ret)
{
	struct stat st;
	int r = states->rooted ? check(states, fd) : 0;

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return nsi_errno();
	memset(ret, 0, sizeof(*ret));
	ret->mode = st.st_mode;
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	ret->ino = st.st_ino;
	ret->size = st.st_size;
	ret->dev_major = major(st.st_dev);
	ret->dev_minor = minor(st.st_dev);
	ret->times[4] = st.st_ctim.tv_sec;
	ret->times[5] = st.st_ctim.tv_nsec;
	ret->times[6] = st.st_mtim.tv_sec;
	ret->times[7] = st.st_mtim.tv_nsec;
	return 0;
}

/* Who chose the root depends on its file system already, whatever that is. */
int nsi_states_look(struct nsi_states *states, int fd, struct nsi_statx *ret)
{
	struct nsi_statx st;
	int r = nsi_stat_cached(fd, &st);

	if (r == -ENOSYS || r == -EPERM)
		r = look_plainly(states, fd, &st);
	if (r < 0)
		return r;
	if (states->rooted && !is_local(states, &st))
		r = check(states, fd);
	if (r < 0)
		return r;
	if (!is_local(states, &st))
		add_local(states, &st);
	states->rooted = true;
	*ret = st;
	return 0;
}
