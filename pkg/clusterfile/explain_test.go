package clusterfile_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	const resources = `addons.<name>.resources (map)
    Resources per container of the addon, by the container's name; the name * means every container.
addons.<name>.resources.<name>.requests (map)
    Requests by resource (cpu, memory).
addons.<name>.resources.<name>.limits (map)
    Limits by resource (cpu, memory).
`
	for path, want := range map[string]string{
		"cni": "cni (calico | cilium | weave | none, default cilium)\n    Pod network: the name of an addon. With none you bring your own, and Fitout expects it to work. Default: the bundle's.\n",
		"kubeProxy": `kubeProxy (object)
    Service addresses on the nodes.
kubeProxy.enabled (boolean, default true)
    Whether kube-proxy runs. Without it the CNI must replace it.
kubeProxy.mode (iptables | ipvs | nftables, default iptables)
    How kube-proxy realises Services. Which modes a version has, and which are deprecated, the addon says.
`,
		"kind":                          "kind (string, default Cluster, required)\n    Kind of this file.\n",
		"addons.<name>.resources":       resources,
		"addons.resources":              resources,
		"addons.coredns.resources":      resources,
		"addons.coredns.resources.main": resources,
		"patches[0].patch":              "patches[].patch (string, required)\n    Strategic merge patch (a partial object; with a target it needs no kind and no name) or JSON6902 patch (a list of operations), as YAML text. It may change or delete objects, not rename them.\n",
		"patches.target.kind":           "patches[].target.kind (string)\n    Kind (Deployment).\n",
		"addons.coredns.values.a.b":     "addons.<name>.values (map)\n    Values for the addon's chart, merged over the bundle's. fitout bundles show MINOR ADDON documents them.\n",
	} {
		var got strings.Builder
		if err := clusterfile.Explain(&got, path, offers); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestExplainEverything(t *testing.T) {
	var got strings.Builder
	if err := clusterfile.Explain(&got, "", offers); err != nil {
		t.Fatal(err)
	}
	walk(clusterfile.Fields(), func(f strictyaml.Field) {
		if !strings.Contains("\n"+got.String(), "\n"+f.Path+" (") || !strings.Contains(got.String(), "\n    "+f.Doc+"\n") {
			t.Errorf("%s is not explained", f.Path)
		}
	})
}

func TestExplainUnknownField(t *testing.T) {
	for path, want := range map[string]string{
		"network.podCidrs":       "network.podCidrs is not a field of the cluster file; did you mean network.podCIDR?",
		"storage":                "storage is not a field of the cluster file; run fitout explain for all of them",
		"cni.name":               "cni.name is not a field of the cluster file; run fitout explain for all of them",
		"addons.coredns.chart.x": "addons.coredns.chart.x is not a field of the cluster file; run fitout explain for all of them",
		".":                      ". is not a field of the cluster file; run fitout explain for all of them",
	} {
		var got strings.Builder
		if err := clusterfile.Explain(&got, path, offers); err == nil || err.Error() != want || got.Len() > 0 {
			t.Errorf("got  %v %q\nwant %s", err, got.String(), want)
		}
	}
}
