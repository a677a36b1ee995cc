// SPDX-License-Identifier: GPL-2.0-or-later
/* Many network namespaces: what the wires between them cost, and who may enter them. */
#include "wired.h"

#define STAR	100
#define PAIRS	30
_Static_assert(STAR <= FAR && 2 * PAIRS <= FAR, "all are told");

static int make_star(void)
{
	int r = make_fars(STAR);

	for (int i = 0; i < STAR && !r; i++) {
		char name[16];

		snprintf(name, sizeof(name), "v%d", i);
		r = wire_veth(name, "eth0", told->far[i]);
	}
	return r;
}

/* All with the same numbers at both ends. */
static int make_pairs(void)
{
	int r = make_fars(2 * PAIRS);

	for (int i = 0; i < PAIRS && !r; i++)
		r = join(told->far[2 * i], told->far[2 * i + 1], "eth0",
			 "eth0");
	return r;
}

/* Links of these namespaces that lead where they should: between hub and one, or two. */
static size_t count_right(const struct seen *seen, const struct nsu_ns *hub, int count)
{
	size_t right = 0;

	for (int i = 0; i < count; i++) {
		const struct nsu_ns *net = net_of(seen, told->far[i]);
		const struct nsu_ns *other = hub ? hub : net_of(seen, told->far[i ^ 1]);
		const struct nsu_link *link = find_link(seen->wiring, net, "eth0");
		struct nsu_far_end far;

		right += link && !nsu_wiring_find_end(seen->wiring, net, link, &far) &&
			far.ns == other && far.link;
	}
	return right;
}

static size_t count_foreign(const struct seen *seen)
{
	size_t n = 0;

	for (size_t i = 0; i < seen->wiring->count; i++) {
		const struct nsu_net *net = seen->wiring->nets[i].net;

		for (size_t k = 0; net && k < net->link_count; k++)
			n += net->links[k].link.peer_nsid >= 0;
	}
	return n;
}

static void test_star(struct nsu_ctx *ctx, struct kid *kid)
{
	const struct nsu_net *hub = NULL;
	struct seen seen;

	if (ok(!look(ctx, NULL, &seen), "star: read")) {
		size_t others = count_foreign(&seen) - 2 * STAR;

		is_int(count_right(&seen, net_of(&seen, kid->pid), STAR), STAR,
		       "star: all lead to its middle");
		nsu_wiring_get_net(seen.wiring, net_of(&seen, kid->pid), &hub);
		is_int(nsu_net_count_links(hub), STAR + 1, "star: its middle");
		/* What else this host has may ask as well. */
		ok(seen.wiring->questions <= STAR + 3 * others,
		   "star: %zu questions", seen.wiring->questions);
	}
	forget(&seen);
}

static void test_pairs(struct nsu_ctx *ctx, struct kid *kid)
{
	struct seen seen;

	(void)kid;
	if (ok(!look(ctx, NULL, &seen), "pairs: read")) {
		size_t others = count_foreign(&seen) - 2 * PAIRS;

		is_int(count_right(&seen, NULL, 2 * PAIRS), 2 * PAIRS,
		       "pairs: each leads to the other");
		/* Another user may not look through numbers, and tries more of them. */
		ok(seen.wiring->questions <= (getuid() ? 64 : 2) * PAIRS + 3 * others,
		   "pairs: %zu questions", seen.wiring->questions);
	}
	forget(&seen);
}

/* Who is not root enters by each of the user namespaces that own them. */
static void test_owned(struct nsu_ctx *ctx)
{
	struct kid kids[2];
	struct seen seen;
	int made = 0;

	while (made < 2 && !kid_start(&kids[made], CLONE_NEWUSER | CLONE_NEWNET,
				      NULL))
		made++;
	if (made == 2 && !kids[0].said && !kids[1].said &&
	    ok(!look(ctx, NULL, &seen), "owned: read")) {
		for (int i = 0; i < 2; i++)
			ok(find_link(seen.wiring, net_of(&seen, kids[i].pid), "lo"),
			   "owned: %d", i);
		forget(&seen);
	} else {
		skip("owned", "such namespaces may not be made here");
	}
	while (made)
		kid_end(&kids[--made]);
}

static void test_all(struct nsu_ctx *ctx)
{
	static void (*const star[])(struct nsu_ctx *, struct kid *) = { test_star };
	static void (*const pairs[])(struct nsu_ctx *, struct kid *) = { test_pairs };

	with_kid(ctx, "star", make_star, star, ARRAY_SIZE(star));
	with_kid(ctx, "pairs", make_pairs, pairs, ARRAY_SIZE(pairs));
	test_owned(ctx);
}

int main(void)
{
	return run_wired(test_all);
}
