package bundle_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/chartvalues"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const nameserver = "an address such as 192.0.2.53, 192.0.2.53:5353 or tls://192.0.2.53, or a file such as /etc/resolv.conf"

// Values that cannot work are faults with their lines, all at once; what works is none.
func TestValuesThatCannotWork(t *testing.T) {
	c := embedded(t)
	for text, want := range map[string]string{
		"addons: {coredns: {values: {upstreamNameservers: []}}}": "c.yaml:3: addons.coredns.values.upstreamNameservers is an empty list; give a list of 1 to 15, each " + nameserver,
		"addons:\n  coredns:\n    values:\n      upstreamNameservers: [dns.corp.example]\n      replicas: 0\n      clusterIP: 10.99.0.10": "" +
			"c.yaml:7: addons.coredns.values.replicas is 0; give a whole number from 1 to 1000\n" +
			"c.yaml:6: addons.coredns.values.upstreamNameservers[0] is \"dns.corp.example\"; give " + nameserver,
		"addons: {coredns: {values: {clusterIP: 10.99.0.10}}}":                                                                 "c.yaml:3: addons.coredns.values.clusterIP is 10.99.0.10, but network.dnsAddress is 10.32.0.10; remove it, and set network.dnsAddress to the address that the kubelets were given",
		"addons: {coredns: {values: {upstreamNameservers: [127.0.0.53]}}}":                                                     "c.yaml:3: addons.coredns.values.upstreamNameservers names a loopback address, which is CoreDNS itself in its pod; give the address of a resolver outside the cluster",
		"addons: {coredns: {values: {upstreamNameservers: ['[::1]:53']}}}":                                                     "c.yaml:3: addons.coredns.values.upstreamNameservers names a loopback address, which is CoreDNS itself in its pod; give the address of a resolver outside the cluster",
		"addons: {coredns: {values: {upstreamNameservers: ['127.0.0.1:5353', 'fd00::53']}}}":                                   "",
		"addons: {coredns: {values: {upstreamNameservers: [10.32.0.10]}}}":                                                     "c.yaml:3: addons.coredns.values.upstreamNameservers names 10.32.0.10, the cluster DNS itself; give the address of a resolver outside the cluster",
		"addons: {coredns: {values: {cacheSeconds: '30'}}}":                                                                    `c.yaml:3: addons.coredns.values.cacheSeconds is the string "30"; give a whole number from 1 to 604800`,
		"addons: {coredns: {values: {replica: 2}}}":                                                                            "c.yaml:3: addons.coredns.values.replica is not a value of its chart; did you mean replicas? Allowed: cacheSeconds, clusterDomain, clusterIP, extraConfig, images, networkPolicy, replicas, resources, upstreamNameservers",
		"addons: {coredns: {values: {x: 2}}}":                                                                                  "c.yaml:3: addons.coredns.values.x is not a value of its chart; fitout bundles show 1.36 coredns lists them",
		"addons: {coredns: {values: {images: {coredns: registry.corp.internal:5000/coredns/coredns:v1.14.2}}}}":                "",
		"addons: {coredns: {resources: {coredns: {limits: {memory: 50Mi}}}}}":                                                  "c.yaml:3: addons.coredns.resources.coredns.limits.memory is 50Mi, below the request of 70Mi of container coredns; raise the limit, or lower requests.memory",
		"addons: {coredns: {resources: {'*': {requests: {memory: 1Gi}}}}}":                                                     "c.yaml:3: addons.coredns.resources.*.requests.memory is 1Gi, above the limit of 170Mi of container coredns; lower the request, or raise limits.memory",
		"addons: {coredns: {values: {resources: {coredns: {limits: {memory: 1Mi}}}}}}":                                         "c.yaml:3: addons.coredns.values.resources.coredns.limits.memory is 1Mi, below the request of 70Mi of container coredns; raise the limit, or lower requests.memory",
		"addons: {coredns: {values: {resources: {coredns: {limits: null}}}, resources: {coredns: {requests: {memory: 1Gi}}}}}": "",
		"cni: flannel\naddons:\n  flannel: {values: {backend: hostgw}}":                                                        `c.yaml:5: addons.flannel.values.backend is "hostgw"; did you mean host-gw? Allowed: vxlan, host-gw`,
		"cni: calico\naddons:\n  calico: {values: {encapsulation: vxlan, mtu: 100}}": "" +
			`c.yaml:5: addons.calico.values.encapsulation is "vxlan"; did you mean VXLAN? Allowed: VXLAN, VXLANCrossSubnet, IPIP, IPIPCrossSubnet, None`,
		"cni: calico\naddons:\n  calico: {values: {mtu: 100, podCIDR: 10.32.0.0/16}}": "" +
			"c.yaml:5: addons.calico.values.podCIDR is 10.32.0.0/16, which overlaps the service CIDR 10.32.0.0/20; remove it to take network.podCIDR, or give a range that does not overlap\n" +
			"c.yaml:5: addons.calico.values.mtu is 100, less than every IPv4 network carries; give 576 or more, or remove it to keep the default",
		"kubernetesVersion: 1.18\nkubeProxy:\n  mode: nftables\naddons: {kube-proxy: {values: {conntrackMaxPerCore: 0}}}": "c.yaml:5: kubeProxy.mode is nftables, which kube-proxy has from Kubernetes 1.31; use iptables",
		"kubernetesVersion: 1.18\naddons: {kube-proxy: {values: {mode: nftables}}}":                                       `c.yaml:4: addons.kube-proxy.values.mode is "nftables"; did you mean iptables? Allowed: iptables, ipvs`,
		"kubernetesVersion: 1.36\nkubeProxy: {mode: nftables}":                                                            "",
		"cni: cilium\nkubeProxy: {enabled: false}\naddons: {cilium: {values: {k8sServiceHost: '', kubeProxyReplacement: false}}}": "" +
			"c.yaml:5: addons.cilium.values.kubeProxyReplacement is false, and so is kubeProxy.enabled; nothing would serve Services; remove it, or set kubeProxy.enabled to true\n" +
			"c.yaml:5: addons.cilium.values.k8sServiceHost is empty, but without kube-proxy nothing leads to the API server's Service address; remove it to take the host of network.apiEndpoint",
		"addons: {metrics-server: {values: {metricResolution: 5s}}}":                    "c.yaml:3: addons.metrics-server.values.metricResolution is 5s, but the kubelets measure every 10 seconds; give 10s or more",
		"addons: {metrics-server: {values: {metricResolution: 15}}}":                    "c.yaml:3: addons.metrics-server.values.metricResolution is the number 15; give a time such as 15s or 1m30s",
		"kubernetesVersion: 1.16\naddons: {scaleway-csi: {values: {snapshots: true}}}":  "c.yaml:4: addons.scaleway-csi.values.snapshots is true, but snapshots need Kubernetes 1.17; remove it",
		"ingress: nginx\naddons: {ingress-nginx: {values: {config: {use-gzip: true}}}}": "c.yaml:4: addons.ingress-nginx.values.config.use-gzip is the boolean true; give a string",
		"cni: none\naddons: {kube-proxy: {enabled: false}}":                             "",
	} {
		file := text
		if !strings.Contains(file, "kubernetesVersion") {
			file += "\nkubernetesVersion: 1.36"
		}
		_, err := resolve(t, c, file)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

// chartSchemas calls each for every chart that a bundle has, with its schema as JSON.
func chartSchemas(t *testing.T, each func(chart string, schema map[string]any)) {
	t.Helper()
	files, err := fs.Glob(addons.FS, "*/*/Chart.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(addons.FS, path.Join(path.Dir(file), chartvalues.SchemaFile))
		if err != nil {
			t.Errorf("%v; every chart has a schema", err)
			continue
		}
		var schema map[string]any
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		each(path.Dir(file), schema)
	}
}

// Every value of a chart has a schema with a description, and every mapping of known keys is closed.
func TestSchemasAreComplete(t *testing.T) {
	shared := map[string]any{}
	chartSchemas(t, func(chart string, schema map[string]any) {
		text, err := fs.ReadFile(addons.FS, chart+"/values.yaml")
		if err != nil {
			t.Fatal(err)
		}
		defaults := map[string]any{}
		if err := yaml.Unmarshal(text, &defaults); err != nil {
			t.Fatal(err)
		}
		properties := schema["properties"].(map[string]any)
		if got, want := slices.Sorted(maps.Keys(properties)), slices.Sorted(maps.Keys(defaults)); !slices.Equal(got, want) {
			t.Errorf("addons/%s: the schema has %v, values.yaml %v", chart, got, want)
		}
		closed(t, chart, schema)
		for name, definition := range schema["$defs"].(map[string]any) {
			if first, ok := shared[name]; ok && !cmp.Equal(first, definition) {
				t.Errorf("addons/%s: $defs.%s differs from other charts'", chart, name)
			}
			shared[name] = definition
		}
	})
}

func closed(t *testing.T, at string, schema map[string]any) {
	t.Helper()
	properties, _ := schema["properties"].(map[string]any)
	if len(properties) > 0 && schema["additionalProperties"] != false {
		t.Errorf("%s: has no additionalProperties: false", at)
	}
	for name, p := range properties {
		property := p.(map[string]any)
		if property["description"] == nil {
			t.Errorf("%s.%s: has no description", at, name)
		}
		closed(t, at+"."+name, property)
	}
}

// What bundles give to charts meets their schemas, in every combination.
func TestBundlesMeetTheSchemas(t *testing.T) {
	c := embedded(t)
	schemas := map[string]*chartvalues.Schema{}
	for _, minor := range c.Minors() {
		for _, combo := range combination.Of(c, minor) {
			cluster, _, err := clusterfile.Complete(combo.File, nil, c.Offers())
			if err != nil {
				t.Fatal(err)
			}
			resolved, err := c.Resolve(cluster)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range resolved.Addons {
				meets(t, c, schemas, minor+" "+combo.Name(), a)
			}
		}
	}
}

func meets(t *testing.T, c *bundle.Catalogue, schemas map[string]*chartvalues.Schema, name string, a bundle.ResolvedAddon) {
	t.Helper()
	chart := a.Name + "/" + a.Line
	if schemas[chart] == nil {
		schema, err := c.Schema(a.Name, a.Line)
		if err != nil {
			t.Fatal(err)
		}
		schemas[chart] = schema
	}
	text, err := fs.ReadFile(a.Chart, "values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	for key, value := range a.Values {
		inner, isMap := value.(map[string]any)
		if old, wasMap := values[key].(map[string]any); isMap && wasMap {
			maps.Copy(old, inner)
			continue
		}
		values[key] = value
	}
	for _, f := range schemas[chart].Check(values) {
		if strings.HasPrefix(f.Field(), "images.") && strings.HasSuffix(f.Problem, `""`) {
			continue // not of this minor, and not rendered
		}
		t.Errorf("%s: %s: %s %s", name, chart, f.Field(), f.Problem)
	}
}
