// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes through the pseudo-terminal: keys to its slave, output from it. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include "attach-tty.h"
#include "nsi.h"

#define LINE_MAX_TTY	4096	/* N_TTY_BUF_SIZE: a terminal gives no longer line */
#define KEYS_ROOM	(2 * LINE_MAX_TTY + 2)	/* each character quoted, and the end */
#define ECHO_MS		20
#define DRAIN_MAX	(4 * TTY_BUFFER)	/* more than a pty holds */

static size_t length(const struct tty_flow *flow)
{
	return flow->end - flow->start;
}

/* Room behind the end, all there is of it. */
static size_t room(struct tty_flow *flow)
{
	if (flow->start > 0) {
		memmove(flow->data, flow->data + flow->start, length(flow));
		flow->end -= flow->start;
		flow->start = 0;
	}
	return sizeof(flow->data) - flow->end;
}

static void put(struct tty_flow *flow, char c)
{
	if (flow->end < sizeof(flow->data))
		flow->data[flow->end++] = c;
}

static bool is_disabled(const struct termios *modes, int which)
{
	return modes->c_cc[which] == _POSIX_VDISABLE;
}

/*
 * An EIO or EAGAIN may come before the last output does (seen on 6.18): the worker that
 * moves it had stopped for lack of room, and is on its way again. poll(2) waits for it.
 */
static bool has_input(const struct tty *tty)
{
	struct pollfd fd = { .fd = tty->master, .events = POLLIN };

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN) && !(fd.revents & POLLERR);
}

/* Reads what the slave gave, a buffer full at most. true: there may be more. */
static bool pull(struct tty *tty)
{
	struct tty_flow *flow = &tty->output;
	size_t size, most = tty->pulled + TTY_BUFFER;

	while (!tty->ended && tty->pulled < most && (size = room(flow)) > 0) {
		ssize_t n = read(tty->master, flow->data + flow->end, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0 && has_input(tty))
			continue;
		/* EIO: nobody has the slave open, and nothing is left. */
		if (n <= 0) {
			tty->ended = true;
			break;
		}
		flow->end += n;
		tty->pulled += n;
		if (tty->out_gone || tty->out < 0)
			flow->start = flow->end = 0;
	}
	return !tty->ended;
}

/* What the slave's line discipline makes of those keys if it echoes them. */
static size_t foresee(const struct termios *modes, const char *keys, size_t len,
		      char *ret)
{
	bool control = modes->c_lflag & ECHOCTL, quoted = false;
	bool crnl = (modes->c_oflag & OPOST) && (modes->c_oflag & ONLCR);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = keys[i];

		if (!quoted && c == modes->c_cc[VLNEXT] && (modes->c_lflag & IEXTEN)) {
			quoted = true;
			if (control) {
				ret[n++] = '^';
				ret[n++] = '\b';
			}
			continue;
		}
		if (!quoted && c == modes->c_cc[VEOF])
			continue;
		if (!quoted && c == '\n') {
			if (crnl)
				ret[n++] = '\r';
			ret[n++] = '\n';
		} else if (control && (c < ' ' || c == 0x7f) && c != '\t') {
			ret[n++] = '^';
			ret[n++] = c ^ 0x40;
		} else {
			ret[n++] = c;
		}
		quoted = false;
	}
	return n;
}

/*
 * The terminal echoed the keys already, as a line; the slave does it again since its
 * ECHO stays on: without it a shell would not show what is edited, and a program that
 * asks for a password could not be told from one that does not. So that echo, which is
 * in the output from before on, or will be in a moment, is taken out. Where it is not
 * found it is shown twice, no more.
 */
static void take_out_echo(struct tty *tty, const char *echo, size_t len, size_t before)
{
	struct tty_flow *flow = &tty->output;
	struct pollfd fd = { .fd = tty->master, .events = POLLIN };

	while (len > 0 && sizeof(flow->data) - flow->end > 0) {
		char *found;

		pull(tty);
		found = memmem(flow->data + before, flow->end - before, echo, len);
		if (found) {
			memmove(found, found + len, flow->data + flow->end - found - len);
			flow->end -= len;
			return;
		}
		if (tty->ended || poll(&fd, 1, ECHO_MS) <= 0)
			return;
	}
}

/* Writes keys to the slave. How many, 0 where it takes none now; negative: nobody has
   it open. */
