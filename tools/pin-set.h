/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pins that a command is about, and what is said of them alike. */
#ifndef NSPIN_SET_H
#define NSPIN_SET_H

#include "pin.h"

struct pin_set {
	struct nsu_pins *pins;
	const struct nsu_pin **chosen; /* those that operands name; without any all */
	size_t count;
	bool missing;		/* an operand names none, which was told */
};

/* 0, or the exit status when it has told what is wrong. */
int pin_set_open(struct pin_app *app, struct pin_set *ret);
void pin_set_close(struct pin_set *set);
/* Says what could not be read; whether there was anything. */
bool pin_set_gaps(const struct pin_app *app, const struct pin_set *set);
/* No pin has that name: the nearest one is told. */
void pin_say_absent(const struct pin_app *app, const char *name);

/* "...n....": the types of the mask */
#define PIN_FIELD_SIZE (NSU_TYPE_COUNT + 1)
const char *pin_field(char buf[static PIN_FIELD_SIZE], unsigned types);
/* What the reason means; where there is room for it, in full. */
const char *pin_reason(enum nsu_pin_reason reason, bool full);
/* Of a pin as a whole, or of one of its namespaces. */
const char *pin_why(const struct nsu_pin *pin, const struct nsu_pin_ns *ns, bool full);
/* What is to be typed behind nspin, and before its name, to cure it: "repair". */
const char *pin_cure_verb(const struct nsu_pin *pin);
/* pin-json.c: the exit status */
int pin_print_json(struct pin_app *app, const struct pin_set *set);
/* The name that a command takes: of ours its own, of others the word. */
static inline const char *pin_word(const struct nsu_pin *pin)
{
	return pin->maker == NSU_PIN_BY_NSUTIL ? pin->name : pin->word;
}

#endif
