/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel constants newer than the headers of the oldest system this builds on. */
#ifndef NSI_UAPI_H
#define NSI_UAPI_H

#include <linux/ioctl.h>
#include <stdint.h>
#include <sys/syscall.h>

#ifndef NSIO
#define NSIO			0xb7
#endif
#ifndef NS_GET_USERNS
#define NS_GET_USERNS		_IO(NSIO, 0x1)
#define NS_GET_PARENT		_IO(NSIO, 0x2)
#define NS_GET_NSTYPE		_IO(NSIO, 0x3)
#define NS_GET_OWNER_UID	_IO(NSIO, 0x4)
#endif
#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID		_IOR(NSIO, 0x5, uint64_t)
#endif
#ifndef NS_MNT_GET_NEXT
struct mnt_ns_info {
	uint32_t size, nr_mounts;
	uint64_t mnt_ns_id;
};
#define NS_MNT_GET_INFO		_IOR(NSIO, 10, struct mnt_ns_info)
#define NS_MNT_GET_NEXT		_IOR(NSIO, 11, struct mnt_ns_info)
#define NS_MNT_GET_PREV		_IOR(NSIO, 12, struct mnt_ns_info)
#endif
#ifndef FD_NSFS_ROOT
#define FD_NSFS_ROOT		(-10003)
#endif
#ifndef FILEID_NSFS
#define FILEID_NSFS		0xf1
#endif
#ifndef STATMOUNT_SB_BASIC
#define STATMOUNT_SB_BASIC	0x1U
#define STATMOUNT_MNT_BASIC	0x2U
#define STATMOUNT_MNT_ROOT	0x8U
#define STATMOUNT_MNT_POINT	0x10U
#endif
#ifndef LSMT_ROOT
#define LSMT_ROOT		0xffffffffffffffffULL
#endif
/* struct mnt_id_req and struct statmount of Linux 6.11; <linux/mount.h> and
   <sys/mount.h> do not go together. */
struct nsi_mnt_id_req {
	uint32_t size, spare;
	uint64_t mnt_id, param, mnt_ns_id;
};
struct nsi_statmount {
	uint32_t size, mnt_opts;
	uint64_t mask;
	uint32_t sb_dev_major, sb_dev_minor;
	uint64_t sb_magic;
	uint32_t sb_flags, fs_type;
	uint64_t mnt_id, mnt_parent_id;
	uint32_t mnt_id_old, mnt_parent_id_old;
	uint64_t mnt_attr, mnt_propagation, mnt_peer_group, mnt_master, propagate_from;
	uint32_t mnt_root, mnt_point;
	uint64_t mnt_ns_id, spare[49];
	char str[];
};
_Static_assert(sizeof(struct nsi_statmount) == 512, "as the kernel has it");
/* struct ns_id_req of Linux 6.19 */
struct nsi_ns_id_req {
	uint32_t size, spare;
	uint64_t ns_id;
	uint32_t ns_type, spare2;
	uint64_t user_ns_id;
};
#ifndef NS_GET_TGID_FROM_PIDNS
#define NS_GET_TGID_FROM_PIDNS	_IOR(NSIO, 0x7, int)
#endif
#ifndef NS_GET_ID
#define NS_GET_ID		_IOR(NSIO, 13, uint64_t)
#endif

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE		71
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS		0x894c
#endif

#ifndef PIDFD_THREAD
#define PIDFD_THREAD		O_EXCL	/* 6.9; needs fcntl.h */
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD		0x04	/* 6.5 */
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD		0x00001000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME		0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP		0x02000000
#endif

#ifndef NSFS_MAGIC
#define NSFS_MAGIC		0x6e736673
#endif
#ifndef PROC_SUPER_MAGIC
#define PROC_SUPER_MAGIC	0x9fa0
#endif
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC		0x50494446
#endif

#ifndef AUTOFS_SUPER_MAGIC
#define AUTOFS_SUPER_MAGIC	0x0187
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC	0x65735546
#endif

#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#else
struct open_how {
	uint64_t flags, mode, resolve;
};
#define RESOLVE_NO_XDEV		0x01
#define RESOLVE_NO_MAGICLINKS	0x02
#define RESOLVE_NO_SYMLINKS	0x04
#define RESOLVE_BENEATH		0x08
#define RESOLVE_IN_ROOT		0x10
#endif
#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED		0x20
#endif

/* struct statx: musl lacks it for long, and its header does not go with sys/stat.h */
struct nsi_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare0;
	uint64_t ino, size, blocks, attributes_mask, times[8];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare[14];
};
_Static_assert(sizeof(struct nsi_statx) == 256, "as the kernel has it");
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT	0x2000	/* 5.8 */
#endif
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC	0x4000
#endif
#define NSI_STATX_BASIC		0x7ffu	/* STATX_BASIC_STATS */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL		0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC		0x0010U
#endif

/* The common part of the system call table: the same number on every architecture. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal	424
#endif
#ifndef PIDFD_SIGNAL_THREAD
#define PIDFD_SIGNAL_THREAD	(1u << 0)	/* 6.9 */
#endif
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP	(1u << 2)	/* 6.9 */
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
#endif
#ifndef SYS_openat2
#define SYS_openat2		437
#endif
#ifndef SYS_close_range
#define SYS_close_range		436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC	(1u << 2)
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd		438
#endif

#ifndef SYS_statmount
#define SYS_statmount		457
#define SYS_listmount		458
#endif
#ifndef SYS_listns
#define SYS_listns		470
#endif

/* Inodes of the kernel's first namespaces (enum init_ns_ino, Linux 6.18; the same
   numbers since 3.8). That of the mount namespace is fixed from 6.18 on only, that of
   net from 6.18 on too. */
#define NSI_INIT_IPC		0xefffffffu
#define NSI_INIT_UTS		0xeffffffeu
#define NSI_INIT_USER		0xeffffffdu
#define NSI_INIT_PID		0xeffffffcu
#define NSI_INIT_CGROUP		0xeffffffbu
#define NSI_INIT_TIME		0xeffffffau
#define NSI_INIT_MNT		0xeffffff8u

#endif