static ssize_t push(struct tty *tty, const char *keys, size_t len)
{
	char echo[2 * KEYS_ROOM];
	struct termios modes;
	bool echoes = tty->terminal >= 0 && tty->in == tty->terminal && !tty->raw &&
		      tty->out >= 0 && !tty->out_gone && len <= KEYS_ROOM &&
		      tcgetattr(tty->master, &modes) == 0 && (modes.c_lflag & ECHO);
	size_t before = 0;
	ssize_t n;

	/* What the slave gave before is not its echo. */
	if (echoes) {
		echoes = !pull(tty) && room(&tty->output) > sizeof(echo);
		before = tty->output.end;
	}
	n = write(tty->master, keys, len);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : nsi_errno();
	if (echoes)
		take_out_echo(tty, echo, foresee(&modes, keys, n, echo), before);
	return n;
}

static void push_keys(struct tty *tty)
{
	struct tty_flow *flow = &tty->keys;

	while (length(flow) > 0) {
		ssize_t n = push(tty, flow->data + flow->start, length(flow));

		if (n == 0)
			return;
		flow->start = n < 0 ? flow->end : flow->start + n;
	}
}

/* A line that the terminal has edited, for a slave that would edit it again. */
static void put_line(struct tty *tty, const char *line, size_t len)
{
	static const unsigned char special[] = {
		VINTR, VQUIT, VSUSP, VERASE, VKILL, VEOF,
		VSTART, VSTOP, VWERASE, VREPRINT, VLNEXT,
	};
	struct termios modes;
	bool lines = tcgetattr(tty->master, &modes) == 0 && (modes.c_lflag & ICANON);
	bool quotes = lines && (modes.c_lflag & IEXTEN) && !is_disabled(&modes, VLNEXT);

	for (size_t i = 0; i < len; i++) {
		bool quote = line[i] == '\r';

		for (size_t k = 0; k < sizeof(special); k++)
			quote |= !is_disabled(&modes, special[k]) &&
				 (unsigned char)line[i] == modes.c_cc[special[k]];
		if (quotes && quote)
			put(&tty->keys, modes.c_cc[VLNEXT]);
		put(&tty->keys, line[i]);
	}
	/* No newline: ^D sent what was typed so far, as it does there. */
	if (lines && len > 0 && line[len - 1] != '\n' && !is_disabled(&modes, VEOF))
		put(&tty->keys, modes.c_cc[VEOF]);
}

static void put_end(struct tty *tty)
{
	bool pipe = tty->in != tty->terminal;
	struct termios modes;

	if (pipe)
		tty->in_ended = true;
	if (tcgetattr(tty->master, &modes) < 0 || is_disabled(&modes, VEOF))
		return;
	/* Behind a part of a line the first one only sends that. */
	if (pipe && tty->last && tty->last != '\n')
		put(&tty->keys, modes.c_cc[VEOF]);
	put(&tty->keys, modes.c_cc[VEOF]);
}

/* 0, or TTY_GONE. */
static int read_in(struct tty *tty)
{
	char line[LINE_MAX_TTY];
	bool cooked;
	ssize_t n;

	/* Since poll(2) was asked somebody else may have begun to read the keyboard. */
	tty_settle(tty);
	if (!tty->reads || tty->in_ended || room(&tty->keys) < KEYS_ROOM)
		return 0;
	cooked = tty->in == tty->terminal && !tty->raw;
	n = read(tty->in, line, sizeof(line));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		tty->in_ended = true;
		return errno == EIO && tty->in == tty->terminal ? TTY_GONE : 0;
	}
	if (n == 0) {
		put_end(tty);
	} else if (cooked) {
		put_line(tty, line, n);
	} else {
		memcpy(tty->keys.data + tty->keys.end, line, n);
		tty->keys.end += n;
	}
	tty->last = n > 0 ? line[n - 1] : 0;
	return 0;
}

/* 0, or TTY_GONE. */
static int write_out(struct tty *tty)
{
	struct tty_flow *flow = &tty->output;
	size_t len = length(flow);
	ssize_t n;

	if (len == 0)
		return 0;
	n = write(tty->out, flow->data + flow->start,
		  len < tty->out_most ? len : tty->out_most);
	if (n >= 0) {
		flow->start += n;
		return 0;
	}
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	/* The command goes on, and is not to wait for someone who reads it. */
	tty->out_gone = true;
	flow->start = flow->end = 0;
	return TTY_GONE;
}

