# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Lines: at most 90 columns, indented by tabs, nothing invisible at the end.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../e2e/lib.sh"

cd "${abs_top_srcdir:-$(dirname "$0")/../..}" || exit 99
mapfile -t files < <(find lib tools tests bench -name '*.[ch]')
tab=$(printf '\t')

# What stands behind the members of nsutil.h may reach further: wrapped it is unreadable.
# Columns, not bytes: what continues a character of UTF-8 takes none.
wide() {
	local file most
	for file in "${files[@]}"; do
		most=90
		[ "$file" != lib/nsutil.h ] || most=102
		expand "$file" | tr -d '\200-\277' |
			awk -v file="$file" -v most="$most" \
				'length > most { print file ":" NR ": " length }'
	done
}

is "lines of more than 90 columns" "$(wide)" ""
is "blanks at the end of a line" "$(grep -nE '[[:blank:]]+$' "${files[@]}")" ""
is "a blank before a tab" "$(grep -n " $tab" "${files[@]}")" ""
is "indented by blanks" "$(grep -nE '^ {8}' "${files[@]}")" ""
is "carriage returns" "$(grep -lr $'\r' "${files[@]}")" ""
is "no newline at the end" "$(for file in "${files[@]}"; do
	[ -z "$(tail -c 1 "$file")" ] || echo "$file"
done)" ""
done_testing
