//go:build linux

package clusterbed

import (
	"path/filepath"
	"time"
)

// calico is the pod network that enforces policies. Its programs are three
// minutes of building and as many hundred megabytes, so that only those beds
// get them that ask.
const calico = "calico"

// calicoVersion is the release that the commit in testdata/clusterbed/calico
// comes after, on the branch of v3.28.
const calicoVersion = "v3.28.5"

const calicoModule = "github.com/projectcalico/calico"

var calicoRecipe = recipe{
	folder: calico, targets: "tool", cpu: 4 * time.Minute,
	ldflags: stripped + " -X main.VERSION=" + calicoVersion +
		" -X " + calicoModule + "/node/pkg/lifecycle/startup.VERSION=" + calicoVersion +
		" -X " + calicoModule + "/node/buildinfo.GitVersion=" + calicoVersion,
	scripts: &scripts{module: calicoModule, parts: map[string]string{"node/filesystem": "."}},
}

// calicoPackages has what starts the processes of calico-node, which are
// several in one container.
var calicoPackages = map[string]string{
	"/usr/bin/runsvdir": "runit",
	"/usr/bin/runsv":    "runit",
}

// calicoContents are the images of Calico, if its programs were built.
func calicoContents(p *Programs) map[string]content {
	built, ok := p.Addons[calico]
	if !ok {
		return nil
	}
	cni := content{
		files: map[string]string{
			"/opt/cni/bin/calico":  filepath.Join(built, "calico"),
			"/opt/cni/bin/install": filepath.Join(built, "install"),
		},
		links:      map[string]string{"/opt/cni/bin/calico-ipam": "calico"},
		entrypoint: "/opt/cni/bin/install",
	}
	for _, plugin := range []string{"bandwidth", "host-local", "loopback", "portmap"} {
		cni.files["/opt/cni/bin/"+plugin] = filepath.Join(p.CNI, plugin)
	}
	controllers := content{
		files: map[string]string{
			"/usr/bin/kube-controllers": filepath.Join(built, "kube-controllers"),
			"/usr/bin/check-status":     filepath.Join(built, "check-status"),
		},
		entrypoint: "/usr/bin/kube-controllers", user: "999", written: "/status",
	}
	return map[string]content{
		"quay.io/calico/cni":              cni,
		"quay.io/calico/node":             calicoNode(built),
		"quay.io/calico/kube-controllers": controllers,
	}
}

// calicoNode is the agent's image: the program, upstream's scripts that start
// it in its roles, and what both run.
func calicoNode(built string) content {
	node := content{
		files:      map[string]string{"/usr/bin/calico-node": filepath.Join(built, "calico-node")},
		tools:      append([]string{"/usr/bin/busybox", "/usr/bin/runsvdir", "/usr/bin/runsv"}, packetTools...),
		links:      packetLinks(),
		entrypoint: "/usr/sbin/start_runit",
	}
	for _, applet := range []string{"cat", "cp", "env", "mkdir", "rm", "sh", "which"} {
		node.links["/usr/bin/"+applet] = "busybox"
	}
	node.addFolder(filepath.Join(built, scriptsFolder), "/")
	return node
}

// calicoClusterFile takes the controller away that came with v3.29: an older
// kube-controllers ends when it is told to run one that it does not know.
const calicoClusterFile = `patches:
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: calico-kube-controllers, namespace: kube-system}
      spec:
        template:
          spec:
            containers:
              - name: calico-kube-controllers
                env:
                  - {name: ENABLED_CONTROLLERS, value: node}
`
