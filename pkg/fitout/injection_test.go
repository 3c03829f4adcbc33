package fitout_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"sigs.k8s.io/yaml"
)

// hostile are strings that end a scalar, a line, a list or a mapping of YAML, JSON and a Corefile, if they are not quoted.
var hostile = []string{"2\n  injected: true", `x", "injected": "y`, "x: {injected # '"}

// eachLeaf calls each for the path of every single value, with the value.
func eachLeaf(value any, path []string, each func(path []string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			eachLeaf(v[key], append(path[:len(path):len(path)], key), each)
		}
	case []any:
		for i, entry := range v {
			eachLeaf(entry, append(path[:len(path):len(path)], fmt.Sprint(i)), each)
		}
	default:
		each(path, value)
	}
}

// with returns value with another leaf at path; value is not changed.
func with(value any, path []string, leaf any) any {
	if len(path) == 0 {
		return leaf
	}
	switch v := value.(type) {
	case map[string]any:
		v = maps.Clone(v)
		v[path[0]] = with(v[path[0]], path[1:], leaf)
		return v
	case []any:
		v = slices.Clone(v)
		for i := range v {
			if fmt.Sprint(i) == path[0] {
				v[i] = with(v[i], path[1:], leaf)
			}
		}
		return v
	}
	panic("no such path")
}

// only returns value without anything but what leads to path, with another leaf there. Lists are whole.
func only(value any, path []string, leaf any) any {
	if v, isMap := value.(map[string]any); isMap && len(path) > 0 {
		return map[string]any{path[0]: only(v[path[0]], path[1:], leaf)}
	}
	return with(value, path, leaf)
}

// injected says where two renderings differ in more than strings that hold text, and numbers: "" if nowhere.
func injected(before, after any, text, at string) string {
	switch b := before.(type) {
	case map[string]any:
		a, _ := after.(map[string]any)
		if !slices.Equal(slices.Sorted(maps.Keys(b)), slices.Sorted(maps.Keys(a))) {
			return fmt.Sprintf("%s has the keys %v", at, slices.Sorted(maps.Keys(a)))
		}
		for key := range b {
			if found := injected(b[key], a[key], text, at+"."+key); found != "" {
				return found
			}
		}
		return ""
	case []any:
		a, _ := after.([]any)
		if len(a) != len(b) {
			return fmt.Sprintf("%s has %d entries instead of %d", at, len(a), len(b))
		}
		for i := range b {
			if found := injected(b[i], a[i], text, fmt.Sprintf("%s[%d]", at, i)); found != "" {
				return found
			}
		}
		return ""
	}
	if b, isText := before.(string); isText && strings.Contains(b, "\n") {
		return injectedText(b, fmt.Sprint(after), text, at)
	}
	if s, isString := after.(string); isString && (strings.Contains(s, text) || strings.HasSuffix(at, "fitout.dev/config")) {
		return ""
	}
	if _, isString := before.(string); !isString && reflect.TypeOf(before) == reflect.TypeOf(after) {
		return "" // a number
	}
	if reflect.DeepEqual(before, after) {
		return ""
	}
	return fmt.Sprintf("%s is %v", at, after)
}

// injectedText compares the text of a file: what is YAML or JSON by its content, and all else by its number of lines.
func injectedText(before, after, text, at string) string {
	var b, a map[string]any
	if yaml.Unmarshal([]byte(before), &b) == nil {
		if err := yaml.Unmarshal([]byte(after), &a); err != nil {
			return at + " is not YAML any more"
		}
		return injected(b, a, text, at)
	}
	if strings.Count(before, "\n") != strings.Count(after, "\n") {
		return at + " has other lines"
	}
	return ""
}

