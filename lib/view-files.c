/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Name resolution as the target has it: its files bound over the host's. */
#include <string.h>
#include <sys/stat.h>
#include "view.h"

#define LIMIT		(64 << 10)
#define HOSTS_LINE	"hosts: files dns\n"

enum { RESOLV, HOSTS, NSSWITCH };
static const char *const paths[] = {
	[RESOLV] = "/etc/resolv.conf",
	[HOSTS] = "/etc/hosts",
	[NSSWITCH] = "/etc/nsswitch.conf",
};
/* Often both are one; the second is the compiled-in name of older systems. */
static const char *const nscd_paths[] = { "/run/nscd", "/var/run/nscd" };

/* A regular file of the caller's own: following links is right here. */
static ssize_t read_own(const char *path, char **ret)
{
	nsi_autofree char *text = NULL;
	nsi_autoclose int fd = -1;
	struct stat st;
	size_t len = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return nsi_errno();
	if (fstat(fd, &st) < 0)
		return nsi_errno();
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	text = malloc(LIMIT + 1);
	if (!text)
		return -ENOMEM;
	while (len <= LIMIT) {
		ssize_t n = read(fd, text + len, LIMIT + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsi_errno();
		if (n == 0)
			break;
		len += n;
	}
	if (len > LIMIT)
		return -EFBIG;
	*ret = text;
	text = NULL;
	return len;
}

static bool is_hosts_line(const char *line, size_t len)
{
	static const char word[] = "hosts";
	const size_t n = sizeof(word) - 1;

	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	return len > n && !memcmp(line, word, n) && memchr(": \t", line[n], 3);
}

/*
 * The host's modules for host names (resolve, mymachines, mdns, a directory service) ask
 * daemons of the host, which do not know the target's net namespace.
 */
static int switch_hosts(const char *text, size_t len, struct nsi_file *ret)
{
	/* such a line is 6 bytes or more; one may be added, behind an end of line */
	size_t size = len * 3 + sizeof(HOSTS_LINE) + 1, at = 0;
	char *out = malloc(size);
	bool seen = false;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0, n; i < len; i += n) {
		const char *end = memchr(text + i, '\n', len - i);

		n = end ? (size_t)(end + 1 - text) - i : len - i;
		if (is_hosts_line(text + i, n)) {
			memcpy(out + at, HOSTS_LINE, strlen(HOSTS_LINE));
			at += strlen(HOSTS_LINE);
			seen = true;
			continue;
		}
		memcpy(out + at, text + i, n);
		at += n;
	}
	if (!seen) {
		if (at && out[at - 1] != '\n')
			out[at++] = '\n';
		memcpy(out + at, HOSTS_LINE, strlen(HOSTS_LINE));
		at += strlen(HOSTS_LINE);
	}
	ret->text = out;
	ret->len = at;
	return 0;
}

/* What would look the same need not be mounted: a service's or a shell's sandbox has the
   host's own files most often. Blanks between words are no difference. */
static bool is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const char *a_end = a + a_len, *b_end = b + b_len;

	while (a < a_end && b < b_end && *a == *b) {
		bool blank = *a == ' ' || *a == '\t';

		do
			a++;
		while (blank && a < a_end && (*a == ' ' || *a == '\t'));
		do
			b++;
		while (blank && b < b_end && (*b == ' ' || *b == '\t'));
	}
	return a == a_end && b == b_end;
}

static void drop_same(struct nsi_file *file)
{
	nsi_autofree char *own = NULL;
	ssize_t n = read_own(file->path, &own);

	if (n < 0 || !is_same(file->text, file->len, own, n))
		return;
	free(file->text);
	file->text = NULL;
}

static int read_switch(struct nsi_file *ret)
{
	nsi_autofree char *text = NULL;
	ssize_t n = read_own(paths[NSSWITCH], &text);

	return n < 0 ? n : switch_hosts(text, n, ret);
}

int nsi_view_plan_resolv(const struct nsu_ctx *ctx, int root, struct nsi_view *view)
{
	struct stat st;
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct nsi_file file = { .path = paths[i] };
		ssize_t n;

		if (i == NSSWITCH)
			n = read_switch(&file);
		else
			n = nsi_inroot_read(ctx, root, paths[i], LIMIT, &file.text);
		if (n < 0 && n != -ENOENT && n != -ENOTDIR && !result)
			result = n;
		if (n < 0)
			continue;
		if (i != NSSWITCH)
			file.len = n;
		drop_same(&file);
		free(view->files[i].text);
		view->files[i] = file;
	}
	for (size_t i = 0; i < ARRAY_SIZE(nscd_paths); i++)
		if (!stat(nscd_paths[i], &st) && S_ISDIR(st.st_mode))
			view->nscd = true;
	return result;
}

