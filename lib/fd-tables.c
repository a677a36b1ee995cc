/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tasks have one table of descriptors: kcmp(2). */
#include <linux/kcmp.h>
#include <string.h>
#include "uapi.h"
#include "walk.h"

/* As kcmp(2): 0: they have one table; 1: that of a comes first; 2: that of b. Negative:
   no one tells. */
static long compare_tables(struct nsu_ctx *ctx, pid_t a, pid_t b)
{
	long r;

	if (!ctx->procfs.own_pids || !nsi_if_usable(ctx, NSU_IF_KCMP))
		return -1;
	r = syscall(SYS_kcmp, a, b, KCMP_FILES, 0L, 0L);
	if (r >= 0 || errno == ENOSYS)
		nsi_if_tell(ctx, NSU_IF_KCMP, r >= 0);
	return r > 2 ? -1 : r;
}

int nsi_tables_find(struct nsu_ctx *ctx, struct nsi_tables *set, pid_t tid, size_t *ret)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		long r = compare_tables(ctx, set->tids[at], tid);

		if (!r && set->tids[at] != tid)
			return 1;
		if (!r) {
			low = high = at;
		} else if (r > 0) {
			low = r == 1 ? at + 1 : low;
			high = r == 1 ? high : at;
		} else if (compare_tables(ctx, tid, tid) < 0) {
			return -1;
		} else {
			/* That one has ended. */
			memmove(set->tids + at, set->tids + at + 1,
				(--set->count - at) * sizeof(*set->tids));
			high--;
		}
	}
	*ret = low;
	return 0;
}

int nsi_tables_add(struct nsi_tables *set, pid_t tid, size_t at)
{
	int r = nsi_grow((void **)&set->tids, &set->size, set->count,
			 sizeof(*set->tids));

	if (r < 0)
		return r;
	memmove(set->tids + at + 1, set->tids + at,
		(set->count++ - at) * sizeof(*set->tids));
	set->tids[at] = tid;
	return 0;
}

bool nsi_tables_are_one(struct nsu_ctx *ctx, pid_t a, pid_t b)
{
	return compare_tables(ctx, a, b) == 0;
}
