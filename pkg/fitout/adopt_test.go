package fitout_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"sigs.k8s.io/yaml"
)

// installed is a cluster in which another installer has put its addons.
func installed(t *testing.T, manager, file string) *memory {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/adopt", file))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory()
	for _, o := range objects {
		m.create(o, manager)
	}
	return m
}

// planFor is what the bundle 1.36 has for a cluster file.
func planFor(t *testing.T, text string) *fitout.Plan {
	t.Helper()
	file, err := clusterfile.Read("c.yaml", strings.NewReader("apiVersion: fitout.dev/v1alpha1\nkind: Cluster\nkubernetesVersion: v1.36.4\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := fitout.Prepare(catalogue(t), file, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lostIn are the settings for whose loss a run is refused.
func lostIn(t *testing.T, m *memory, p *fitout.Plan) []string {
	t.Helper()
	_, err := apply(m, p, fitout.ApplyOptions{Policies: changeset.Options{Adopt: true}})
	var refused *fitout.RefusedError
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	var lines []string
	if refused != nil {
		for _, r := range refused.Refusals {
			lines = append(lines, r.Object.Kind+" "+r.Object.Name+": "+r.Reason)
		}
	}
	return lines
}

// What kubeadm and k3s have set is refused to be taken over, then listed line by line, carried over into a cluster file, and
// what is still lost goes only once it is accepted. A second run changes nothing.
func TestAdoptInstallers(t *testing.T) {
	for name, test := range map[string]struct {
		manager, file, cluster string
		lost                   []string // among others, of a bare cluster file
		carried                []string // parts of the file that is printed
		stays                  []string // in the Corefile and the keys of the ConfigMap afterwards
		told                   []string // while it is taken over
	}{
		"kubeadm": {"kubeadm", "kubeadm.yaml", "cni: flannel\ncsi: none\nnetwork: {dnsDomain: k8s.example.org}\n", []string{
			"ConfigMap coredns: Corefile line ", "ConfigMap kube-proxy: data.config.conf.mode is ipvs, becomes iptables",
			"ConfigMap kube-proxy: data.config.conf.ipvs.strictARP is true, ", "ConfigMap kube-proxy: data.config.conf.nodePortAddresses is ",
			"Deployment coredns: spec.replicas is 2, becomes 1",
		}, []string{"mode: ipvs", "strictARP: true", "192.0.2.53", "192.0.2.10 git.example.org", "replicas: 2"}, []string{"example.org:53 {", "192.0.2.54", "192.0.2.10 git.example.org"}, []string{"kept in ConfigMap kube-system/coredns: server block example.org:53"}},
		"k3s": {"deploy@node-1", "k3s.yaml", "cni: flannel\ncsi: none\nkubeProxy: {enabled: false}\naddons: {kube-proxy: {enabled: false}}\n", []string{
			"ConfigMap coredns: Corefile line ",
		}, nil, []string{"NodeHosts: |", "example.com.db: |", "www.example.com. IN A 192.0.2.80"}, []string{"import /etc/coredns/custom/*.server"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := installed(t, test.manager, test.file)
			p := planFor(t, test.cluster)
			ignore := []string{"all"}
			if _, err := apply(m, p, fitout.ApplyOptions{IgnoreExisting: ignore}); err == nil || !strings.Contains(err.Error(), "installed by "+test.manager) || m.writes != len(m.objects) {
				t.Fatalf("without --adopt: %v", err)
			}
			lines := lostIn(t, m, p)
			for _, want := range test.lost {
				if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
					t.Errorf("%q is not said to be lost:\n%s", want, strings.Join(lines, "\n"))
				}
			}
			file, _, err := fitout.Adoptable(t.Context(), m, p)
			if err != nil {
				t.Fatal(err)
			}
			delete(file, "apiVersion")
			delete(file, "kind")
			delete(file, "kubernetesVersion")
			text, err := yaml.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.carried {
				if !strings.Contains(string(text), want) {
					t.Errorf("%q is not carried over:\n%s", want, text)
				}
			}
			carried := planFor(t, withoutDoubles(test.cluster, string(text)))
			if left := lostIn(t, m, carried); len(test.carried) > 0 && len(left) >= len(lines) {
				t.Errorf("nothing is carried over: %s", strings.Join(left, "\n"))
			}
			all := fitout.ApplyOptions{IgnoreExisting: ignore, Policies: changeset.Options{Adopt: true, Accept: changeset.Names{"all"}}}
			told := &notes{}
			all.Timing, all.Version = fitout.DefaultTiming, "test"
			if _, err := fitout.Apply(t.Context(), m, carried, all, told); err != nil {
				t.Fatal(err)
			}
			for _, want := range test.told {
				if !strings.Contains(strings.Join(told.lines, "\n"), want) {
					t.Errorf("%q is not told:\n%s", want, strings.Join(told.lines, "\n"))
				}
			}
			after, err := yaml.Marshal(m.objects[manifest.ID{Kind: "ConfigMap", Namespace: "kube-system", Name: "coredns"}].Object["data"])
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.stays {
				if !strings.Contains(string(after), want) {
					t.Errorf("%q is gone:\n%s", want, after)
				}
			}
			if strings.Contains(string(after), "import /etc/coredns/custom/*.override") {
				t.Errorf("a folder is imported that nothing mounts:\n%s", after)
			}
			writes := m.writes
			if r, err := apply(m, carried, fitout.ApplyOptions{IgnoreExisting: ignore}); err != nil || m.writes != writes {
				t.Errorf("the second run wrote %d times, %v: %s", m.writes-writes, err, r.Outcome())
			}
		})
	}
}

// withoutDoubles joins two parts of a cluster file; fields of the second go before those of the first.
func withoutDoubles(a, b string) string {
	var first, second map[string]any
	if yaml.Unmarshal([]byte(a), &first) != nil || yaml.Unmarshal([]byte(b), &second) != nil {
		return a
	}
	merged, err := yaml.Marshal(overlaid(first, second))
	if err != nil {
		return a
	}
	return string(merged)
}

func overlaid(base, over map[string]any) map[string]any {
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		if own, both := base[key].(map[string]any); isMap && both {
			value = overlaid(own, inner)
		}
		base[key] = value
	}
	return base
}
