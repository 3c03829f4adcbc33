//go:build linux

package clusterbed

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A content is what the image of a repository is made of.
type content struct {
	files map[string]string // path in the image -> file of this machine
	tools []string          // programs of this machine, taken with their libraries
	links map[string]string // path in the image -> target
	// binds is the path of a program that may listen on low ports without
	// being root, as the upstream image has it.
	binds string
	// written is a folder that the program writes to, whoever it runs as.
	written    string
	entrypoint string
	user       string
}

// pauseImage is the image that holds the namespaces of a pod.
const pauseImage = "registry.k8s.io/pause:3.10.1"

// ToolsImage is an image for tests with testdata/clusterbed/standin/probe in
// /bin. Nodes find the same program by its name.
const ToolsImage = "fitout.dev/clusterbed/tools:1"

const xtablesDir = "/usr/lib/x86_64-linux-gnu/xtables"

// packetTools are what kube-proxy and flannel run. The legacy variant of
// iptables is used throughout: one kernel, one set of rules.
var packetTools = []string{
	"/usr/sbin/xtables-legacy-multi", "/usr/sbin/xtables-nft-multi", "/usr/sbin/nft", "/usr/sbin/conntrack", "/usr/sbin/ipset", "/usr/bin/ip", "/usr/bin/kmod",
}

// packetLinks give the multi-call program of iptables its names.
func packetLinks() map[string]string {
	links := map[string]string{"/usr/sbin/modprobe": "/usr/bin/kmod"}
	for _, family := range []string{"iptables", "ip6tables"} {
		for _, verb := range []string{"", "-save", "-restore"} {
			links["/usr/sbin/"+family+verb] = "xtables-legacy-multi"
			links["/usr/sbin/"+family+"-legacy"+verb] = "xtables-legacy-multi"
			links["/usr/sbin/"+family+"-nft"+verb] = "xtables-nft-multi"
		}
	}
	return links
}

// contents maps the repositories that a bed has an image for to what is in it.
// docs/test-beds.md says which of them are stand-ins.
func contents(p *Programs) map[string]content {
	one := func(folder, program, path string) content {
		return content{files: map[string]string{path: filepath.Join(p.Addons[folder], program)}, entrypoint: path}
	}
	coredns := one("coredns", "coredns", "/coredns")
	if old(p.Version) {
		coredns = one("coredns-1.6", "coredns-1.6", "/coredns")
	}
	coredns.binds, coredns.user = "/coredns", "65532:65532"
	scaleway := one("scaleway-csi", "scaleway-csi", "/scaleway-csi")
	scaleway.tools = []string{"/usr/sbin/blkid"}
	flannel := content{
		files: map[string]string{
			"/opt/bin/flanneld":     filepath.Join(p.Addons["flannel"], "flannel"),
			"/opt/bin/install-conf": filepath.Join(p.Addons["flannel"], "install_conf"),
		},
		tools: append([]string{"/usr/bin/busybox"}, packetTools...), links: packetLinks(), entrypoint: "/opt/bin/flanneld",
	}
	flannel.links["/bin/cat"] = "busybox" // upstream's image is made from Alpine's
	oldFlannel := flannel                 // its manifest copies the configuration with cp
	oldFlannel.links = maps.Clone(flannel.links)
	oldFlannel.links["/bin/cp"] = "busybox"
	all := map[string]content{
		"registry.k8s.io/pause": one("standin", "pause", "/pause"),
		"registry.k8s.io/kube-proxy": {
			files: map[string]string{"/usr/local/bin/kube-proxy": p.Kubelet}, tools: packetTools, links: packetLinks(),
		},
		"ghcr.io/flannel-io/flannel": flannel,
		"quay.io/coreos/flannel":     oldFlannel,
		"ghcr.io/flannel-io/flannel-cni-plugin": {
			files: map[string]string{"/flannel": filepath.Join(p.Addons["standin"], "flannel-cni")},
			tools: []string{"/usr/bin/busybox"}, links: map[string]string{"/bin/cp": "busybox"},
		},
		"registry.k8s.io/coredns/coredns":                             coredns,
		"registry.k8s.io/metrics-server/metrics-server":               one("metrics-server", "metrics-server", "/metrics-server"),
		"registry.k8s.io/metrics-server-amd64":                        one("metrics-server", "metrics-server", "/metrics-server"),
		"registry.k8s.io/node-problem-detector":                       one("npd", "nodeproblemdetector", "/node-problem-detector"),
		"registry.k8s.io/node-problem-detector/node-problem-detector": one("npd", "nodeproblemdetector", "/node-problem-detector"),
		"docker.io/scaleway/scaleway-csi":                             scaleway,
		"registry.k8s.io/sig-storage/csi-node-driver-registrar":       one("standin", "registrar", "/csi-node-driver-registrar"),
		"docker.io/traefik":                                           one("traefik", "traefik", "/traefik"),
		"fitout.dev/clusterbed/tools": {
			files: map[string]string{"/bin/probe": filepath.Join(p.Addons["standin"], "probe")}, entrypoint: "/bin/probe",
		},
	}
	maps.Copy(all, calicoContents(p))
	maps.Copy(all, ciliumContents(p))
	return all
}

// A reference is an image reference in its parts.
type reference struct{ repository, tag, digest string }

func parseReference(text string) reference {
	rest, digest, _ := strings.Cut(text, "@")
	repository, tag := rest, ""
	if at := strings.LastIndex(rest, ":"); at > strings.LastIndex(rest, "/") {
		repository, tag = rest[:at], rest[at+1:]
	}
	return reference{repository: repository, tag: tag, digest: digest}
}

// names are those under which the runtime looks for the image: with a digest,
// the tag does not count. The digest is that of the image upstream; what the
// bed holds under it is its own.
func (r reference) names() []string {
	repository := r.repository
	if rest, ok := strings.CutPrefix(repository, "docker.io/"); ok && !strings.Contains(rest, "/") {
		repository = "docker.io/library/" + rest
	}
	var names []string
	if r.tag != "" {
		names = append(names, repository+":"+r.tag)
	}
	if r.digest != "" {
		names = append(names, repository+"@"+r.digest)
	}
	return names
}

// contentOf finds what a reference is made of.
func contentOf(all map[string]content, text string) (content, error) {
	repository := parseReference(text).repository
	found, ok := all[repository]
	if !ok {
		var known []string
		for name := range all {
			known = append(known, name)
		}
		slices.Sort(known)
		return content{}, fmt.Errorf("no content for the image %s: the bed knows %s; add it to internal/clusterbed/contents.go", text, strings.Join(known, ", "))
	}
	return found, nil
}
