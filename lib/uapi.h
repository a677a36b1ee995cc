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
#ifndef NS_GET_TGID_FROM_PIDNS
#define NS_GET_TGID_FROM_PIDNS	_IOR(NSIO, 0x7, int)
#endif
#ifndef NS_GET_ID
#define NS_GET_ID		_IOR(NSIO, 13, uint64_t)
#endif

#ifndef SIOCGSKNS
#define SIOCGSKNS		0x894c
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

#ifndef MFD_EXEC
#define MFD_EXEC		0x0010U
#endif

/* The common part of the system call table: the same number on every architecture. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal	424
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

/* Inodes of the kernel's first namespaces (enum init_ns_ino, Linux 6.18; the same
   numbers since 3.8). That of the mount namespace is fixed from 6.18 on only, that of
   net from 6.18 on too. */
#define NSI_INIT_IPC		0xefffffffu
#define NSI_INIT_UTS		0xeffffffeu
#define NSI_INIT_USER		0xeffffffdu
#define NSI_INIT_PID		0xeffffffcu
#define NSI_INIT_CGROUP		0xeffffffbu
#define NSI_INIT_TIME		0xeffffffau

#endif
