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
#ifndef NS_GET_ID
#define NS_GET_ID		_IOR(NSIO, 13, uint64_t)
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

/* The common part of the system call table: the same number on every architecture. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
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
