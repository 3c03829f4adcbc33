#!/bin/sh
# Fits out a real control plane with three simulated nodes, twice, and stops it. DEMO_KUBERNETES chooses the version.
set -eu
go=${GO:-go}
minor=${DEMO_KUBERNETES:-1.36}
dir=$(mktemp -d "${TMPDIR:-/tmp}/fitout-demo.XXXXXX")
stop() {
	"$go" run ./testdata/bed stop --dir "$dir" >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

echo "== Kubernetes $minor: etcd, API server, controller manager and scheduler, built from source; three simulated nodes"
echo "   (the first run builds them, which takes about ten minutes on two cores; they are kept in a cache)"
"$go" run ./testdata/bed start --kubernetes "$minor" --nodes 3 --provider-id-prefix scaleway://instance/fr-par-1/ --dir "$dir"
export KUBECONFIG="$dir/kubeconfig"

echo
echo "== fitout up"
bin/fitout up

echo
echo "== fitout up, again"
bin/fitout up
