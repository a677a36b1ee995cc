/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of one cgroup count: kills, throttling, bytes read, pressure. */
#include <stdio.h>
#include <string.h>
#include "enter.h"
#include "usage.h"

#define TEXT_SIZE	4096
#define IO_LIMIT	(256 << 10)	/* a line of it for each device */

/* The number behind a word that begins a line; -1: no such line. */
static int64_t number_of(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, word, len) && line[len] == ' ') {
			long long value = strtoll(line + len + 1, NULL, 10);

			return value < 0 ? -1 : value;
		}
	}
	return -1;
}

static void take(int64_t *to, const char *text, const char *word)
{
	if (*to < 0)
		*to = number_of(text, word);
}

/* "some avg10=1.53 avg60=...", in hundredths. */
static void take_pressure(int32_t *to, int dir, const char *path)
{
	char text[512];
	unsigned whole, hundredths;

	if (*to < 0 && nsi_read_once_at(dir, path, text, sizeof(text)) > 0 &&
	    sscanf(text, "some avg10=%3u.%2u", &whole, &hundredths) == 2)
		*to = whole * 100 + hundredths;
}

static void add_bytes(int64_t *to, int64_t more)
{
	if (*to < 0)
		*to = 0;
	if (more > 0 && __builtin_add_overflow(*to, more, to))
		*to = INT64_MAX;
}

/* "8:0 rbytes=1 wbytes=2 rios=..." */
static void take_io_v2(int dir, struct nsu_cgroup *ret)
{
	nsi_autofree char *text = NULL;
	char *save = NULL;

	if (nsi_read_all_at(dir, "io.stat", IO_LIMIT, &text) < 0)
		return;
	add_bytes(&ret->io_read, 0);
	add_bytes(&ret->io_written, 0);
	for (char *word = strtok_r(text, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save)) {
		if (!strncmp(word, "rbytes=", 7))
			add_bytes(&ret->io_read, strtoll(word + 7, NULL, 10));
		else if (!strncmp(word, "wbytes=", 7))
			add_bytes(&ret->io_written, strtoll(word + 7, NULL, 10));
	}
}

/* "8:0 Read 1", "8:0 Write 2", ..., "Total 3" */
static void take_io_v1(int dir, struct nsu_cgroup *ret)
{
	nsi_autofree char *text = NULL;
	char *save = NULL;

	if (nsi_read_all_at(dir, "blkio.throttle.io_service_bytes_recursive", IO_LIMIT,
			    &text) < 0 &&
	    nsi_read_all_at(dir, "blkio.throttle.io_service_bytes", IO_LIMIT,
			    &text) < 0)
		return;
	add_bytes(&ret->io_read, 0);
	add_bytes(&ret->io_written, 0);
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *word = strchr(line, ' ');

		if (word && !strncmp(word, " Read ", 6))
			add_bytes(&ret->io_read, strtoll(word + 6, NULL, 10));
		else if (word && !strncmp(word, " Write ", 7))
			add_bytes(&ret->io_written, strtoll(word + 7, NULL, 10));
	}
}

static void use(int64_t *to, int64_t value)
{
	if (*to < 0)
		*to = value;
}

void nsi_usage_stat_v2(unsigned has, int dir, struct nsu_cgroup *ret)
{
	char text[TEXT_SIZE];

	if (has & NSI_HAS_MEMORY &&
	    nsi_read_once_at(dir, "memory.events", text, sizeof(text)) > 0)
		take(&ret->oom_kills, text, "oom_kill");
	/* Without the controller too, with the time alone. */
	if ((has & NSI_HAS_CPU || ret->cpu_usage < 0) &&
	    nsi_read_once_at(dir, "cpu.stat", text, sizeof(text)) > 0) {
		take(&ret->cpu_usage, text, "usage_usec");
		take(&ret->cpu_periods, text, "nr_periods");
		take(&ret->cpu_throttled, text, "nr_throttled");
		take(&ret->cpu_throttled_time, text, "throttled_usec");
	}
	if (has & NSI_BRIEF)
		return;
	if (has & NSI_HAS_MEMORY) {
		use(&ret->memory_peak, nsi_cgroup_read_count(dir, "memory.peak"));
		if (nsi_read_once_at(dir, "memory.stat", text, sizeof(text)) > 0)
			take(&ret->memory_cache, text, "file");
	}
	if (has & NSI_HAS_IO && ret->io_read < 0)
		take_io_v2(dir, ret);
	take_pressure(&ret->cpu_pressure, dir, "cpu.pressure");
	take_pressure(&ret->memory_pressure, dir, "memory.pressure");
	take_pressure(&ret->io_pressure, dir, "io.pressure");
}

void nsi_usage_stat_v1(unsigned has, int dir, struct nsu_cgroup *ret)
{
	char text[TEXT_SIZE];

	if (has & NSI_HAS_MEMORY &&
	    nsi_read_once_at(dir, "memory.oom_control", text, sizeof(text)) > 0)
		take(&ret->oom_kills, text, "oom_kill");
	if (has & NSI_HAS_CPU &&
	    nsi_read_once_at(dir, "cpu.stat", text, sizeof(text)) > 0) {
		take(&ret->cpu_periods, text, "nr_periods");
		take(&ret->cpu_throttled, text, "nr_throttled");
		take(&ret->cpu_throttled_time, text, "throttled_time");
		if (ret->cpu_throttled_time > 0)	/* nanoseconds here */
			ret->cpu_throttled_time /= 1000;
	}
	if (has & NSI_BRIEF)
		return;
	if (has & NSI_HAS_MEMORY) {
		use(&ret->memory_peak,
		    nsi_cgroup_read_count(dir, "memory.max_usage_in_bytes"));
		if (nsi_read_once_at(dir, "memory.stat", text, sizeof(text)) > 0)
			take(&ret->memory_cache, text, "total_cache");
	}
	if (has & NSI_HAS_IO && ret->io_read < 0)
		take_io_v1(dir, ret);
}