int tty_events(struct tty *tty, struct pollfd *fds)
{
	struct pollfd *master = &fds[0], *in = &fds[1], *out = &fds[2];

	tty_settle(tty);
	for (int i = 0; i < TTY_EVENTS; i++)
		fds[i] = (struct pollfd){ .fd = -1 };
	if (!tty->ended && room(&tty->output) > 0)
		master->events |= POLLIN;
	if (!tty->ended && length(&tty->keys) > 0)
		master->events |= POLLOUT;
	if (tty->reads && !tty->in_ended && room(&tty->keys) >= KEYS_ROOM)
		in->events |= POLLIN;
	if (length(&tty->output) > 0 && tty->out >= 0)
		out->events |= POLLOUT;
	/* A hangup is told unasked for, and over and over again. */
	if (master->events)
		master->fd = tty->master;
	if (in->events)
		in->fd = tty->in;
	else if (tty->terminal >= 0 && !tty->told_gone)
		in->fd = tty->terminal;
	if (out->events)
		out->fd = tty->out;
	return TTY_EVENTS;
}

int tty_step(struct tty *tty, const struct pollfd *fds, int count)
{
	int r = 0;

	if (count < TTY_EVENTS)
		return -EINVAL;
	if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
		pull(tty);
	/* A terminal that was hung up reads as ended, like ^D. */
	if ((fds[1].revents & (POLLHUP | POLLERR)) && fds[1].fd == tty->terminal) {
		tty->in_ended = true;
		r |= TTY_GONE;
	} else if (fds[1].revents) {
		r |= read_in(tty);
	}
	push_keys(tty);
	/* A prompt is seen only when the terminal has the modes that it comes with. */
	if (!tty->full && length(&tty->output) > 0)
		tty_settle(tty);
	if ((fds[2].revents & ~POLLNVAL) || tty->out_most == TTY_BUFFER)
		r |= write_out(tty);
	if ((r & TTY_GONE) && tty->told_gone)
		r &= ~TTY_GONE;
	if (r & TTY_GONE)
		tty->told_gone = true;
	if (tty->ended && length(&tty->output) == 0)
		r |= TTY_END;
	return r;
}

/* By ioctl(2), which passes what waits in the slave, unlike a key: a line discipline
   full of lines that nobody reads looks at no more. */
static bool send_signal(const struct tty *tty, const struct termios *modes, int sig)
{
	nsi_autoclose int slave = -1;

	if (tty->in == tty->terminal && !(modes->c_lflag & NOFLSH)) {
		/* What was typed before is void, at the slave's end as well. */
		tcflush(tty->master, TCOFLUSH);
		slave = ioctl(tty->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (slave >= 0)
			tcflush(slave, TCIFLUSH);
	}
	return ioctl(tty->master, TIOCSIG, sig) == 0;
}

bool tty_signal(struct tty *tty, int sig)
{
	int which = sig == SIGINT ? VINTR : sig == SIGQUIT ? VQUIT : VSUSP;
	struct termios modes;
	char key;

	if ((sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP) || tty->terminal < 0 ||
	    tty->raw || tcgetattr(tty->master, &modes) < 0 || is_disabled(&modes, which))
		return false;
	if (tty->in == tty->terminal)
		tty->keys.start = tty->keys.end = 0;
	if ((modes.c_lflag & ISIG) && send_signal(tty, &modes, sig))
		return true;
	key = modes.c_cc[which];
	return push(tty, &key, 1) == 1;
}

int tty_drain(struct tty *tty, int wake)
{
	struct pollfd fds[2] = { { .events = POLLOUT },
				 { .fd = wake, .events = POLLIN } };
	size_t most = tty->pulled + DRAIN_MAX;

	for (;;) {
		/* Processes that the command left behind may keep the slave open and
		   write for long: the end is where its own output must have been read. */
		bool more = tty->pulled < most && (pull(tty) || has_input(tty));

		if (length(&tty->output) == 0) {
			if (!more)
				break;
			continue;
		}
		fds[0].fd = tty->out;
		if (poll(fds, 2, -1) < 0)
			return nsi_errno();
		if (fds[1].revents != 0)
			return -EINTR;
		write_out(tty);
	}
	return tty_stop(tty);
}
