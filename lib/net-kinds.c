/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a link says of itself beyond what all links do: IFLA_INFO_DATA, by its kind. */
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <string.h>
#include "net.h"

/* More attributes than any kind of these has. */
#define ATTRS	64

enum how { NUMBER, KEY, MODE, LOCAL, REMOTE, LOWER };

static const char *const macvlan_modes[] = {
	[0] = "private", [1] = "vepa", [2] = "bridge", [3] = "passthru", [4] = "source",
};
static const char *const ipvlan_modes[] = { "l2", "l3", "l3s" };
static const char *const bond_modes[] = {
	"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad",
	"balance-tlb", "balance-alb",
};

/* A fact, where it stands, what it is. Of MODE: the names of the values, which are bits
   of macvlan and numbers of the others. */
static const struct fact {
	const char *kind;
	uint16_t attr;
	uint8_t how;
	bool bits;
	const char *const *names;
	size_t count;
} facts[] = {
	{ .kind = "vlan", .attr = IFLA_VLAN_ID },
	{ .kind = "vxlan", .attr = IFLA_VXLAN_ID },
	{ .kind = "vxlan", .attr = IFLA_VXLAN_LINK, .how = LOWER },
	{ .kind = "vxlan", .attr = IFLA_VXLAN_LOCAL, .how = LOCAL },
	{ .kind = "vxlan", .attr = IFLA_VXLAN_LOCAL6, .how = LOCAL },
	{ .kind = "vxlan", .attr = IFLA_VXLAN_GROUP, .how = REMOTE },
	{ .kind = "vxlan", .attr = IFLA_VXLAN_GROUP6, .how = REMOTE },
	{ .kind = "geneve", .attr = IFLA_GENEVE_ID },
	{ .kind = "geneve", .attr = IFLA_GENEVE_REMOTE, .how = REMOTE },
	{ .kind = "geneve", .attr = IFLA_GENEVE_REMOTE6, .how = REMOTE },
	{ .kind = "xfrm", .attr = IFLA_XFRM_IF_ID },
	{ "macvlan", IFLA_MACVLAN_MODE, MODE, true, macvlan_modes,
	  ARRAY_SIZE(macvlan_modes) },
	{ "macvtap", IFLA_MACVLAN_MODE, MODE, true, macvlan_modes,
	  ARRAY_SIZE(macvlan_modes) },
	{ "ipvlan", IFLA_IPVLAN_MODE, MODE, false, ipvlan_modes,
	  ARRAY_SIZE(ipvlan_modes) },
	{ "ipvtap", IFLA_IPVLAN_MODE, MODE, false, ipvlan_modes,
	  ARRAY_SIZE(ipvlan_modes) },
	{ "bond", IFLA_BOND_MODE, MODE, false, bond_modes, ARRAY_SIZE(bond_modes) },
#define GRE(name) \
	{ .kind = name, .attr = IFLA_GRE_IKEY, .how = KEY }, \
	{ .kind = name, .attr = IFLA_GRE_LOCAL, .how = LOCAL }, \
	{ .kind = name, .attr = IFLA_GRE_REMOTE, .how = REMOTE }
	GRE("gre"), GRE("gretap"), GRE("erspan"), GRE("ip6gre"), GRE("ip6gretap"),
	GRE("ip6erspan"),
#undef GRE
#define TUNNEL(name, local, remote) \
	{ .kind = name, .attr = local, .how = LOCAL }, \
	{ .kind = name, .attr = remote, .how = REMOTE }
	TUNNEL("ipip", IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE),
	TUNNEL("sit", IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE),
	TUNNEL("ip6tnl", IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE),
	TUNNEL("vti", IFLA_VTI_LOCAL, IFLA_VTI_REMOTE),
	TUNNEL("vti6", IFLA_VTI_LOCAL, IFLA_VTI_REMOTE),
#undef TUNNEL
};

static const char *const pairs[] = { "veth", "netkit", "vxcan" };
/* Those that tell of the link below them. */
static const char *const uppers[] = {
	"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec", "xfrm", "ipip", "sit",
	"ip6tnl", "vti", "vti6", "gre", "gretap", "erspan", "ip6gre", "ip6gretap",
	"ip6erspan",
};

struct found {
	const struct nlattr *attr[ATTRS];
};

static int each(const struct nlattr *attr, void *data)
{
	struct found *found = data;

	if (mnl_attr_get_type(attr) < ATTRS)
		found->attr[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

/* One, two or four bytes, as the kind has it. */
static uint32_t get_number(const struct nlattr *attr)
{
	const void *bytes = mnl_attr_get_payload(attr);
	uint32_t four;
	uint16_t two;

	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return *(const uint8_t *)bytes;
	case 2:
		memcpy(&two, bytes, sizeof(two));
		return two;
	case 4:
		memcpy(&four, bytes, sizeof(four));
		return four;
	}
	return UINT32_MAX;
}

static void take_address(const struct nlattr *attr, char *to, size_t size)
{
	static const unsigned char none[16];
	size_t length = mnl_attr_get_payload_len(attr);
	const void *bytes = mnl_attr_get_payload(attr);

	if ((length != 4 && length != 16) || !memcmp(bytes, none, length))
		return;
	nsi_net_text(length == 4 ? AF_INET : AF_INET6, bytes, length, to, size);
}

static void take(const struct fact *fact, const struct found *found,
		 struct nsi_net_link *item)
{
	const struct nlattr *attr = found->attr[fact->attr];
	const struct nlattr *flags = found->attr[IFLA_GRE_IFLAGS];
	uint32_t number = get_number(attr);

	switch (fact->how) {
	case NUMBER:
		item->link.tag = number;
		break;
	case KEY:
		/* It is told whether it has one or not. */
		if (flags && get_number(flags) & GRE_KEY)
			item->link.tag = ntohl(number);
		break;
	case LOWER:
		item->link.peer = number < INT32_MAX ? (int)number : 0;
		break;
	case MODE:
		for (size_t i = 0; i < fact->count; i++)
			if (number == (fact->bits ? 1u << i : i))
				item->link.mode = fact->names[i];
		break;
	case LOCAL:
		take_address(attr, item->local, sizeof(item->local));
		break;
	case REMOTE:
		take_address(attr, item->remote, sizeof(item->remote));
		break;
	}
}

static bool is_among(const char *kind, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(kind, names[i]))
			return true;
	return false;
}

bool nsi_net_is_pair(const char *kind)
{
	return is_among(kind, pairs, ARRAY_SIZE(pairs));
}

void nsi_net_take_kind(const struct nlattr *data, struct nsi_net_link *item)
{
	struct found found = { { NULL } };

	item->link.tag = -1;
	item->link.mode = "";
	/* Of all others the kernel says themselves where the namespace is another one. */
	if (item->link.peer == item->link.index && !nsi_net_is_pair(item->kind) &&
	    !is_among(item->kind, uppers, ARRAY_SIZE(uppers)))
		item->link.peer = 0;
	if (!data)
		return;
	mnl_attr_parse_nested(data, each, &found);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (found.attr[facts[i].attr] && !strcmp(facts[i].kind, item->kind))
			take(&facts[i], &found, item);
}
