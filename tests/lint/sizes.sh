# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Files up to 500 lines, functions up to 60.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../e2e/lib.sh"

cd "${abs_top_srcdir:-$(dirname "$0")/../..}" || exit 99

# nsutil.h is the library's reference manual in one file.
too_long() {
	find lib tools tests bench -name '*.[ch]' -o -name '*.sh' | while read -r file; do
		lines=$(wc -l <"$file")
		[ "$lines" -le 500 ] || [ "$file" = lib/nsutil.h ] || echo "$file: $lines"
	done
}

long_functions() {
	find lib tools tests bench -name '*.[ch]' -print0 |
		xargs -0 ctags -x --languages=C --langmap=C:.c.h --c-kinds=f \
			--_xformat='%F %N %n %e' |
		awk '$4 - $3 >= 60 { print $1 ": " $2 ": " $4 - $3 + 1 }'
}

is "files of more than 500 lines" "$(too_long)" ""
if ctags --version 2>/dev/null | grep -q 'Universal Ctags'; then
	is "functions of more than 60 lines" "$(long_functions)" ""
else
	skip "functions of more than 60 lines" "needs universal-ctags"
fi
done_testing
