package bundle_test

import (
	"errors"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/google/go-cmp/cmp"
)

// files are the texts of a small catalogue, by path.
type files map[string]string

const addonHeader = "apiVersion: fitout.dev/v1alpha1\nkind: Addon\n"
const bundleHeader = "apiVersion: fitout.dev/v1alpha1\nkind: Bundle\n"

// catalogueFiles is a catalogue with two networks, of which one replaces the proxy, a proxy, the DNS and an ingress.
func catalogueFiles() files {
	return files{
		"addons/cilium/addon.yaml": addonHeader + `name: cilium
summary: network
role: cni
provides: [network, services]
lifecycle: {support: [{kubernetes: "1.35", level: tested}, {kubernetes: "1.36", level: untested}]}
`,
		"addons/weave/addon.yaml": addonHeader + `name: weave
summary: network
role: cni
provides: [network]
lifecycle: {replacement: [cilium, calico], reason: no release since 2021, support: [{kubernetes: "1.35", level: deprecated}]}
`,
		"addons/proxy/addon.yaml": addonHeader + `name: proxy
summary: services
role: proxy
when: .kubeProxy.enabled
chosenBy: kubeProxy.enabled
provides: [services]
lifecycle: {support: [{kubernetes: "1.35-1.36", level: tested}]}
`,
		"addons/dns/addon.yaml": addonHeader + `name: dns
summary: names
role: dns
when: 'true'
provides: [dns]
requires: [network, services]
lifecycle: {support: [{kubernetes: "1.35-1.36", level: tested}]}
`,
		"addons/web/addon.yaml": addonHeader + `name: web
summary: ingress
role: ingress
alias: nginx
provides: [ingress]
requires: [dns]
lifecycle: {replacement: [traefik], reason: retired upstream, support: [{kubernetes: "1.35", level: tested}, {kubernetes: "1.36", level: untested}]}
`,
		"addons/cilium/1/Chart.yaml": "name: cilium", "addons/cilium/1/values.yaml": "images: {agent: ''}\nreplace: false\nport: 0\n",
		"addons/weave/2/Chart.yaml": "name: weave", "addons/weave/2/values.yaml": "images: {}\n",
		"addons/proxy/1/Chart.yaml": "name: proxy", "addons/proxy/1/values.yaml": "images: {proxy: ''}\n",
		"addons/dns/1/Chart.yaml": "name: dns", "addons/dns/1/values.yaml": "images: {dns: ''}\naddress: ''\nnodeSelector: {}\nlimits: {cpu: 1, memory: 1}\nhosts: []\nextra:\n",
		"addons/web/1/Chart.yaml": "name: web", "addons/web/1/values.yaml": "images: {}\n",
		"bundles/1.35.yaml": bundleHeader + `kubernetes: "1.35"
testedVersion: v1.35.8
defaults: {cni: cilium}
addons:
  cilium: {chart: "1", version: 1.0.0, values: "replace: {{ not .kubeProxy.enabled }}"}
  weave: {chart: "2", version: 2.8.1}
  proxy: {chart: "1", version: "{{ .kubernetesVersion }}"}
  dns: {chart: "1", version: 1.13.0}
  web: {chart: "1", version: 1.15.1}
`,
		"bundles/1.36.yaml": bundleHeader + `kubernetes: "1.36"
testedVersion: v1.36.4
defaults: {cni: cilium}
addons:
  cilium:
    chart: "1"
    version: 1.1.0
    images: {agent: "cilium:1.1.0"}
    values: |
      replace: {{ not .kubeProxy.enabled }}
      port: {{ .network.apiServer.port }}
  proxy:
    chart: "1"
    version: '{{ .kubernetesVersion | trimPrefix "v" }}'
    images: {proxy: "kube-proxy:{{ .kubernetesVersion }}"}
    patches: [{target: {kind: DaemonSet}, patch: "a: b"}]
  dns: {chart: "1", version: 1.14.2, values: "address: {{ .network.dnsAddress }}\nlimits: {cpu: 2}"}
  web: {chart: "1", version: 1.15.1}
`,
	}
}

// with returns f with old replaced by new in one file; where old is empty, new is the whole file, and no text is no file.
func (f files) with(path, old, new string) files {
	changed := maps.Clone(f)
	if !strings.Contains(f[path], old) {
		panic(path + " does not hold " + old)
	}
	if old == "" {
		changed[path] = new
	} else {
		changed[path] = strings.ReplaceAll(f[path], old, new)
	}
	return changed
}

