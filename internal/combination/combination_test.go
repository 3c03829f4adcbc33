package combination_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
)

// A network, an ingress controller and a CSI driver that somebody adds to the catalogue are in the combinations without more.
func TestNewAddonsAreInTheCombinations(t *testing.T) {
	files := fstest.MapFS{"bundles/1.36.yaml": {Data: []byte("apiVersion: fitout.dev/v1alpha1\nkind: Bundle\nkubernetes: '1.36'\naddons:\n" +
		"  new-cni: {chart: '1', version: '1'}\n  new-ingress: {chart: '1', version: '1'}\n  new-csi: {chart: '1', version: '1'}\n")}}
	for name, text := range map[string]string{"new-cni": "role: cni\nprovides: [network, services]", "new-ingress": "role: ingress\nprovides: [ingress]", "new-csi": "role: storage\nprovides: [storage]"} {
		files["addons/"+name+"/addon.yaml"] = &fstest.MapFile{Data: []byte("apiVersion: fitout.dev/v1alpha1\nkind: Addon\nname: " + name + "\nsummary: s\n" + text +
			"\nlifecycle: {support: [{kubernetes: '1.36', level: tested}]}\n")}
		files["addons/"+name+"/1/Chart.yaml"], files["addons/"+name+"/1/values.yaml"] = &fstest.MapFile{}, &fstest.MapFile{}
	}
	over := bundle.Source{Name: "mine"}
	over.Addons, _ = fs.Sub(files, "addons")
	over.Bundles, _ = fs.Sub(files, "bundles")
	catalogue, err := bundle.LoadLayers(bundle.Source{Addons: addons.FS, Bundles: bundles.FS}, over)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range combination.Of(catalogue, "1.36") {
		names = append(names, c.Name())
	}
	for _, want := range []string{"cilium", "cilium+new-ingress", "cilium+new-csi", "new-cni", "new-cni+nginx+in-cluster+no-kube-proxy+new-csi", "flannel+new-ingress+new-csi"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is in none of %s", want, strings.Join(names, " "))
		}
	}
	if slices.Contains(names, "flannel+no-kube-proxy") || names[0] != "cilium" {
		t.Errorf("the first is %s; a network without Services stands with no-kube-proxy", names[0])
	}
}
