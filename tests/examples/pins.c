/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pins NAME: makes a pin, tells how all pins are, looks into this one and removes it. */
#include <inttypes.h>
#include <nsutil.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what, const struct nsu_pin_report *report)
{
	const char *step = nsu_pin_step_get_name(report->step);

	fprintf(stderr, "pins: %s: %s: %s%s%s\n", what, step ? step : "?",
		strerror(-report->error), *report->object ? ": " : "", report->object);
	return report->error;
}

static int create(struct nsu_ctx *ctx, const char *name)
{
	struct nsu_pin_options options = NSU_PIN_OPTIONS_INIT;
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;

	options.types = 1u << NSU_UTS | 1u << NSU_NET;
	options.hostname = name;
	options.loopback = true;
	if (nsu_pin_create(ctx, name, &options, &report) < 0)
		return fail("create", &report);
	if (report.notes & NSU_PIN_NOTE_SESSION)
		fprintf(stderr, "pins: it ends with this session\n");
	return 0;
}

static int list(struct nsu_ctx *ctx)
{
	const struct nsu_pin *pin;
	struct nsu_pins *pins;
	int r = nsu_pins_new(ctx, &pins);

	if (r < 0)
		return r;
	for (size_t i = 0; (pin = nsu_pins_get(pins, i)) != NULL; i++) {
		const char *reason = nsu_pin_reason_get_name(pin->reason);

		printf("%s %s %s\n", pin->word, nsu_pin_state_get_name(pin->state),
		       reason ? reason : "-");
	}
	if (nsu_pins_count_gaps(pins))
		fprintf(stderr, "pins: not all could be read\n");
	nsu_pins_free(pins);
	return 0;
}

static int look(struct nsu_ctx *ctx, const struct nsu_target *target)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_uts uts = NSU_UTS_INIT;
	struct nsu_snapshot *snap;
	const struct nsu_ns *ns;
	int r;

	options.targets = &target;
	options.target_count = 1;
	r = nsu_snapshot_new(ctx, &options, &snap);
	if (r < 0)
		return r;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (nsu_target_find_ns_of(target, snap, type, &ns) == 0)
			printf("%s:[%" PRIu64 "] %zu processes\n",
			       nsu_type_get_name(type), nsu_ns_get_inode(ns),
			       nsu_ns_count_processes(ns));
	r = nsu_target_find_ns_of(target, snap, NSU_UTS, &ns);
	if (r == 0)
		r = nsu_ns_read_uts(ns, &uts);
	if (r == 0)
		printf("host name %s\n", uts.hostname);
	nsu_snapshot_free(snap);
	return r;
}

static int remove_pin(struct nsu_ctx *ctx, const char *name)
{
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
	int r;

	if (nsu_pin_remove(ctx, name, false, &report) < 0)
		return fail("remove", &report);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		if (!(report.types & 1u << type))
			continue;
		r = nsu_pin_is_gone(ctx, type, report.inode[type], report.id[type]);
		printf("%s:[%" PRIu64 "] %s\n", nsu_type_get_name(type),
		       report.inode[type],
		       r < 0 ? "may be gone" : r ? "is gone" : "lives on");
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct nsu_target *target = NULL;
	struct nsu_ctx *ctx = NULL;
	char word[256];
	int r, removed;

	if (argc != 2) {
		fprintf(stderr, "usage: pins NAME\n");
		return 2;
	}
	r = nsu_ctx_new(NULL, &ctx);
	if (r == 0)
		r = create(ctx, argv[1]);
	if (r < 0) {
		nsu_ctx_free(ctx);
		return 1;
	}
	snprintf(word, sizeof(word), "pin:%s", argv[1]);
	r = list(ctx);
	if (r == 0)
		r = nsu_target_new(ctx, word, &target);
	if (r == 0)
		r = look(ctx, target);
	if (r < 0)
		fprintf(stderr, "pins: %s: %s\n", word, strerror(-r));
	/* A target holds its namespaces: without this they would live on. */
	nsu_target_free(target);
	removed = remove_pin(ctx, argv[1]);
	nsu_ctx_free(ctx);
	return r < 0 || removed < 0;
}