// content is the objects in the order of their IDs, with a harmless word for text: a namespace may come from a value.
func content(objects []*manifest.Object, text string) any {
	objects = slices.SortedFunc(slices.Values(objects), func(a, b *manifest.Object) int {
		return strings.Compare(strings.ReplaceAll(manifest.IDOf(a).String(), text, "harmless"), strings.ReplaceAll(manifest.IDOf(b).String(), text, "harmless"))
	})
	var all []any
	for _, o := range objects {
		all = append(all, o.Object)
	}
	return all
}

// charts calls each for every chart once, with a cluster that selects it.
func charts(t *testing.T, c *bundle.Catalogue, each func(resolved *bundle.Resolved, addon int, defaults map[string]any)) {
	t.Helper()
	seen := map[string]bool{}
	for _, minor := range c.Minors() {
		for _, cluster := range clusters(minor) {
			completed, _, err := clusterfile.Complete(clusterfile.File{Cluster: cluster}, nil, c.Offers())
			if err != nil {
				t.Fatal(err)
			}
			resolved, err := c.Resolve(completed)
			if err != nil {
				continue // weave is not in every bundle
			}
			for i, a := range resolved.Addons {
				chart := a.Name + "/" + a.Line
				if seen[chart] {
					continue
				}
				seen[chart] = true
				each(resolved, i, defaultsOf(t, a.Chart))
			}
		}
	}
	if len(seen) < 18 {
		t.Fatalf("only %d charts were tried", len(seen))
	}
}

func clusters(minor string) []clusterfile.Cluster {
	var all []clusterfile.Cluster
	for _, cni := range []string{"cilium", "calico", "flannel", "weave"} {
		for _, ingress := range []string{"nginx", "traefik"} {
			all = append(all, clusterfile.Cluster{KubernetesVersion: minor, CNI: cni, Ingress: ingress, ControlPlane: clusterfile.InCluster})
		}
	}
	return all
}

