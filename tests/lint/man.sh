# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The pages are in order, and tell the columns, headings and interfaces that there are.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../e2e/lib.sh"

top=${abs_top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
page=$top/man/nstree.1
# There may be no pins, whose list would have it.
pins=$(sed -n 's/^\t\[[A-Z]*\] = { "\([A-Za-z]*\)", .*/\1/p' "$top/tools/pin-list.c" | xargs)

if command -v mandoc >/dev/null; then
	is "mandoc has nothing to say" \
		"$(mandoc -T lint -W warning "$top"/man/*.[1-8] 2>&1)" ""
else
	skip "mandoc has nothing to say" "no mandoc"
fi
is "each column is described in nstree(1)" "$("$NSTREE" -H -r | while read -r name _; do
	grep -qE "^\.It (Li |Cm )?$name\$" "$page" || echo "$name"
done)" ""
is "so is each word of NSUTIL_DISABLE" "$("$NSTREE" -V -v | awk '$1 == "interface" { print $2 }' |
	while read -r word; do
		grep -qwF -e "$word" "$page" || echo "$word"
	done)" ""
ok "there are some" test "$("$NSTREE" -V -v | grep -c '^interface ')" -ge 8
# The tour is of the tool as it is: its headings are those that are printed.
is "headings in nsutil(7)" "$(grep -E '^(NAME|PROCESS|PID NAMESPACE|USER NAMESPACE|NAMESPACE) ' \
	"$top/man/nsutil.7" | tr -s ' ' | sort -u |
	while read -r line; do
		for view in '' -x '-t pid' '-t user' '-t net' --orphans; do
			# shellcheck disable=SC2086
			"$NSTREE" $view 2>/dev/null | head -n 1 | tr -s ' '
		done | grep -qxF -e "$line" ||
			# There may be none here.
			[[ $line == *'HELD BY' && -z $("$NSTREE" --orphans 2>/dev/null) ]] ||
			[ "$line" = "$pins" ] ||
			echo "$line"
	done)" ""
done_testing
