//go:build linux

package clusterbed

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// cilium is the default pod network of the bundles. Its programs take 25 CPU
// minutes to build, so that only those beds get them that ask.
const cilium = "cilium"

const ciliumModule = "github.com/cilium/cilium"

// The agent compiles programs for the kernel from the C sources in bpf. Its
// version wants a commit and a date, of which a module tells the date.
var ciliumRecipe = recipe{
	folder: cilium, targets: "tool", tags: "osusergo,ipam_provider_operator", cpu: 25 * time.Minute,
	ldflags: stripped + ` -X "` + ciliumModule + `/pkg/version.ciliumVersion=1.20.2 module 2026-09-15T20:03:11Z"`,
	scripts: &scripts{module: ciliumModule, parts: map[string]string{
		"bpf":                                  "var/lib/cilium/bpf",
		"images/cilium/init-container.sh":      "init-container.sh",
		"plugins/cilium-cni/install-plugin.sh": "install-plugin.sh",
		"plugins/cilium-cni/cni-uninstall.sh":  "cni-uninstall.sh",
	}},
}

// clang is the compiler of the version that upstream's image has, too.
const clang = "/usr/lib/llvm-19/bin/clang"

// ciliumPackages has what the agent runs.
var ciliumPackages = map[string]string{
	clang:               "clang-19",
	"/usr/sbin/bpftool": "bpftool",
	"/usr/bin/bash":     "bash",
	"/usr/bin/find":     "findutils",
}

// ciliumContents are the images of Cilium, if its programs were built.
func ciliumContents(p *Programs) map[string]content {
	built, ok := p.Addons[cilium]
	if !ok {
		return nil
	}
	operator := content{
		files:      map[string]string{"/usr/bin/cilium-operator-generic": filepath.Join(built, "operator")},
		entrypoint: "/usr/bin/cilium-operator-generic",
	}
	return map[string]content{
		"quay.io/cilium/cilium":           ciliumAgent(p, built),
		"quay.io/cilium/operator-generic": operator,
	}
}

// ciliumAgent is the agent's image: its programs, upstream's scripts, and what
// both run. Envoy is a stand-in that tells a version: there is no policy for HTTP.
func ciliumAgent(p *Programs, built string) content {
	agent := content{
		files: map[string]string{
			"/cni/loopback":                    filepath.Join(p.CNI, "loopback"),
			"/opt/cni/bin/cilium-cni":          filepath.Join(built, "cilium-cni"),
			"/usr/bin/cilium-agent":            filepath.Join(built, "daemon"),
			"/usr/bin/cilium-dbg":              filepath.Join(built, "cilium-dbg"),
			"/usr/bin/cilium-envoy":            filepath.Join(p.Addons["standin"], "cilium-envoy"),
			"/usr/bin/cilium-health":           filepath.Join(built, "cilium-health"),
			"/usr/bin/cilium-health-responder": filepath.Join(built, "responder"),
			"/usr/bin/cilium-mount":            filepath.Join(built, "mount"),
			"/usr/bin/cilium-sysctlfix":        filepath.Join(built, "sysctlfix"),
		},
		tools: append([]string{clang, "/usr/bin/bash", "/usr/bin/mount", "/usr/bin/nsenter", "/usr/sbin/bpftool"}, packetTools...),
		links: packetLinks(),
	}
	for _, tool := range []string{"basename", "cat", "cp", "find", "grep", "mkdir", "mv", "rm", "sed", "sleep"} {
		agent.tools = append(agent.tools, "/usr/bin/"+tool)
	}
	agent.links["/usr/bin/clang"] = clang
	agent.links["/usr/bin/sh"] = "bash"
	agent.links["/var/run"] = "/run" // as upstream's: the agent finds what is mounted on one under the name of the other
	agent.addFolder(filepath.Join(built, scriptsFolder), "/")
	return agent
}

// sysResource is the number of the capability to exceed limits: capabilities(7).
const sysResource = 24

// mayHave tells whether a capability can be had on this machine at all.
func mayHave(capability int) bool {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), "CapBnd:")
	bits, err := strconv.ParseUint(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), 16, 64)
	return err == nil && bits&(1<<capability) != 0
}

// withoutSysResource takes a capability from Cilium's containers that a machine
// may not have, and without which its kernel lets them do all the same.
const withoutSysResource = `patches:
  - patch: |
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: {name: cilium, namespace: kube-system}
      spec:
        template:
          spec:
            initContainers:
              - name: clean-cilium-state
                securityContext:
                  capabilities: {add: [NET_ADMIN, SYS_MODULE, SYS_ADMIN]}
            containers:
              - name: cilium-agent
                securityContext:
                  capabilities: {add: [CHOWN, KILL, NET_ADMIN, NET_RAW, IPC_LOCK, SYS_MODULE, SYS_ADMIN, DAC_OVERRIDE, FOWNER, SETGID, SETUID, SYSLOG]}
`