// diagnosed is the catalogue with a diagnosis in the DNS addon.
func diagnosed(fields string) files {
	if !strings.Contains(fields, "cause:") {
		fields += ", cause: c"
	}
	return catalogueFiles().with("addons/dns/addon.yaml", "lifecycle:", "diagnoses: [{"+fields+", means: 'it is $1', remedy: r}]\nlifecycle:")
}

// tabled is the catalogue with edits in the DNS addon, and a table of plugins.
func tabled(edits string) files {
	return catalogueFiles().with("addons/dns/addon.yaml", "lifecycle:", edits+"\nlifecycle:").
		with("addons/dns/p.yaml", "", "apiVersion: fitout.dev/v1alpha1\nkind: CorefilePlugins\nserver: S\nfirst: 1.13.0\nlast: 1.15.0\nplugins: {a: {}}\n")
}

func (f files) load() (*bundle.Catalogue, error) {
	all := fstest.MapFS{"addons": {Mode: fs.ModeDir}, "bundles": {Mode: fs.ModeDir}}
	for path, text := range f {
		if text != "" {
			all[path] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	addons, _ := fs.Sub(all, "addons")
	bundles, _ := fs.Sub(all, "bundles")
	c, err := bundle.Load(addons, bundles)
	return c, errors.Join(err, c.VerifyProbes(probes.Rules()))
}

func TestLoad(t *testing.T) {
	c, err := catalogueFiles().with("addons/README.md", "", "no addon").load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1.35", "1.36"}, c.Minors()); diff != "" || c.Newest() != "1.36" {
		t.Error(diff, c.Newest())
	}
	if diff := cmp.Diff(map[string]string{"1.35": "v1.35.8", "1.36": "v1.36.4"}, c.Offers().Tested); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"cilium", "dns", "proxy", "weave", "web"}, c.Names()); diff != "" {
		t.Error(diff)
	}
	if a, ok := c.Addon("dns"); !ok || a.Role != "dns" {
		t.Errorf("%v %+v", ok, a)
	}
	if _, ok := c.Addon("calico"); ok {
		t.Error("there is a calico")
	}
	if b, ok := c.Bundle("1.35"); !ok || b.Addons["weave"].Version != "2.8.1" {
		t.Errorf("%v %+v", ok, b)
	}
	if _, ok := c.Bundle("1.30"); ok {
		t.Error("there is a bundle 1.30")
	}
	if about, values, err := c.ChartValues("web", "1"); err != nil || about != "" || values != nil { // it has no schema
		t.Errorf("%q %v %v", about, values, err)
	}
}

