# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# runc and crun, which are told by a bundle. Read after host.sh.

# bundle DIR [FILTER]: a config.json there, of the host's root file system; the filter of jq
# changes it.
bundle() {
	mkdir -p "$1"
	jq -n --arg rootfs "$rootfs" '{
		ociVersion: "1.0.2",
		process: {
			user: {uid: 0, gid: 0}, cwd: "/", args: ["/bin/sleep", "3600"],
			env: ["PATH=/bin"], noNewPrivileges: true,
		},
		root: {path: $rootfs, readonly: true},
		hostname: "inside",
		mounts: [
			{destination: "/proc", type: "proc", source: "proc"},
			{destination: "/dev", type: "tmpfs", source: "tmpfs"}
		],
		linux: {
			namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"] | map({type: .}),
		}
	} | '"${2:-.}" >"$1/config.json"
}

# oci_run RUNTIME ID [FILTER]: starts it; its first process is in $pid.
oci_run() {
	local runtime=$1 id=$2
	bundle "$tmp/bundles/$id" "${3:-.}"
	"$runtime" run -d -b "$tmp/bundles/$id" "$id" </dev/null >"$tmp/bundles/$id/log" 2>&1 || {
		diag "$runtime: $(<"$tmp/bundles/$id/log")"
		return 1
	}
	pid=$("$runtime" state "$id" | jq .pid)
}