static int write_file(int dir, const struct nsi_file *file)
{
	nsi_autoclose int fd = -1;
	size_t len = 0;

	fd = openat(dir, strrchr(file->path, '/') + 1,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (fd < 0)
		return nsi_errno();
	while (len < file->len) {
		ssize_t n = write(fd, file->text + len, file->len - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsi_errno();
		len += n;
	}
	/* whatever the umask is */
	return fchmod(fd, 0444) < 0 ? nsi_errno() : 0;
}

/* A tmpfs that holds the files and takes no more. */
static int fill_tmpfs(const struct nsi_view *view)
{
	static const struct nsi_mount_option options[] = {
		{ "mode", "0755" }, { "size", "1m" }, { "nr_inodes", "8" }, { NULL, NULL }
	};
	nsi_autoclose int mount = -1, context = -1;
	int r;

	mount = nsi_mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			      MOUNT_ATTR_NOEXEC, &context);
	if (mount < 0)
		return mount;
	for (size_t i = 0; i < ARRAY_SIZE(view->files); i++) {
		r = view->files[i].text ? write_file(mount, &view->files[i]) : 0;
		if (r < 0)
			return r;
	}
	/* all mounts of it: a remount of one of them makes none writable */
	if (nsi_fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL) < 0)
		return nsi_errno();
	if (nsi_fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL) < 0)
		return nsi_errno();
	r = mount;
	mount = -1;
	return r;
}

/* What the path leads to here. Never a device: it would be hidden for all uses. */
static int open_over(const char *path)
{
	nsi_autoclose int fd = -1;
	struct stat st;
	int r;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	if (fstat(fd, &st) < 0)
		return nsi_errno();
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	r = fd;
	fd = -1;
	return r;
}

static int bind_file(int tmpfs, const char *path, int over)
{
	nsi_autoclose int file = -1;

	file = nsi_open_tree(tmpfs, strrchr(path, '/') + 1, 0);
	if (file < 0)
		return nsi_errno();
	return nsi_move_mount(file, over, "") < 0 ? nsi_errno() : 0;
}

/* Kernels before 6.15 copy nothing from a mount that is not attached: /etc is lent to it
   meanwhile, in a namespace where nobody else looks. */
static int bind_files(const struct nsi_view *view, int tmpfs, const int *over)
{
	nsi_autoclose int etc = -1;
	int result = 0;

	etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (etc < 0)
		return nsi_errno();
	if (nsi_move_mount(tmpfs, etc, "") < 0)
		return nsi_errno();
	for (size_t i = 0; i < ARRAY_SIZE(view->files); i++) {
		int r = over[i] < 0 ? 0 : bind_file(tmpfs, view->files[i].path, over[i]);

		if (r < 0 && !result)
			result = r;
	}
	if (umount2("/etc", MNT_DETACH) < 0)
		return nsi_errno();
	return result;
}

static int give_files(const struct nsi_view *view)
{
	int over[ARRAY_SIZE(view->files)], result = 0, r = 0;
	nsi_autoclose int tmpfs = -1;
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(view->files); i++) {
		over[i] = view->files[i].text ? open_over(view->files[i].path) : -1;
		if (view->files[i].text && over[i] < 0 && !result)
			result = over[i];
		any = any || over[i] >= 0;
	}
	if (any)
		r = tmpfs = fill_tmpfs(view);
	if (any && r >= 0)
		r = bind_files(view, tmpfs, over);
	for (size_t i = 0; i < ARRAY_SIZE(view->files); i++)
		nsi_closep(&over[i]);
	return r < 0 ? r : result;
}

/* Mounts an empty directory there, and tells which one. */
static int hide_dir(int dir, struct stat *ret)
{
	static const struct nsi_mount_option options[] = {
		{ "mode", "0755" }, { "size", "4k" }, { "nr_inodes", "1" }, { NULL, NULL }
	};
	nsi_autoclose int empty = -1;

	empty = nsi_mount_new("tmpfs", options, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			      MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, NULL);
	if (empty < 0)
		return empty;
	if (fstat(empty, ret) < 0)
		return nsi_errno();
	return nsi_move_mount(empty, dir, "") < 0 ? nsi_errno() : 0;
}

static int hide_nscd(void)
{
	struct stat st, hidden = { 0 };
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(nscd_paths); i++) {
		nsi_autoclose int dir = -1;
		int r;

		dir = open(nscd_paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0 || fstat(dir, &st) < 0)
			continue;
		/* the second name mostly leads to what hides the first by now */
		if (st.st_dev == hidden.st_dev)
			continue;
		r = hide_dir(dir, &hidden);
		if (r < 0 && !result)
			result = r;
	}
	return result;
}

int nsi_view_mount_files(const struct nsi_view *view)
{
	int nscd = view->nscd ? hide_nscd() : 0;
	int r = give_files(view);

	return r < 0 ? r : nscd;
}