// Minors are ordered as numbers: 1.9 is before 1.35.
func TestMinorsAreOrdered(t *testing.T) {
	f := catalogueFiles().with("bundles/1.9.yaml", "", bundleHeader+"kubernetes: '1.9'\ntestedVersion: v1.9.1\naddons: {}\n")
	c, err := f.load()
	if diff := cmp.Diff([]string{"1.9", "1.35", "1.36"}, c.Minors()); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	base := catalogueFiles()
	for name, test := range map[string]struct {
		files files
		want  string
	}{
		"no bundle":                                  {files{}, "bundles: no bundle found"},
		"a misspelt field":                           {base.with("addons/dns/addon.yaml", "requires:", "require:"), "dns/addon.yaml:8: require is not a field of this format; did you mean requires? Allowed: apiVersion, kind, name, summary, role, alias, detect, when, chosenBy, provides, requires, creates, checks, recreate, carries, edits, rules, probes, diagnoses, upgrade, warnings, overrides, lifecycle"},
		"another name":                               {base.with("addons/web/addon.yaml", "name: web", "name: wbe"), "web/addon.yaml:3: name is wbe; it must be the folder's name, web\n1.35.yaml:11: addons.web names an addon of which there is no addons/web/addon.yaml; write it, or remove the entry\n1.36.yaml:20: addons.web names an addon of which there is no addons/web/addon.yaml; write it, or remove the entry"},
		"another minor":                              {base.with("bundles/1.36.yaml", `kubernetes: "1.36"`, "kubernetes: 1.37").with("bundles/1.35.yaml", "", ""), "1.36.yaml:3: kubernetes is 1.37; it must be the file's name, 1.36\n1.36.yaml:4: testedVersion is \"v1.36.4\"; it must be a version of 1.37\n1.36.yaml:7: addons.cilium is an addon whose lifecycle does not support 1.37; add the minor to lifecycle.support, or remove the entry\n1.36.yaml:19: addons.dns is an addon whose lifecycle does not support 1.37; add the minor to lifecycle.support, or remove the entry\n1.36.yaml:14: addons.proxy is an addon whose lifecycle does not support 1.37; add the minor to lifecycle.support, or remove the entry\n1.36.yaml:20: addons.web is an addon whose lifecycle does not support 1.37; add the minor to lifecycle.support, or remove the entry"},
		"tested with minor":                          {base.with("bundles/1.36.yaml", "v1.36.4", "1.36"), "1.36.yaml:4: testedVersion is \"1.36\"; it must be a version of 1.36"},
		"range":                                      {base.with("addons/weave/addon.yaml", `"1.35"`, `"1.35+"`), "weave/addon.yaml:7: lifecycle.support[0].kubernetes is \"1.35+\", not a minor or a range of minors such as 1.34-1.36\n1.35.yaml:8: addons.weave is an addon whose lifecycle does not support 1.35; add the minor to lifecycle.support, or remove the entry"},
		"range backwards":                            {base.with("addons/dns/addon.yaml", "1.35-1.36", "1.36-1.35"), "dns/addon.yaml:9: lifecycle.support[0].kubernetes is \"1.36-1.35\", which ends before it begins\n1.35.yaml:10: addons.dns is an addon whose lifecycle does not support 1.35; add the minor to lifecycle.support, or remove the entry\n1.36.yaml:19: addons.dns is an addon whose lifecycle does not support 1.36; add the minor to lifecycle.support, or remove the entry"},
		"exact in a range":                           {base.with("addons/weave/addon.yaml", `"1.35"`, `"1.35,v1.35.8"`), "weave/addon.yaml:7: lifecycle.support[0].kubernetes is \"1.35,v1.35.8\", not a minor or a range of minors such as 1.34-1.36\n1.35.yaml:8: addons.weave is an addon whose lifecycle does not support 1.35; add the minor to lifecycle.support, or remove the entry"},
		"probe without timeout":                      {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: dns-service, proves: a, usually: b}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].timeout is missing, and dns-service cannot be made without it; add it"},
		"probe with a wrong timeout":                 {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: dns-service, proves: a, usually: b, timeout: 5}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].timeout is \"5\"; give a time from 1s to 1m"},
		"probe with a timeout for nothing":           {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: node-metrics, proves: a, usually: b, timeout: 5s}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].timeout is not for node-metrics; remove it"},
		"probe without class":                        {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: ingress-route, proves: a, usually: b, timeout: 5s}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].class is missing, and ingress-route cannot be made without it; add it"},
		"probe without conditions":                   {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: node-conditions, proves: a, usually: b}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].conditions is missing, and node-conditions cannot be made without it; add it"},
		"probe with a driver for nothing":            {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: node-metrics, proves: a, usually: b, driver: d}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].driver is not for node-metrics; remove it"},
		"agent-status without an agent":              {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: agent-status, proves: a, usually: b, timeout: 5s}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].agent is missing, and agent-status cannot be made without it; add it"},
		"an agent for nothing":                       {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: dns-pods, proves: a, usually: b, timeout: 5s, agent: {container: c, format: weave, ownProbes: true}}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].agent is not for dns-pods; remove it"},
		"an agent of an unknown format":              {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: agent-status, proves: a, usually: b, timeout: 5s, agent: {container: c, format: wave, ownProbes: true}}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].agent.format is \"wave\"; did you mean weave? Allowed: calico, cilium, flannel, weave"},
		"an agent that is asked nothing":             {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: agent-status, proves: a, usually: b, timeout: 5s, agent: {container: c, format: weave}}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].agent has both commands and ownProbes, or neither; give one of them"},
		"an agent without a program":                 {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: agent-status, proves: a, usually: b, timeout: 5s, agent: {container: c, format: weave, commands: [{run: []}]}}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].agent.commands[0].run has no program; write one"},
		"an agent with one program twice":            {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: agent-status, proves: a, usually: b, timeout: 5s, agent: {container: c, format: weave, commands: [{run: [a], or: [a, b]}]}}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].agent.commands[0].or runs a as well; name another program, or remove it"},
		"a diagnosis that is no expression":          {diagnosed("log: '('"), "dns/addon.yaml:9: diagnoses[0].log is no regular expression: error parsing regexp: missing closing ): `(`"},
		"a diagnosis that repeats too often":         {diagnosed("log: '((a{1000}){1000}){1000}'"), "dns/addon.yaml:9: diagnoses[0].log is no regular expression: error parsing regexp: invalid repeat count: `{1000}`"},
		"a diagnosis of everything":                  {diagnosed("log: '.*'"), "dns/addon.yaml:9: diagnoses[0].log matches a log that is empty; say what must be there"},
		"a diagnosis that is too long":               {diagnosed("log: '" + strings.Repeat("x", 1001) + "'"), "dns/addon.yaml:9: diagnoses[0].log has 1001 characters; keep to 1000"},
		"a diagnosis of a group that is not":         {diagnosed("log: 'a(b)c', nodeGroup: 2"), "dns/addon.yaml:9: diagnoses[0].nodeGroup is 2, but the expression has 1 groups"},
		"a diagnosis that names a group that is not": {diagnosed("log: 'a$1'"), "dns/addon.yaml:9: diagnoses[0].means names the group $1, but the expression has 0"},
		"a diagnosis without a name":                 {diagnosed("log: 'a(b)', cause: Loop of DNS"), "dns/addon.yaml:9: diagnoses[0].cause is \"Loop of DNS\"; use lower-case letters, digits and dashes, 63 at the most"},
		"a diagnosis with an unknown field":          {diagnosed("log: 'a(b)', logs: x"), "dns/addon.yaml:9: diagnoses[0].logs is not a field of this format; did you mean log? Allowed: cause, log, ready, probe, nodeGroup, fallback, means, remedy"},
		"probe that nobody has a sentence of":        {base.with("addons/dns/addon.yaml", "lifecycle:", "probes: [{name: dns-pods, usually: b, timeout: 5s}]\nlifecycle:"), "dns/addon.yaml:9: probes[0].proves is missing, and probes.yaml says nothing of dns-pods; add it"},
		"edited field":                               {tabled("edits: [{kind: ConfigMap, name: a, field: data.b, format: corefile, plugins: p.yaml}, {kind: ConfigMap, name: a, field: data., format: corefile, plugins: p.yaml}, {kind: ConfigMap, name: a, field: Corefile, format: corefile, plugins: p.yaml}]"), "dns/addon.yaml:9: edits[1].field is \"data.\"; it must be data. and a key, such as data.Corefile\ndns/addon.yaml:9: edits[2].field is \"Corefile\"; it must be data. and a key, such as data.Corefile"},
		"no table of plugins":                        {tabled("edits: [{kind: ConfigMap, name: a, field: data.b, format: corefile, plugins: q.yaml}]"), "dns/addon.yaml:9: edits[0].plugins cannot be read: open dns/q.yaml: file does not exist"},
		"a table with a wrong date":                  {tabled("edits: [{kind: ConfigMap, name: a, field: data.b, format: corefile, plugins: p.yaml}]").with("addons/dns/p.yaml", "{}", "{changes: {b: {since: soon}}}"), "dns/p.yaml:6: plugins.a.changes.b.since is \"soon\"; give a version such as 1.14.2"},
		"a table that ends too early":                {tabled("edits: [{kind: ConfigMap, name: a, field: data.b, format: corefile, plugins: p.yaml}]").with("addons/dns/p.yaml", "last: 1.15.0", "last: 1.14.1"), "1.36.yaml:19: addons.dns.version is 1.14.2; dns/p.yaml, which edits[0] names, is of 1.13.0 to 1.14.1: bring it up to date"},
		"a definition without a group":               {base.with("addons/dns/addon.yaml", "lifecycle:", "creates: [{name: zones.dns.io, kind: Zone, version: v1, scope: Cluster}, {name: zones, kind: Zone, version: v1, scope: Cluster}, {name: zones.io, kind: Zone, version: v1, scope: Cluster}]\nlifecycle:"), "dns/addon.yaml:9: creates[1].name is \"zones\"; it must be the plural of the kind, a dot, and the group, such as zones.dns.example.org\ndns/addon.yaml:9: creates[2].name is \"zones.io\"; it must be the plural of the kind, a dot, and the group, such as zones.dns.example.org"},
		"edited otherwise":                           {base.with("addons/dns/addon.yaml", "lifecycle:", "edits: [{kind: Secret, name: a, field: data.b, format: all, plugins: p.yaml}]\nlifecycle:"), "dns/addon.yaml:9: edits[0].kind is \"Secret\"; use one of ConfigMap\ndns/addon.yaml:9: edits[0].format is \"all\"; use one of corefile"},
		"no chart":                                   {base.with("bundles/1.36.yaml", `web: {chart: "1"`, `web: {chart: "2"`), "1.36.yaml:20: addons.web.chart cannot be read: open web/2: file does not exist"},
		"an empty entry":                             {base.with("bundles/1.36.yaml", `web: {chart: "1", version: 1.15.1}`, "web:"), "1.36.yaml:20: addons.web.version is missing; add it: exact version of what runs"},
		"broken YAML":                                {base.with("bundles/1.35.yaml", "addons:", "addons: ["), "1.35.yaml is not YAML: line 5: did not find expected ',' or ']'; mend the syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.files.load()
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
