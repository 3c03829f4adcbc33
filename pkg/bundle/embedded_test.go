package bundle_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
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
	minor, cni, ingress, controlPlane, csi string
	kubeProxy                              bool
}

func (c choice) String() string {
	return fmt.Sprintf("kubernetesVersion: %s\ncni: %s\ningress: %s\ncontrolPlane: %s\nkubeProxy: {enabled: %v}\ncsi: %s\n",
		c.minor, c.cni, c.ingress, c.controlPlane, c.kubeProxy, c.csi)
}

// choices are all that the cluster file admits: every network and ingress controller that any minor has.
func choices(c *bundle.Catalogue) []choice {
	named := map[string][]string{"cni": {clusterfile.None}, "ingress": {clusterfile.None}, "csi": {clusterfile.None}}
	for _, name := range c.Names() {
		if a, _ := c.Addon(name); a.When == "" {
			field, _ := a.Field()
			named[field] = append(named[field], a.Called())
		}
	}
	var all []choice
	for _, minor := range c.Minors() {
		for _, cni := range named["cni"] {
			for i, ingress := range named["ingress"] {
				for _, controlPlane := range []string{clusterfile.Managed, clusterfile.InCluster} {
					for _, kubeProxy := range []bool{true, false} {
						csi := named["csi"][(i+len(all))%len(named["csi"])] // no other choice depends on it: all, not crossed
						all = append(all, choice{minor, cni, ingress, controlPlane, csi, kubeProxy})
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

// refusals are the choices that no bundle can give, and the fault of each. Every other choice resolves.
var refusals = []struct {
	when func(choice) bool
	want string
}{
	{
		func(c choice) bool { return c.cni == "weave" && clusterfile.CompareMinors(c.minor, "1.34") >= 0 },
		"c.yaml:4: cni asks for weave, which does not support Kubernetes ",
	},
	{
		func(c choice) bool { return !c.kubeProxy && c.cni != "cilium" },
		"c.yaml:7: kubeProxy.enabled leaves nothing that provides services, which coredns requires; choose one that does: cilium (cni), kube-proxy (kubeProxy.enabled); or set addons.kube-proxy.enabled: false if the cluster has it from somebody else",
	},
}

func TestEveryChoiceResolves(t *testing.T) {
	c := embedded(t)
	for _, choice := range choices(c) {
		var want []string
		for _, refusal := range refusals {
			if refusal.when(choice) {
				want = append(want, refusal.want)
			}
		}
		r, err := resolve(t, c, choice.String())
		faults := strictyaml.Faults(nil)
		if err != nil && !errors.As(err, &faults) || len(faults) != len(want) {
			t.Errorf("%sgot  %v\nwant %q", choice, err, want)
			continue
		}
		for i, fault := range faults {
			if !strings.HasPrefix(fault.Error(), want[i]) {
				t.Errorf("%sgot  %v\nwant %s", choice, fault, want[i])
			}
		}
		if err == nil {
			choice.judge(t, r)
		}
	}
}

// imagePattern is a whole reference: a registry, a repository, a tag and perhaps a digest.
var imagePattern = regexp.MustCompile(`^[a-z0-9.-]+\.[a-z]+(/[a-z0-9._-]+)+:[A-Za-z0-9._-]+(@sha256:[0-9a-f]{64})?$`)

// judge checks a resolved choice: one addon for each role that is asked for, the right CNI, exact versions, whole images.
func (c choice) judge(t *testing.T, r *bundle.Resolved) {
	t.Helper()
	want := []string{"dns", "metrics", "node-health"}
	for role, asked := range map[string]bool{"cni": c.cni != clusterfile.None, "ingress": c.ingress != clusterfile.None, "proxy": c.kubeProxy, "storage": c.csi != clusterfile.None} {
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
		if a.Version == "" || strings.HasPrefix(a.Version, "v") {
			t.Errorf("%sthe version of %s is %q", c, a.Name, a.Version)
		}
		for name, image := range a.Images {
			if !imagePattern.MatchString(image) {
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
