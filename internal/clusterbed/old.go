//go:build linux

package clusterbed

import (
	"strconv"
	"strings"
	"time"
)

// old tells whether a release ("1.18", "v1.18.2") is of the old generation,
// whose kubelet speaks v1alpha2 of the runtime interface, which containerd 2
// does not.
func old(release string) bool {
	_, minor, _ := strings.Cut(release, ".")
	minor, _, _ = strings.Cut(minor, ".")
	number, err := strconv.Atoi(minor)
	return err == nil && number <= 18
}

// runtimeOf is the recipe of the runtime that a minor's kubelet speaks with.
func runtimeOf(minor string) recipe {
	r := recipe{folder: "containerd", targets: "tool", cpu: 3 * time.Minute, tags: "no_btrfs,no_zfs,no_devmapper,no_aufs"}
	version := "github.com/containerd/containerd/v2/version.Version=2.4.2"
	if old(minor) {
		r.folder, version = "containerd-1.7", "github.com/containerd/containerd/version.Version=1.7.35"
	}
	r.ldflags = stripped + " -X " + version
	return r
}

// oldRecipes lists what only beds of old releases need: the newer CoreDNS wants
// EndpointSlices.
var oldRecipes = []recipe{{folder: "coredns-1.6", targets: ".", ldflags: stripped, cpu: 4 * time.Minute}}

// kubeTags leaves the cloud providers out of an old release, as bed 1 does.
func kubeTags(minor string) string {
	if old(minor) {
		return "providerless"
	}
	return ""
}

// oldContainerdConfig is containerdConfig in the form of containerd 1.7.
const oldContainerdConfig = `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0

[grpc]
  address = "` + criSocket + `"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "` + pauseImage + `"
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
`

// oldKubeletArgs are flags for what is configuration in newer releases.
func oldKubeletArgs(node nodePlan) []string {
	return []string{
		"--container-runtime=remote",
		"--container-runtime-endpoint=unix://" + criSocket,
		"--provider-id=" + providerID(node),
	}
}

// oldClusterFile leaves out the addons whose programs of that age are not to
// be had: the newer ones, which the nodes have under their names, do not become
// ready. docs/test-beds.md says why.
const oldClusterFile = `  metrics-server: {enabled: false}
  node-problem-detector: {enabled: false}
`
