/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cgroups seen through other mounts and namespaces than the host's. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include "cgtree.h"
#include "uapi.h"

/* A kernel, or a container's filter, without openat2(2) */
static int refuse_openat2(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		return -ENODATA;
	return 0;
}

static int joins_without_openat2(void)
{
	int r = refuse_openat2(ENOSYS);

	return r ? r : open_and_join();
}

static int joins_forbidden_openat2(void)
{
	int r = refuse_openat2(EPERM);

	return r ? r : open_and_join();
}

static char point[PATH_MAX];		/* where the hierarchy that is asked is mounted */

/* The test's own part of it */
static const char *at(const char *below)
{
	static char path[2][PATH_MAX + 64];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", top[asked], below);
	return path[turn];
}

static int own_mounts(void)
{
	snprintf(point, sizeof(point), "%s", top[asked]);
	*strrchr(point, '/') = '\0';
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -ENODATA;
	return 0;
}

static int bind_to(const char *from, const char *to)
{
	return own_mounts() || mount(from, to, NULL, MS_BIND, NULL) < 0 ? -ENODATA : 0;
}

static int make_readonly(void)
{
	int flags = MS_REMOUNT | MS_BIND | MS_RDONLY;

	return mount(NULL, point, NULL, flags, NULL) < 0 ? -ENODATA : 0;
}

static int opens_covered(void)
{
	if (own_mounts() || mount("none", point, "tmpfs", 0, NULL) < 0)
		return -ENODATA;
	return open_asked();
}

static int opens_unmounted(void)
{
	return own_mounts() || umount2(point, MNT_DETACH) < 0 ? -ENODATA : open_asked();
}

static int joins_covered_by_above(void)
{
	return bind_to(at(""), point) ? -ENODATA : open_and_join();
}

/* The limit is that of the directory which is mounted, the last to be seen. */
static int reads_room_up_to_mount(void)
{
	struct nsi_cgroups groups = { 0 };
	int r = bind_to(at(""), point);

	return r || nsi_cgroups_open(ctx, target, &groups) < 0 ? -ENODATA :
		groups.pids_max;
}

/* The same path leads to another cgroup there, of the same hierarchy. */
static int opens_covered_by_decoy(void)
{
	return bind_to(at("decoy"), point) ? -ENODATA : open_asked();
}

static int opens_across_decoy(void)
{
	return bind_to(at("decoy"), at("m")) ? -ENODATA : open_asked();
}

static int walks_across_decoy(void)
{
	return refuse_openat2(ENOSYS) ? -ENODATA : opens_across_decoy();
}

/* The error says so, not what the mount after that is not for. */
static int opens_readonly(void)
{
	return bind_to(at("decoy"), at("decoy/c")) || make_readonly() ? -ENODATA :
		open_asked();
}

/* What container managers mount: a part that may be written */
static int joins_part(void)
{
	return bind_to(at("m"), at("decoy")) || make_readonly() ? -ENODATA :
		open_and_join();
}

static int enter_ns(const char *below)
{
	return put_pid(getpid(), asked, below) || unshare(CLONE_NEWCGROUP) < 0 ?
		-ENODATA : 0;
}

static int mount_anew(void)
{
	bool unified = asked == UNIFIED;

	if (own_mounts() || umount2(point, MNT_DETACH) < 0 ||
	    mount("none", point, unified ? "cgroup2" : "cgroup", 0,
		  unified ? NULL : controller[asked]) < 0)
		return -ENODATA;
	return 0;
}

static int joins_below_ns(void)
{
	return enter_ns("m") || mount_anew() ? -ENODATA : open_and_join();
}

static int opens_beside_ns(void)
{
	return enter_ns("decoy") || mount_anew() ? -ENODATA : open_asked();
}

/* Which name its own root has in the mounts of before, no text tells. */
static int opens_below_ns_by_old_mount(void)
{
	return enter_ns("m") ? -ENODATA : open_asked();
}

static int opens_above_ns_by_old_mount(void)
{
	return enter_ns("") ? -ENODATA : open_asked();
}

static void test_hierarchy(int which)
{
	const char *name = strrchr(top[which], '/') + 1;
	char path[64];
	struct kid kid;

	asked = which;
	make(which, "m");
	make(which, "m/c");
	make(which, "decoy");
	make(which, "decoy/c");
	for (int i = 0; i < 3; i++) {
		static const char *const below[] = { "", "/m", "/m/c" };

		snprintf(path, sizeof(path), "decoy/%s%s", name, below[i]);
		make(which, path);
	}
	kid = kid_in(which, "m/c");
	is_int(said_by(open_and_join), 0, "as it is");
	is_int(said_by(joins_without_openat2), 0, "without openat2");
	is_int(said_by(joins_forbidden_openat2), 0, "with openat2 forbidden");
	is_int(said_by(opens_covered), -ENODEV, "covered");
	is_int(said_by(opens_unmounted), -ENODEV, "not mounted");
	is_int(said_by(joins_covered_by_above), 0, "covered by a part that has it");
	if (which == PIDS && !put("123", "%s/pids.max", top[which]))
		is_int(said_by(reads_room_up_to_mount), 123, "the room there");
	is_int(said_by(opens_covered_by_decoy), -EXDEV, "covered by another part");
	is_int(said_by(opens_across_decoy), -EXDEV, "a mount on the way");
	is_int(said_by(walks_across_decoy), -EXDEV, "the same without openat2");
	is_int(said_by(opens_readonly), -EROFS, "mounted read-only");
	is_int(said_by(joins_part), 0, "but for its part");
	is_int(said_by(joins_below_ns), 0, "below a namespace's root");
	is_int(said_by(opens_beside_ns), -EXDEV, "beside a namespace's root");
	is_int(said_by(opens_below_ns_by_old_mount), -EXDEV, "below, by an old mount");
	kid_end(&kid);
	kid = kid_in(which, "..");
	is_int(said_by(opens_above_ns_by_old_mount), 1, "above, by an old mount");
	kid_end(&kid);
}

static void checks(void)
{
	ok(!nsu_ctx_new(NULL, &ctx), "a context");
	for (int i = 0; i < MEMORY; i++) {
		if (*top[i])
			test_hierarchy(i);
		else
			skip(*controller[i] ? controller[i] : "v2", "no such hierarchy");
	}
	close(target);
	nsu_ctx_free(ctx);
}

int main(void)
{
	return supervise(checks);
}
