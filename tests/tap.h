/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test Anything Protocol for C tests under Automake's TAP driver. The plan comes last, so
 * that a test which dies on the way has none and counts as an error.
 *
 *	int main(void)
 *	{
 *		ok(1 + 1 == 2, "sums");
 *		is_int(parse("7"), 7, "parse: a digit");
 *		is_str(name(NULL), NULL, "name: none");
 *		return done();
 *	}
 *
 * Every check returns whether it passed. Messages are printf formats.
 */
#ifndef NSU_TAP_H
#define NSU_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAP_PRINTF(fmt, args) __attribute__((unused, format(printf, fmt, args)))

static struct {
	int run;
	int failed;
} tap;

TAP_PRINTF(2, 0) static void tap_vline(bool passed, const char *fmt, va_list ap)
{
	printf("%sok %d - ", passed ? "" : "not ", ++tap.run);
	vprintf(fmt, ap);
	putchar('\n');
	if (!passed)
		tap.failed++;
	/* A crash later must not take this line with it. */
	fflush(stdout);
}

TAP_PRINTF(1, 2) static void diag(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* A value as C would write it: output under test may hold what ends a line of TAP. */
static void tap_value(const char *label, const char *text)
{
	printf("#   %s: ", label);
	if (!text) {
		puts("NULL");
		return;
	}
	putchar('"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '\n')
			fputs("\\n", stdout);
		else if (*p < 0x20 || *p >= 0x7f)
			printf("\\%03o", *p);
		else if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else
			putchar(*p);
	}
	puts("\"");
}

__attribute__((format(printf, 4, 5)))
static bool tap_ok(bool passed, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_vline(passed, fmt, ap);
	va_end(ap);
	if (!passed)
		diag("  at %s:%d", file, line);
	return passed;
}

__attribute__((unused))
static bool tap_int_differs(long long got, long long want)
{
	diag("  expected: %lld", want);
	diag("  got: %lld", got);
	return false;
}

__attribute__((unused))
static bool tap_str_differs(const char *got, const char *want)
{
	tap_value("expected", want);
	tap_value("got", got);
	fflush(stdout);
	return false;
}

__attribute__((unused))
static bool tap_str_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

#define is_int(got, want, ...) __extension__ ({ \
	long long tap_got = (long long)(got), tap_want = (long long)(want); \
	tap_ok(tap_got == tap_want, __FILE__, __LINE__, __VA_ARGS__) || \
		tap_int_differs(tap_got, tap_want); \
})

/* NULL is a value like another. */
#define is_str(got, want, ...) __extension__ ({ \
	const char *tap_got = (got), *tap_want = (want); \
	tap_ok(tap_str_same(tap_got, tap_want), __FILE__, __LINE__, __VA_ARGS__) || \
		tap_str_differs(tap_got, tap_want); \
})

/* One check that cannot be made here, and why. */
__attribute__((unused))
static void skip(const char *what, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++tap.run, what, reason);
	fflush(stdout);
}

/* The whole test cannot run here: says why and exits. Before the first check only. */
__attribute__((unused, noreturn))
static void skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	exit(0);
}

/* Prints the plan; returns the exit status for main. */
__attribute__((unused))
static int done(void)
{
	printf("1..%d\n", tap.run);
	return tap.failed || !tap.run ? 1 : 0;
}

#endif
