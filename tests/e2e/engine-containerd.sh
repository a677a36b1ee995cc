# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# containerd: what ctr(8) runs, and a pod with two containers by its CRI.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host "${layout:-hybrid}" containerd ctr runc python3 dpkg
. "$(dirname "$0")/../engines/containerd.sh"
. "$(dirname "$0")/../engines/seen.sh"

pod=(shop cart-7f 22222222-2222-3333-4444-666666666666)
image=docker.io/library/nsutil:1

test_plain() {
	started ctr_run plain || return
	known containerd containerd:plain "$pid" plain plain
	run nsattach containerd:pla true
	is 'the beginning of a name is none' "$rc" 125
}

test_pod() {
	local cart
	started pod_run "${pod[@]}" || return
	sandbox=$id
	look
	is_told 'a pod' pod:shop/cart-7f kind=pod "pod_uid=${pod[2]}" "init=$pid"
	entered 'a pod is entered' pod:shop/cart-7f "$pid"
	pause=$pid
	started pod_add "${pod[@]}" "$sandbox" cart "$image" /bin/sleep 3600 || return
	cart=$pid
	started pod_add "${pod[@]}" "$sandbox" envoy "$image" /bin/nc -l -p 9901 || return
	look
	is_told 'its container' pod:shop/cart-7f/envoy kind=container "id=$id" "init=$pid" \
		pod=cart-7f pod_namespace=shop pod_container=envoy "image=$image"
	is_told 'another' pod:shop/cart-7f/cart "init=$cart"
	like 'its line' "$(line_of pod:shop/cart-7f)" "^pod:shop/cart-7f .* $pause(/1)? "
	like 'that of its container' "$(line_of /envoy)" "^/envoy \\($image\\) .* $pid(/1)? "
	like 'what it uses' "$(line_of pod:shop/cart-7f --containers)" " $pause(/1)? "
	run nstree pod:shop/cart-7f/envoy
	like 'its card' "${out%%$'\n'*}" "^pod:shop/cart-7f/envoy .*${id::12}.*$image"
	entered 'its container is entered' pod:shop/cart-7f/envoy "$pid"
	entered 'by the name of the pod alone' pod:cart-7f/cart "$cart"
	entered 'by the beginning of its id' "cri:${id::12}" "$pid"
}

test_network() {
	local address
	address=$(nsenter -t "$pause" -n ip -4 -j addr show eth0 |
		jq -r '.[0].addr_info[0].local')
	run nstree --net "$address"
	like 'whose address it is' "$out" 'pod:shop/cart-7f'
	run nstree --port 9901
	like 'who listens' "$out" ':9901 +pod:shop/cart-7f/envoy '
	run nsattach --each -n pod:shop/ -- hostname
	is 'each of a namespace' "$rc$err" 0
}

test_restarted() {
	local was=$pid
	cri stop "$id" && cri remove "$id" || return
	eventually ended "$was"
	look
	gone 'a container of it has ended' pod:shop/cart-7f/envoy
	started pod_add "${pod[@]}" "$sandbox" envoy "$image" \
		/bin/sleep 3600 || return
	look
	is_told 'and is another' pod:shop/cart-7f/envoy "id=$id" "init=$pid"
}

if ! containerd_setup; then
	skip 'all' 'containerd does not run here'
else
	test_plain
	test_pod
	test_network
	test_restarted
fi
done_testing
