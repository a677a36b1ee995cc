# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# containerd by itself: what ctr(8) runs, and pods as a kubelet asks for them. Read after
# host.sh.

containerd_state=/run/containerd/io.containerd.runtime.v2.task

# A sandbox wants to be the last to be killed, which not every test's root may ask for.
containerd_setup() {
	mkdir -p /etc/cni/net.d
	jq -n '{cniVersion: "0.4.0", name: "nsutil", plugins: [{
		type: "bridge", bridge: "cni0", isGateway: true,
		ipam: {type: "host-local", ranges: [[{subnet: "10.244.1.0/24"}]]}
	}]}' >/etc/cni/net.d/10-nsutil.conflist
	cat >/run/containerd.toml <<-END
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "registry.k8s.io/pause:3.6"
		  restrict_oom_score_adj = true
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "/usr/lib/cni"
	END
	containerd -c /run/containerd.toml </dev/null >"$tmp/containerd.log" 2>&1 &
	if ! eventually ctr version || ! eventually test -S /run/containerd/containerd.sock; then
		diag "$(tail -n 3 "$tmp/containerd.log")"
		return 1
	fi
	image_archive registry.k8s.io/pause:3.6 '["/bin/sleep", "3600"]' &&
		image_archive docker.io/library/nsutil:1 '["/bin/sh"]'
}

# image_archive NAME COMMAND: of the host's root file system, imported for Kubernetes.
image_archive() {
	local dir=$tmp/image layer config
	mkdir -p "$dir"
	[ -e "$dir/layer.tar" ] ||
		tar -C "$rootfs" --numeric-owner --owner=0 --group=0 -cf "$dir/layer.tar" .
	layer=$(sha256sum <"$dir/layer.tar")
	jq -n --arg layer "sha256:${layer%% *}" --arg machine "$(dpkg --print-architecture)" \
		--argjson command "$2" '{
		architecture: $machine, os: "linux", created: "2026-01-01T00:00:00Z",
		config: {Cmd: $command, Env: ["PATH=/bin"]},
		rootfs: {type: "layers", diff_ids: [$layer]}, history: []
	}' >"$dir/config"
	config=$(sha256sum <"$dir/config")
	mv "$dir/config" "$dir/${config%% *}.json"
	jq -n --arg config "${config%% *}.json" --arg name "$1" \
		'[{Config: $config, RepoTags: [$name], Layers: ["layer.tar"]}]' >"$dir/manifest.json"
	tar -C "$dir" -c . | ctr -n k8s.io images import - >/dev/null
}

# ctr_run ID: its first process is in $pid.
ctr_run() {
	ctr run -d --rootfs "$rootfs" "$1" /bin/sleep 3600 </dev/null &&
		pid=$(<"$containerd_state/default/$1/init.pid")
}

cri() {
	"$engines/cri.py" /run/containerd/containerd.sock "$@"
}

# cri_told ID: its first process is in $pid.
cri_told() {
	id=$1
	pid=$(<"$containerd_state/k8s.io/$id/init.pid")
}

# pod_run NAMESPACE NAME UID: its sandbox's id is in $id, first process in $pid.
pod_run() {
	id=$(cri pod "$@") && cri_told "$id"
}

# pod_add NAMESPACE NAME UID POD CONTAINER IMAGE COMMAND...
pod_add() {
	id=$(cri run "$@") && cri_told "$id"
}
