/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include "nsi.h"

__attribute__((format(printf, 4, 0)))
static void log_va(const struct nsu_ctx *ctx, enum nsu_log_level level, int error,
		   const char *fmt, va_list ap)
{
	char text[512];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (error < 0 && n >= 0 && (size_t)n < sizeof(text)) {
		/* strerror(3) is not for several threads; %m is. */
		errno = -error;
		snprintf(text + n, sizeof(text) - n, ": %m");
	}
	ctx->log(ctx->log_data, level, text);
}

void nsi_log(const struct nsu_ctx *ctx, enum nsu_log_level level, const char *fmt, ...)
{
	va_list ap;

	if (!ctx->log || level > ctx->log_level)
		return;
	va_start(ap, fmt);
	log_va(ctx, level, 0, fmt, ap);
	va_end(ap);
}

void nsi_log_errno(const struct nsu_ctx *ctx, enum nsu_log_level level, int error,
		   const char *fmt, ...)
{
	va_list ap;

	if (!ctx->log || level > ctx->log_level)
		return;
	va_start(ap, fmt);
	log_va(ctx, level, error, fmt, ap);
	va_end(ap);
}
