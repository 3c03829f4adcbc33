package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
)

// ownFiles are a catalogue with one addon, by path.
func ownFiles() map[string]string {
	return map[string]string{
		"addons/own/addon.yaml": `apiVersion: fitout.dev/v1alpha1
kind: Addon
name: own
summary: Own
role: own
when: 'true'
lifecycle: {support: [{kubernetes: "1.36", level: tested}]}
`,
		"addons/own/1/Chart.yaml":             "apiVersion: v2\nname: own\nversion: 1.0.0\n",
		"addons/own/1/values.yaml":            "images: {}\nsize: 1\n",
		"addons/own/1/templates/account.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: own, namespace: kube-system}\n",
		"bundles/1.36.yaml": `apiVersion: fitout.dev/v1alpha1
kind: Bundle
kubernetes: "1.36"
addons:
  own: {chart: "1", version: 1.0.0}
`,
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// planFrom is what the command does with --catalogue, without a cluster.
func planFrom(dir string, settings clusterfile.Cluster) (*fitout.Plan, error) {
	catalogue, err := (&catalogueFlag{given: []string{dir}}).load()
	if err != nil {
		return nil, err
	}
	return fitout.Prepare(catalogue, clusterfile.File{Cluster: settings}, nil, nil)
}

func TestOwnCatalogue(t *testing.T) {
	plan, err := planFrom(write(t, ownFiles()), clusterfile.Cluster{KubernetesVersion: "1.36"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(plan.Findings, func(f clusterfile.Finding) bool { return f.Value == "addon own" }) {
		t.Errorf("findings %v", plan.Findings)
	}
}

// A catalogue that is broken, or was written to do harm, is refused with the file and the line.
func TestHostileCatalogues(t *testing.T) {
	t.Parallel()
	const addon, minor, chart = "addons/own/addon.yaml", "bundles/1.36.yaml", "addons/own/1/templates/account.yaml"
	for name, test := range map[string]struct {
		file, old, new string
		harm           func(dir string) error
		want           string
	}{
		"a link that leaves the folder": {harm: func(dir string) error {
			return os.Symlink("/etc/passwd", filepath.Join(dir, "addons/own/1/templates/passwd.yaml"))
		}, want: "DIR/addons/own/1/templates/passwd.yaml cannot be read: statat addons/own/1/templates/passwd.yaml: path escapes from parent; copy the file into the folder, in place of a link that leaves it"},
		"a folder that is a link out of it": {harm: func(dir string) error {
			return os.Symlink("../../..", filepath.Join(dir, "addons/up"))
		}, want: "DIR/addons/up cannot be read: statat addons/up: path escapes from parent; "},
		"a link to a folder above": {harm: func(dir string) error {
			return os.Symlink("..", filepath.Join(dir, "addons/own/again"))
		}, want: "is more than 8 folders deep; remove the link that leads back to a folder above it"},
		"a pipe": {harm: func(dir string) error {
			return syscall.Mkfifo(filepath.Join(dir, "addons/own/1/templates/pipe.yaml"), 0o644)
		}, want: "DIR/addons/own/1/templates/pipe.yaml is neither a file nor a folder; remove it"},
		"a file of 100 MB": {harm: func(dir string) error {
			return os.Truncate(filepath.Join(dir, chart), 100<<20)
		}, want: "DIR/addons/own/1/templates/account.yaml has 102400 KiB, more than 1024; split it, or remove it if it is not of the catalogue"},
		"too many files": {harm: func(dir string) error {
			for i := range 2100 {
				if err := os.WriteFile(filepath.Join(dir, "addons/own/1", "f"+string(rune('a'+i%26))+strings.Repeat("x", i/26)), nil, 0o644); err != nil {
					return err
				}
			}
			return nil
		}, want: "DIR/addons/own/1 brings the catalogue to more than 2000 files; keep only addons and bundles in it"},
		"a file that would be passed over":    {file: "bundles/1.36.yml", new: "a: b", want: "DIR/bundles/1.36.yml is no bundle; name it after the minor, such as 1.36.yaml"},
		"a folder that is no name":            {file: "addons/My_Addon/addon.yaml", new: "a: b", want: "DIR/addons/My_Addon is no name of an addon; "},
		"an unknown field":                    {file: addon, old: "summary:", new: "sumary:", want: "DIR/addons/own/addon.yaml:4: sumary is not a field of this format; did you mean summary?"},
		"no addon.yaml":                       {file: addon, want: "DIR/addons/own has no addon.yaml, and no other source has one; write it, or remove the folder"},
		"an addon that does not exist":        {file: minor, old: "  own:", new: "  none-such: {chart: '1', version: 1.0.0}\n  own:", want: "DIR/bundles/1.36.yaml:5: addons.none-such names an addon of which there is no addons/none-such/addon.yaml; write it, or remove the entry"},
		"a chart that does not exist":         {file: minor, old: `chart: "1"`, new: `chart: "2"`, want: "DIR/bundles/1.36.yaml:5: addons.own.chart cannot be read: open own/2: file does not exist"},
		"a chart elsewhere":                   {file: minor, old: `chart: "1"`, new: `chart: ../../..`, want: `DIR/bundles/1.36.yaml:5: addons.own.chart is "../../.."; give the name of a folder in addons/own`},
		"a version that is none":              {file: minor, old: "1.0.0", new: "v1.x", want: `DIR/bundles/1.36.yaml:5: addons.own.version is "v1.x"; give an exact version such as 1.14.2`},
		"a minor that is none":                {file: addon, old: `"1.36"`, new: `"1.36+"`, want: `DIR/addons/own/addon.yaml:7: lifecycle.support[0].kubernetes is "1.36+", not a minor or a range of minors such as 1.34-1.36`},
		"a cycle of requirements":             {file: addon, old: "when:", new: "provides: [network]\nrequires: [dns]\nwhen:", want: "DIR/addons/own/addon.yaml:7: requires makes a cycle in bundle 1.36: own waits for coredns waits for own; remove one of the requirements"},
		"an addon that requires itself":       {file: addon, old: "when:", new: "provides: [a]\nrequires: [a]\nwhen:", want: "DIR/addons/own/addon.yaml:7: requires makes a cycle in bundle 1.36: own waits for own; "},
		"a new minor without a tested one":    {file: "bundles/1.40.yaml", new: "apiVersion: fitout.dev/v1alpha1\nkind: Bundle\nkubernetes: '1.40'\n", want: `DIR/bundles/1.40.yaml: testedVersion is ""; it must be a version of 1.40`},
		"values of an unknown field":          {file: minor, old: "1.0.0}", new: "1.0.0, values: 'size: {{ .network.nothing }}'}", want: `DIR/bundles/1.36.yaml:5: addons.own.values fails: template: own:1:17: executing "own" at <.network.nothing>: map has no entry for key "nothing"`},
		"values that repeat without end":      {file: minor, old: "1.0.0}", new: `1.0.0, values: 'size: {{ repeat 2000000000 "x" }}'}`, want: "DIR/bundles/1.36.yaml:5: addons.own.values fails: template: own:1:9: executing \"own\" at <repeat 2000000000 \"x\">: error calling repeat: gives more than 1024 KiB; shorten what it repeats"},
		"values that loop":                    {file: minor, old: "1.0.0}", new: `1.0.0, values: '{{ range 9000000000 }}size: 1{{ end }}'}`, want: "DIR/bundles/1.36.yaml:5: addons.own.values fails: gives more than 1024 KiB; shorten what it repeats"},
		"a template that calls itself":        {file: chart, old: "name: own", new: `name: {{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`, want: "rendering template has a nested reference name: a"},
		"a template that includes for ever":   {file: chart, old: "name: own", new: `name: {{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`, want: "exceeded maximum template depth"},
		"a template that panics":              {file: chart, old: "name: own", new: `name: {{ index (list 1) 5 }}`, want: "DIR/addons/own/1/templates/account.yaml:3 cannot be rendered: "},
		"a template of an unknown value":      {file: chart, old: "name: own", new: `name: {{ .Values.nothing }}`, want: "DIR/addons/own/1/templates/account.yaml:3 cannot be rendered: "},
		"an object with an unknown field":     {file: chart, old: "metadata:", new: "metadate: {}\nmetadata:", want: "metadate"},
		"a template that is no YAML":          {file: chart, old: "name: own", new: "name: [", want: "DIR/addons/own/1/templates/account.yaml"},
		"an object without its namespace":     {file: chart, old: ", namespace: kube-system", new: "", want: "DIR/addons/own/1 cannot be rendered: ServiceAccount own: has no namespace; "},
		"an object of another addon":          {file: chart, old: "name: own", new: "name: coredns", want: "DIR/addons/own/1 cannot be rendered: ServiceAccount kube-system/coredns is of addon coredns and of addon own; each object has one owner"},
		"a rule that fails":                   {file: addon, old: "when:", new: "rules: [{field: cni, expression: 'values.nothing == 1', message: a, remedy: b}]\nwhen:", want: "DIR/addons/own/addon.yaml:6: rules[0] fails: "},
		"a condition that fails":              {file: addon, old: "when: 'true'", new: "when: eq .nothing 1", want: "DIR/addons/own/addon.yaml:6: when fails: "},
		"a probe that does not exist":         {file: addon, old: "when:", new: "probes: [{name: pod-networks, proves: a, usually: b}]\nwhen:", want: `DIR/addons/own/addon.yaml:6: probes[0].name is "pod-networks"; did you mean pod-network? Allowed: agent-status, `},
		"a second default StorageClass":       {file: chart, old: "apiVersion: v1\nkind: ServiceAccount\nmetadata:", new: "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nprovisioner: a\nmetadata: {name: a, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}\n---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nprovisioner: a\nmetadata: {name: b, annotations: {storageclass.beta.kubernetes.io/is-default-class: 'true'}}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:", want: "addons bring 3 default StorageClasses: a of addon own, b of addon own, scw-bssd of addon scaleway-csi; keep one: "},
		"a regular expression that is broken": {file: "addons/providers.yaml", new: "apiVersion: fitout.dev/v1alpha1\nkind: Providers\nproviders: [{name: a, role: own, apiService: '('}]\n", want: "DIR/addons/providers.yaml:3: providers[0] error parsing regexp: missing closing ): `(`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := ownFiles()
			if test.file != "" {
				if !strings.Contains(files[test.file], test.old) {
					t.Fatalf("%s does not hold %s", test.file, test.old)
				}
				if files[test.file] = strings.Replace(files[test.file], test.old, test.new, 1); test.old == "" {
					files[test.file] = test.new
				}
				if files[test.file] == "" {
					delete(files, test.file)
				}
			}
			dir := write(t, files)
			if test.harm != nil {
				if err := test.harm(dir); err != nil {
					t.Fatal(err)
				}
			}
			_, err := planFrom(dir, clusterfile.Cluster{KubernetesVersion: "1.36"})
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), dir, "DIR"), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if len(errorLines(err)) > 20 {
				t.Errorf("%d lines", len(errorLines(err)))
			}
			if exitCode(err) != 2 {
				t.Errorf("exit code %d", exitCode(err))
			}
		})
	}
}

// A minor that Fitout does not know comes with the snapshot of its API, or is refused.
func TestNewMinor(t *testing.T) {
	api, err := kubeapi.Load("1.37")
	if err != nil {
		t.Fatal(err)
	}
	next := *api
	next.Version = "v1.61.0"
	var packed bytes.Buffer
	if err := next.Write(&packed); err != nil {
		t.Fatal(err)
	}
	files := ownFiles()
	files["bundles/1.61.yaml"] = "apiVersion: fitout.dev/v1alpha1\nkind: Bundle\nkubernetes: '1.61'\ntestedVersion: v1.61.0\naddons:\n  own: {chart: '1', version: 1.0.0}\n"
	files["addons/own/addon.yaml"] = strings.Replace(files["addons/own/addon.yaml"], `"1.36"`, `"1.36-1.61"`, 1)
	none := clusterfile.Cluster{KubernetesVersion: "1.61", CNI: "none", CSI: "none", Ingress: "none"}
	for _, addon := range []string{"coredns", "kube-proxy", "metrics-server", "node-problem-detector"} {
		off := false
		if none.Addons == nil {
			none.Addons = map[string]clusterfile.Addon{}
		}
		none.Addons[addon] = clusterfile.Addon{Enabled: &off}
	}
	if _, err := planFrom(write(t, files), none); err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), "bundle 1.61 has no snapshot of its API; put apis/1.61.json.gz into the catalogue") {
		t.Errorf("without a snapshot: %v", err)
	}
	for name, text := range map[string]string{"apis/1.61.json.gz": "abc", "apis/1.62.json.gz": packed.String(), "apis/1.36.json.gz": packed.String(), "apis/README": "a"} {
		files[name] = text
		if _, err := planFrom(write(t, files), none); err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		delete(files, name)
	}
	files["apis/1.61.json.gz"] = packed.String()
	plan, err := planFrom(write(t, files), none)
	if err != nil || plan.Rendering.Bundle != "1.61" || len(plan.Rendering.Objects()) != 1 {
		t.Errorf("%v", err)
	}
}