func defaultsOf(t *testing.T, chart fs.FS) map[string]any {
	t.Helper()
	text, err := fs.ReadFile(chart, "values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// A value never adds anything to the objects but itself, even where no schema has looked at it before.
func TestValuesInjectNothing(t *testing.T) {
	c := catalogue(t)
	charts(t, c, func(resolved *bundle.Resolved, addon int, defaults map[string]any) {
		alone := *resolved
		alone.Addons = []bundle.ResolvedAddon{resolved.Addons[addon]}
		a := alone.Addons[0]
		before, err := render.Bundle(&alone)
		if err != nil {
			t.Fatal(err)
		}
		eachLeaf(over(defaults, a.Values), nil, func(path []string, value any) {
			if _, isBool := value.(bool); isBool {
				return // it decides what is rendered; schemas admit true and false alone
			}
			before := before
			alone.Addons[0].Values = with(over(defaults, a.Values), path, "harmless").(map[string]any)
			if harmless, err := render.Bundle(&alone); err == nil {
				before = harmless // it may bring an argument that is there only if its value is
			}
			for _, text := range hostile {
				alone.Addons[0].Values = with(over(defaults, a.Values), path, text).(map[string]any)
				after, err := render.Bundle(&alone)
				if err != nil {
					continue
				}
				if found := injected(content(before.Objects(), text), content(after.Objects(), text), text, a.Name); found != "" && !inText(a, path) {
					t.Errorf("%s/%s: %s = %q: %s", a.Name, a.Line, strings.Join(path, "."), text, found)
					return
				}
			}
		})
	})
}

// inText reports whether a value stands in text that is not YAML, or in YAML inside of text: there its schema is what holds it
// (TestValuesStayInTheirPlaces, TestHostileValuesAreFaults).
func inText(a bundle.ResolvedAddon, path []string) bool {
	return slices.Contains([]string{"coredns clusterDomain", "coredns extraConfig", "coredns upstreamNameservers", "kube-proxy mode", "kube-proxy clusterCIDR", "kube-proxy apiServerURL"}, a.Name+" "+path[0])
}

// over returns base with the values of other over it.
func over(base, other map[string]any) map[string]any {
	out := maps.Clone(base)
	for key, value := range other {
		inner, isMap := value.(map[string]any)
		if old, wasMap := out[key].(map[string]any); isMap && wasMap {
			out[key] = over(old, inner)
		} else {
			out[key] = value
		}
	}
	return out
}

// A hostile string is a fault of the cluster file for every value of every chart.
func TestHostileValuesAreFaults(t *testing.T) {
	c := catalogue(t)
	charts(t, c, func(resolved *bundle.Resolved, addon int, defaults map[string]any) {
		a := resolved.Addons[addon]
		eachLeaf(over(defaults, a.Values), nil, func(path []string, _ any) {
			if path[0] == "extraConfig" && a.Name == "coredns" {
				return // lines of a Corefile, which package corefile judges
			}
			for _, text := range hostile {
				given := only(over(defaults, a.Values), path, text).(map[string]any)
				cluster := resolved.Cluster
				cluster.Addons = map[string]clusterfile.Addon{a.Name: {Values: given}}
				_, err := c.Resolve(cluster)
				var faults strictyaml.Faults
				if !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(faults[0].Field, "addons."+a.Name+".values."+path[0]) {
					t.Errorf("%s/%s: %s = %q: %v", a.Name, a.Line, strings.Join(path, "."), text, err)
					return
				}
			}
		})
	})
}

// The values that bundles make of the cluster file hold what the file says, and nothing else, whatever it says.
func TestBundleValuesInjectNothing(t *testing.T) {
	c := catalogue(t)
	set := map[string]func(*clusterfile.Cluster, string){
		"podCIDR":     func(f *clusterfile.Cluster, s string) { f.Network.PodCIDR = s },
		"dnsAddress":  func(f *clusterfile.Cluster, s string) { f.Network.DNSAddress = s },
		"dnsDomain":   func(f *clusterfile.Cluster, s string) { f.Network.DNSDomain = s },
		"apiEndpoint": func(f *clusterfile.Cluster, s string) { f.Network.APIEndpoint = "https://" + s },
		"mode":        func(f *clusterfile.Cluster, s string) { f.KubeProxy.Mode = s },
	}
	charts(t, c, func(resolved *bundle.Resolved, addon int, _ map[string]any) {
		a := resolved.Addons[addon]
		for field, change := range set {
			for _, text := range hostile {
				cluster := resolved.Cluster
				change(&cluster, text)
				after, err := c.Resolve(cluster)
				if err != nil {
					continue
				}
				if found := injected(a.Values, after.Addons[addon].Values, text, a.Name); found != "" && field != "apiEndpoint" {
					t.Errorf("%s/%s: %s = %q: %s", a.Name, a.Line, field, text, found)
				}
			}
		}
	})
}

// What is not valid in a cluster file is a fault with exit code 2, not an error of a template.
func TestHostileClusterFiles(t *testing.T) {
	c := catalogue(t)
	for _, field := range []string{"name", "kubernetesVersion", "network: {podCIDR", "network: {serviceCIDR", "network: {dnsAddress", "network: {dnsDomain", "network: {apiEndpoint", "kubeProxy: {mode", "csi", "cni", "ingress", "controlPlane"} {
		for _, text := range append(hostile, `https://a"b:6443`, "https://a:70000", "https://a#b", "https://u:p@a") {
			quoted, err := yaml.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			document := "apiVersion: fitout.dev/v1alpha1\nkind: Cluster\n" + strings.ReplaceAll(field, "{", "\n  ") + ": " + jsonText(quoted) + "\n"
			file, read := clusterfile.Read("c.yaml", strings.NewReader(document))
			_, err = fitout.Prepare(c, file, nil, read)
			var faults strictyaml.Faults
			if !errors.As(err, &faults) || faults[0].Line == 0 {
				t.Errorf("%s: %q: %v", field, text, err)
			}
		}
	}
}

func jsonText(text []byte) string {
	out, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
