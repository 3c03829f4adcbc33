package bundle_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"sigs.k8s.io/yaml"
)

func embedded(t *testing.T) *bundle.Catalogue {
	t.Helper()
	c, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A choice is what the cluster file decides about the set of addons.
type choice struct {
	minor, cni, ingress, controlPlane string
	kubeProxy, csi                    bool
}

func (c choice) String() string {
	return fmt.Sprintf("kubernetesVersion: %s\ncni: %s\ningress: %s\ncontrolPlane: %s\nkubeProxy: {enabled: %v}\ncsi: {enabled: %v}\n",
		c.minor, c.cni, c.ingress, c.controlPlane, c.kubeProxy, c.csi)
}

// choices are all that the cluster file admits.
func choices(minors []string) []choice {
	enum := map[string][]string{}
	for _, f := range clusterfile.Fields() {
		enum[f.Name] = f.Enum
	}
	var all []choice
	for _, minor := range minors {
		for _, cni := range enum["cni"] {
			for _, ingress := range enum["ingress"] {
				for _, controlPlane := range enum["controlPlane"] {
					for i := range 4 {
						all = append(all, choice{minor, cni, ingress, controlPlane, i&1 == 0, i&2 == 0})
					}
				}
			}
		}
	}
	return all
}

// Every addon is in the bundles of all minors that it supports. (An entry for another minor does not load.)
func TestBundlesHoldWhatIsSupported(t *testing.T) {
	c := embedded(t)
	for _, minor := range c.Minors() {
		b, _ := c.Bundle(minor)
		for _, name := range c.Names() {
			a, _ := c.Addon(name)
			if _, held := b.Addons[name]; !held && a.Lifecycle.Level(minor) != bundle.Refused {
				t.Errorf("bundle %s does not hold %s, whose lifecycle supports it", minor, name)
			}
		}
	}
}

// expected are the refusals that are right for a choice; one without any resolves.
func (c choice) expected(held map[string]bundle.Entry) []string {
	var all []string
	addon := map[string]string{"nginx": "ingress-nginx"}
	for _, chosen := range []string{c.cni, c.ingress} {
		name := cmp.Or(addon[chosen], chosen)
		switch _, ok := held[name]; {
		case chosen == clusterfile.None || ok:
		case name == "weave" && clusterfile.CompareMinors(c.minor, "1.34") >= 0:
			all = append(all, "c.yaml:4: cni asks for weave, which does not support Kubernetes "+c.minor+"; ")
		default:
			all = append(all, "asks for "+name+", which the bundle "+c.minor+" does not hold; choose one of its addons: ")
		}
	}
	if _, ok := held["scaleway-csi"]; !ok && c.csi {
		all = append(all, "asks for scaleway-csi, which the bundle "+c.minor+" does not hold; choose one of its addons: ")
	}
	if _, cilium := held["cilium"]; !c.kubeProxy && (c.cni != "cilium" || !cilium) {
		all = append(all, "c.yaml:7: kubeProxy.enabled leaves nothing that provides services, which coredns requires; "+
			"choose one that does: cilium (cni), kube-proxy (kubeProxy.enabled)")
	}
	return all
}

// Every choice resolves to exactly one addon for each role that it asks for, or is refused for the right reasons.
func TestEveryChoiceResolves(t *testing.T) {
	c := embedded(t)
	for _, choice := range choices(c.Minors()) {
		b, _ := c.Bundle(choice.minor)
		r, err := resolve(t, c, choice.String())
		if expected := choice.expected(b.Addons); len(expected) > 0 {
			faults := strictyaml.Faults(nil)
			if !errors.As(err, &faults) || len(faults) != len(expected) {
				t.Fatalf("%sgot  %v\nwant %q", choice, err, expected)
			}
			for _, want := range expected {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%sgot  %v\nwant %s", choice, err, want)
				}
			}
			continue
		}
		if err != nil {
			t.Errorf("%s%v", choice, err)
			continue
		}
		choice.judge(t, c, r)
	}
}

// judge checks a resolved choice: its roles, its CNI, its versions, and that the chart has every image that it names.
func (c choice) judge(t *testing.T, catalogue *bundle.Catalogue, r *bundle.Resolved) {
	t.Helper()
	want := []string{"dns", "metrics", "node-health"}
	for role, asked := range map[string]bool{"cni": c.cni != clusterfile.None, "ingress": c.ingress != clusterfile.None, "proxy": c.kubeProxy, "storage": c.csi} {
		if asked {
			want = append(want, role)
		}
	}
	var got []string
	for _, a := range r.Addons {
		got = append(got, a.Role)
		if a.Role == "cni" && a.Name != c.cni {
			t.Errorf("%sthe network is %s", c, a.Name)
		}
		if a.Version == "" || strings.Contains(a.Version, "v") {
			t.Errorf("%sthe version of %s is %q", c, a.Name, a.Version)
		}
		text, err := catalogue.ChartValues(a.Name, a.Line)
		var defaults struct{ Images map[string]string }
		if err := errors.Join(err, yaml.Unmarshal(text, &defaults)); err != nil {
			t.Fatal(err)
		}
		for name := range defaults.Images {
			if image := a.Images[name]; !strings.Contains(image, "/") || !strings.Contains(image, ":") || strings.Contains(image, " ") {
				t.Errorf("%simage %s of %s is %q", c, name, a.Name, image)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%sroles %v, want %v", c, got, want)
	}
}