// Links inside the folder are followed: a mounted ConfigMap consists of them.
func TestLinksInsideACatalogue(t *testing.T) {
	files := ownFiles()
	files["..data/"+"1.36.yaml"] = files["bundles/1.36.yaml"]
	delete(files, "bundles/1.36.yaml")
	dir := write(t, files)
	if err := os.Mkdir(filepath.Join(dir, "bundles"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../..data/1.36.yaml", filepath.Join(dir, "bundles/1.36.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := planFrom(dir, clusterfile.Cluster{KubernetesVersion: "1.36"}); err != nil {
		t.Error(err)
	}
}

// Adding an addon edits no Go: copies of embedded ones, under names that nobody has heard of, do what the originals do.
func TestCopiesUnderOtherNames(t *testing.T) {
	files := map[string]string{}
	copied(t, files, "flannel", "testflannel")
	copied(t, files, "scaleway-csi", "testcsi")
	text := "apiVersion: fitout.dev/v1alpha1\nkind: Bundle\nkubernetes: '1.36'\naddons:\n"
	for from, to := range map[string]string{"flannel": "testflannel", "scaleway-csi": "testcsi"} {
		text += strings.Replace(entry(t, from), "  "+from+":", "  "+to+":", 1)
	}
	files["bundles/1.36.yaml"] = text
	dir := write(t, files)
	render := func(cni, csi string) map[string]string {
		plan, err := planFrom(dir, clusterfile.Cluster{KubernetesVersion: "1.36", CNI: cni, CSI: csi})
		if err != nil {
			t.Fatal(err)
		}
		objects := map[string]string{}
		for _, w := range plan.Waves {
			for _, o := range w.Objects {
				o.SetLabels(nil) // they name the addon
				text, err := o.MarshalJSON()
				if err != nil {
					t.Fatal(err)
				}
				objects[w.Name+o.GetKind()+o.GetName()] = string(text)
			}
		}
		return objects
	}
	own, embedded := render("testflannel", "testcsi"), render("flannel", "scaleway-csi")
	if len(own) < 30 || !maps.Equal(own, embedded) {
		t.Errorf("%d objects of the copies differ from %d of the originals", len(own), len(embedded))
	}
}

// copied copies an embedded addon, and gives it another name in addon.yaml and nowhere else.
func copied(t *testing.T, files map[string]string, from, to string) {
	t.Helper()
	err := fs.WalkDir(addons.FS, from, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(addons.FS, file)
		name := "addons/" + to + strings.TrimPrefix(file, from)
		files[name] = string(text)
		if strings.HasSuffix(name, "/addon.yaml") {
			files[name] = strings.Replace(string(text), "name: "+from+"\n", "name: "+to+"\n", 1)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// entry is the text of an addon's entry in an embedded bundle.
func entry(t *testing.T, addon string) string {
	t.Helper()
	text, err := fs.ReadFile(bundles.FS, "1.36.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n  "+addon+":\n")
	rest, _, _ = strings.Cut(rest, "\n\n")
	return "  " + addon + ":\n" + rest + "\n"
}
