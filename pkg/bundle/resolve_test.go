package bundle_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

// resolve resolves a cluster file without its first two lines.
func resolve(t *testing.T, c *bundle.Catalogue, text string) (*bundle.Resolved, error) {
	t.Helper()
	file, err := clusterfile.Read("c.yaml", strings.NewReader("apiVersion: fitout.dev/v1alpha1\nkind: Cluster\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	cluster, _, err := clusterfile.Complete(file, nil, c.Offers())
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Resolve(cluster)
	return r, file.Locate(err)
}

func small(t *testing.T, f files) *bundle.Catalogue {
	t.Helper()
	c, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// print is a resolved bundle on a line per addon, capability and warning.
func print(r *bundle.Resolved) string {
	var out strings.Builder
	fmt.Fprintln(&out, r.Minor)
	for _, a := range r.Addons {
		values, err := json.Marshal(a.Values)
		if err != nil {
			values = []byte(err.Error())
		}
		fmt.Fprintf(&out, "%s/%s %s %s", a.Name, a.Line, a.Version, values)
		for _, p := range a.Patches {
			fmt.Fprintf(&out, " patch %s: %s", p.Target.Kind, p.Patch)
		}
		for name, r := range a.Resources {
			fmt.Fprintf(&out, " %s: %v %v", name, r.Requests, r.Limits)
		}
		fmt.Fprintln(&out)
	}
	for _, e := range r.External {
		if e != "ingress" { // of nearly every test here: TestChoices looks at it
			fmt.Fprintln(&out, "external:", e)
		}
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(&out, "warning:", w)
	}
	return out.String()
}

func TestResolve(t *testing.T) {
	c := small(t, catalogueFiles())
	const dns = `dns/1 1.14.2 {"address":"10.32.0.10","images":{},"limits":{"cpu":2}}` + "\n"
	const proxy = `proxy/1 1.36.4 {"images":{"proxy":"kube-proxy:v1.36.4"}} patch DaemonSet: a: b` + "\n"
	const cilium = `cilium/1 1.1.0 {"images":{"agent":"cilium:1.1.0"},"port":6443,"replace":false}` + "\n"
	const untested = "warning: cilium is not tested upstream on Kubernetes 1.36\n"
	for name, test := range map[string]struct{ text, want string }{
		"the newest": {"", "1.36\n" + cilium + dns + proxy + untested},
		"of another minor, deprecated": {"kubernetesVersion: 1.35.1\ncni: weave", `1.35
dns/1 1.13.0 {"images":{}}
proxy/1 v1.35.1 {"images":{}}
weave/2 2.8.1 {"images":{}}
warning: weave is deprecated on Kubernetes 1.35: no release since 2021; use cilium or calico instead
`},
		"services from somebody else": {"cni: none\nkubeProxy: {enabled: false}\naddons: {proxy: {enabled: false}}", "1.36\n" + dns + "external: network\nexternal: services\n"},
		"without kube-proxy":          {"kubeProxy: {enabled: false}", "1.36\n" + strings.Replace(cilium, `"replace":false`, `"replace":true`, 1) + dns + untested},
		"untested, with advice": {"cni: none\ningress: nginx", "1.36\n" + dns + proxy + `web/1 1.15.1 {"images":{}}
external: network
warning: web is not tested upstream on Kubernetes 1.36: retired upstream; use traefik instead
`},
		"brought by the user": {"addons: {cilium: {enabled: false}, proxy: {enabled: false}}", "1.36\n" + dns + "external: network\nexternal: services\n"},
		"enabled twice":       {"cni: none\naddons: {proxy: {enabled: true}, dns: {enabled: true}}", "1.36\n" + dns + proxy + "external: network\n"},
		"enabled by name":     {"cni: none\ningress: web\naddons: {dns: {enabled: false}}", "1.36\n" + proxy + "web/1 1.15.1 {\"images\":{}}\nexternal: dns\nexternal: network\nwarning: web is not tested upstream on Kubernetes 1.36: retired upstream; use traefik instead\n"},
		"the user's values and resources": {"cni: none\naddons:\n  dns:\n    values: {address: ~, nodeSelector: {a: b}, limits: {memory: 3}, hosts: [x], extra: {y: z}, images: {dns: mine}}\n    resources: {dns: {limits: {cpu: 1}}}",
			"1.36\n" + `dns/1 1.14.2 {"address":null,"extra":{"y":"z"},"hosts":["x"],"images":{"dns":"mine"},"limits":{"cpu":2,"memory":3},"nodeSelector":{"a":"b"}} dns: map[] map[cpu:1]` + "\n" + proxy + "external: network\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := resolve(t, c, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, print(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	c := small(t, catalogueFiles())
	for name, test := range map[string]struct{ text, want string }{
		"older minor": {"kubernetesVersion: v1.20.3", "c.yaml:3: kubernetesVersion is v1.20.3, for which there is no bundle; the nearest is 1.35; there are bundles for 1.35, 1.36"},
		"newer minor": {"kubernetesVersion: 2.1", "c.yaml:3: kubernetesVersion is 2.1, for which there is no bundle; the nearest is 1.36; there are bundles for 1.35, 1.36"},
		"refused addon, and nothing about what it would provide": {"cni: weave",
			"c.yaml:3: cni asks for weave, which does not support Kubernetes 1.36; no release since 2021; use cilium or calico instead"},
		"no kube-proxy without its replacement": {"cni: none\nkubeProxy: {enabled: false}",
			"c.yaml:4: kubeProxy.enabled leaves nothing that provides services, which dns requires; choose one that does: cilium (cni), proxy (kubeProxy.enabled); or set addons.proxy.enabled: false if the cluster has it from somebody else"},
		"a second network": {"addons: {weave: {enabled: true}}", "c.yaml:3: addons.weave.enabled is true, but cni does not choose weave; set cni instead"},
		"kube-proxy, off and on": {"cni: none\nkubeProxy: {enabled: false}\naddons: {proxy: {enabled: true}}",
			"c.yaml:5: addons.proxy.enabled is true, but kubeProxy.enabled does not choose proxy; set kubeProxy.enabled instead"},
		"unknown addons": {"addons: {cillium: {}, calico-typha: {}}",
			"c.yaml:3: addons.calico-typha is not an addon; use one of cilium, dns, proxy, weave, web\nc.yaml:3: addons.cillium is not an addon; did you mean cilium?"},
		"values": {"addons:\n  dns:\n    values:\n      adress: x\n      limits:\n        gpu: 1\n      hosts: x\n      address: {a: b}\n      nodeSelector: [x]",
			"c.yaml:10: addons.dns.values.address is a mapping; give a single value\n" +
				"c.yaml:6: addons.dns.values.adress is not a value of its chart; fitout bundles show 1.36 dns lists them\n" +
				"c.yaml:9: addons.dns.values.hosts is a single value; give a list\n" +
				"c.yaml:8: addons.dns.values.limits.gpu is not a value of its chart; fitout bundles show 1.36 dns lists them\n" +
				"c.yaml:11: addons.dns.values.nodeSelector is a list; give a mapping"},
		"everything at once": {"cni: weave\nkubeProxy: {enabled: false}\naddons: {dns: {values: {a: 1}}, x: {}}",
			"c.yaml:5: addons.dns.values.a is not a value of its chart; fitout bundles show 1.36 dns lists them\n" +
				"c.yaml:3: cni asks for weave, which does not support Kubernetes 1.36; no release since 2021; use cilium or calico instead\n" +
				"c.yaml:5: addons.x is not an addon; use one of cilium, dns, proxy, weave, web\n" +
				"c.yaml:4: kubeProxy.enabled leaves nothing that provides services, which dns requires; choose one that does: cilium (cni), proxy (kubeProxy.enabled); or set addons.proxy.enabled: false if the cluster has it from somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(t, c, test.text)
			faults := strictyaml.Faults(nil)
			if !errors.As(err, &faults) {
				t.Fatalf("%T: %v", err, err)
			}
			if diff := cmp.Diff(test.want, faults.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResolveOverOtherBundles(t *testing.T) {
	const minor = "bundles/1.36.yaml"
	base := catalogueFiles()
	for name, test := range map[string]struct {
		files      files
		text, want string
	}{
		"addons that the bundle lacks": {
			base.with(minor, `  web: {chart: "1", version: 1.15.1}`, "").with(minor, "  dns:", "  #dns:"), "cni: none\ningress: nginx",
			"c.yaml: addons.dns.enabled asks for dns, which the bundle 1.36 does not hold; choose one of its addons: cilium, proxy\n" +
				"c.yaml:4: ingress asks for web, which the bundle 1.36 does not hold; choose one of its addons: cilium, proxy",
		},
		"a provider whose main job is another": {
			base.with("addons/proxy/addon.yaml", "provides: [services]", ""), "cni: none",
			"c.yaml:3: cni leaves nothing that provides services, which dns requires; choose one that does: cilium (cni)",
		},
		"a minor between two bundles": {
			base.with("bundles/1.40.yaml", "", bundleHeader+"kubernetes: '1.40'\ntestedVersion: v1.40.0\naddons: {}\n"), "kubernetesVersion: 1.38",
			"c.yaml:3: kubernetesVersion is 1.38, for which there is no bundle; the nearest is 1.40; there are bundles for 1.35, 1.36, 1.40",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(t, small(t, test.files), test.text)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// Faults of the catalogue are not faults of the cluster file.
func TestResolveFindsFaultsOfTheCatalogue(t *testing.T) {
	const addon, minor = "addons/dns/addon.yaml", "bundles/1.36.yaml"
	base := catalogueFiles()
	for name, test := range map[string]struct {
		files files
		want  string
	}{
		"when that is no expression":  {base.with(addon, "'true'", "'eq'"), "wrong number of args for eq"},
		"when that is no truth value": {base.with(addon, "'true'", ".cni"), `bundle 1.36: dns/addon.yaml:6: when: ".cni" is "cilium"; it must be true or false`},
		"when of an unknown field":    {base.with(addon, "'true'", ".cnj"), `map has no entry for key "cnj"`},
		"version of an unknown field": {base.with(minor, "version: 1.14.2", "version: '{{ .dns }}'"), `map has no entry for key "dns"`},
		"image of an unknown field":   {base.with(minor, "kube-proxy:{{ .k", "kube-proxy:{{ .x"), `map has no entry for key "xubernetesVersion"`},
		"values of an unknown field":  {base.with(minor, ".network.dnsAddress", ".network.dns"), `map has no entry for key "dns"`},
		"values that change":          {base.with(minor, ".network.dnsAddress", "now"), `function "now" not defined`},
		"values that are no YAML":     {base.with(minor, "address: {{", "{address: {{"), "bundle 1.36: 1.36.yaml:19: addons.dns.values: error converting YAML to JSON"},
		"values twice":                {base.with(minor, "address: {{", "limits: 1\\naddress: {{"), `key "limits" already set in map`},
		"values the chart lacks":      {base.with(minor, "address: {{", "adress: {{"), "bundle 1.36: 1.36.yaml:19: addons.dns.values: adress is not a value of its chart; values.yaml of chart 1 lists them"},
		"images the chart lacks":      {base.with(minor, "images: {agent:", "images: {agnet:"), "bundle 1.36: 1.36.yaml:11: addons.cilium.values: images.agnet is not a value of its chart; values.yaml of chart 1 lists them"},
		"values of another shape":     {base.with(minor, "cpu: 2", "cpu: [2]"), "bundle 1.36: 1.36.yaml:19: addons.dns.values: limits.cpu is a list; give a single value"},
		"no values.yaml":              {base.with("addons/dns/1/values.yaml", "", ""), "bundle 1.36: 1.36.yaml:19: addons.dns.values: open dns/1/values.yaml: file does not exist"},
		"broken values.yaml":          {base.with("addons/dns/1/values.yaml", "", "a: ["), "bundle 1.36: 1.36.yaml:19: addons.dns.values: dns/1/values.yaml: "},
		"no provider": {base.with(addon, "requires: [", "requires: [power, "),
			"addons leaves nothing that provides power, which dns requires; the bundle has no addon that provides it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(t, small(t, test.files), "")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if faults := strictyaml.Faults(nil); errors.As(err, &faults) != (name == "no provider") {
				t.Errorf("the error is a %T", err)
			}
		})
	}
}

func TestLevel(t *testing.T) {
	l := bundle.Lifecycle{Support: []bundle.Support{
		{Kubernetes: "1.9-1.18", Level: bundle.Tested}, {Kubernetes: "1.34", Level: bundle.Deprecated}, {Kubernetes: "1.35-1.37", Level: bundle.Untested}, {Kubernetes: "x", Level: bundle.Tested},
	}}
	for minor, want := range map[string]string{
		"1.8": bundle.Refused, "1.9": bundle.Tested, "1.10": bundle.Tested, "1.18": bundle.Tested, "1.19": bundle.Refused,
		"1.34": bundle.Deprecated, "1.35": bundle.Untested, "1.37": bundle.Untested, "1.38": bundle.Refused, "2.1": bundle.Refused,
	} {
		if got := l.Level(minor); got != want {
			t.Errorf("%s is %s, want %s", minor, got, want)
		}
	}
}
