# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A result is a negative errno: compared with a positive one it never matches.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../e2e/lib.sh"

cd "${abs_top_srcdir:-$(dirname "$0")/../..}" || exit 99

positive='\<(r|rc|r2|ret|result)[[:blank:]]*[!=]=[[:blank:]]*E[A-Z0-9]+\>'

# EOF and EXIT_* are no errors' names.
slips() {
	grep -nE "$positive" "$@" | grep -vE '[!=]=[[:blank:]]*(EOF|EXIT_)'
}

printf 'if (r == ESRCH)\nif (rc !=ENOENT)\nif (r == -ESRCH)\nif (c == EOF)\n' >"$tmp/x.c"
is "the check finds what it should" "$(slips "$tmp/x.c" | wc -l)" 2
mapfile -t files < <(find lib tools tests -name '*.[ch]')
is "results compared with a positive errno" "$(slips "${files[@]}")" ""
is "errno compared with a negative one" \
	"$(grep -nE '\<errno[[:blank:]]*[!=]=[[:blank:]]*-E' "${files[@]}")" ""
done_testing
