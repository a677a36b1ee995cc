# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Each source and script names its licence in one of its first two lines: the library
# LGPL-2.1-or-later, all else GPL-2.0-or-later.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../e2e/lib.sh"

cd "${abs_top_srcdir:-$(dirname "$0")/../..}" || exit 99

sources() {
	find lib tools tests bench completions man -type f \
		! -path '*/.libs/*' ! -path '*/.deps/*' |
		while read -r file; do
			case $file in
			*.[ch] | *.sh | *.py | *.bash | *.fish | completions/* | *.[137]) echo "$file" ;;
			*) [ "$(head -c 3 "$file" | tr -d '\0')" != '#!/' ] || echo "$file" ;;
			esac
		done
	ls -d quickstart .ci/run configure.ac Makefile.am m4/nsutil.m4 2>/dev/null
}

# unlicensed LICENCE: of the files on input, those that do not name it.
unlicensed() {
	while read -r file; do
		head -n 2 "$file" | grep -qE "SPDX-License-Identifier: $1( |\$)" || echo "$file"
	done
}

is "the library's" "$(sources | grep -E '^lib/|^man/libnsutil' |
	unlicensed LGPL-2.1-or-later)" ""
is "all else" "$(sources | grep -vE '^lib/|^man/libnsutil' |
	unlicensed GPL-2.0-or-later)" ""
done_testing
