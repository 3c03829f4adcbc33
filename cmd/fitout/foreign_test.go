package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
)

// foreign is a catalogue with one addon of another form, whose files are files and whose entry of the bundle is entry.
func foreign(entry string, files map[string]string) map[string]string {
	all := map[string]string{
		"addons/own/addon.yaml": ownFiles()["addons/own/addon.yaml"],
		"bundles/1.36.yaml":     "apiVersion: fitout.dev/v1alpha1\nkind: Bundle\nkubernetes: \"1.36\"\naddons:\n  own: {version: 1.0.0, " + entry + "}\n",
	}
	for name, text := range files {
		all["addons/own/"+name] = text
	}
	return all
}

// helmFiles are a chart as others write them: with a definition, a dependency that is packed, a test, notes and helpers.
func helmFiles(t *testing.T) map[string]string {
	return map[string]string{
		"chart/Chart.yaml":                "apiVersion: v2\nname: other\nversion: 2.0.0\ndependencies: [{name: part, version: 1.0.0, repository: 'https://charts.example.org', condition: part.enabled}]\n",
		"chart/values.yaml":               "replicas: 1\nimage: docker.io/other/other:v2\nkey: ''\npart: {enabled: true}\n",
		"chart/values.schema.json":        `{"$ref": "https://example.org/schema.json"}`,
		"chart/crds/zone.yaml":            zoneDefinition,
		"chart/templates/NOTES.txt":       "Thanks for {{ .Chart.Name }}!",
		"chart/templates/_helpers.tpl":    `{{ define "key" }}{{ if .Values.key }}{{ .Values.key }}{{ else }}{{ randAlphaNum 10 | b64enc }}{{ end }}{{ end }}`,
		"chart/templates/deployment.yml":  "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}}\nspec:\n  replicas: {{ .Values.replicas }}\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: {{ .Values.image }}}]}\n",
		"chart/templates/zone.yaml":       "apiVersion: dns.example.org/v1\nkind: Zone\nmetadata: {name: z}\n",
		"chart/templates/tests/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: test, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: a, image: a}]}\n",
		"chart/charts/part-1.0.0.tgz": packed(t, map[string]string{
			"part/Chart.yaml": "apiVersion: v2\nname: part\nversion: 1.0.0\n", "part/values.yaml": "enabled: true\n",
			"part/templates/account.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: part}\n",
		}),
	}
}

const zoneDefinition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: zones.dns.example.org}
spec:
  group: dns.example.org
  scope: Namespaced
  names: {kind: Zone, plural: zones}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`

// packed is an archive of files.
func packed(t *testing.T, files map[string]string) string {
	var headers []tar.Header
	for _, name := range slices.Sorted(maps.Keys(files)) {
		headers = append(headers, tar.Header{Name: name, Typeflag: tar.TypeReg})
	}
	return packedAs(t, headers, files)
}

// packedAs is an archive with entries, and the contents of those that are files.
func packedAs(t *testing.T, headers []tar.Header, files map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for _, h := range headers {
		h.Mode, h.Size = 0o644, int64(len(files[h.Name]))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[h.Name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func digest(text string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) }

// packedChart is the catalogue of helmFiles with the chart as an archive.
func packedChart(t *testing.T, entry string) map[string]string {
	inner := map[string]string{}
	for name, text := range helmFiles(t) {
		inner["other"+strings.TrimPrefix(name, "chart")] = text
	}
	text := packed(t, inner)
	return foreign("helm: other-2.0.0.tgz, digest: '"+digest(text)+"'"+entry, map[string]string{"other-2.0.0.tgz": text})
}

// What others wrote is rendered as it is: definitions first, dependencies as the values enable them, no tests.
func TestForeignAddons(t *testing.T) {
	kustomization := map[string]string{
		"k/kustomization.yaml":      "resources: [base]\nnamePrefix: my-\nconfigMapGenerator: [{name: c, literals: [a=b], options: {disableNameSuffixHash: true}}]\npatches: [{path: patch.yaml}]\n",
		"k/patch.yaml":              "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, annotations: {x: y}}\n",
		"k/base/kustomization.yaml": "resources: [a.yaml]\n",
		"k/base/a.yaml":             "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n",
	}
	chart := "CustomResourceDefinition/zones.dns.example.org Deployment/own/docker.io/other/other:v2 ServiceAccount/part Zone/z"
	for name, test := range map[string]struct {
		files    map[string]string
		settings clusterfile.Cluster
		want     string
	}{
		"a chart in a folder": {files: foreign("helm: chart", helmFiles(t)), want: chart},
		"a packed chart":      {files: packedChart(t, ""), want: chart},
		"a chart with other values": {files: packedChart(t, ", values: 'part: {enabled: false}'"),
			want: "CustomResourceDefinition/zones.dns.example.org Deployment/own/docker.io/other/other:v2 Zone/z"},
		"a chart with an image pinned": {files: packedChart(t, ", namespace: other, images: {docker.io/other/other: 'docker.io/other/other:v2@"+digest("a")+"'}"),
			want: "CustomResourceDefinition/zones.dns.example.org Deployment/own/docker.io/other/other:v2@" + digest("a") + " Namespace/other ServiceAccount/part Zone/z"},
		"manifests": {files: foreign("manifests: '1'", map[string]string{"1/a.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {c: '{{ now }}'}\n", "1/README.md": "no"}),
			want: "ConfigMap/b ServiceAccount/a"},
		"a kustomization": {files: foreign("kustomization: k", kustomization), want: "ConfigMap/my-c ServiceAccount/my-a"},
	} {
		t.Run(name, func(t *testing.T) {
			test.settings.KubernetesVersion = "1.36"
			plan, err := planFrom(write(t, test.files), test.settings)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range plan.Waves {
				for _, o := range w.Objects {
					if o.GetLabels()["fitout.dev/addon"] != "own" {
						continue
					}
					text := o.GetKind() + "/" + o.GetName()
					if o.GetKind() == "Deployment" {
						json, _ := o.MarshalJSON()
						_, rest, _ := strings.Cut(string(json), `"image":"`)
						image, _, _ := strings.Cut(rest, `"`)
						text += "/" + image
					}
					got = append(got, text)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != test.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), test.want)
			}
		})
	}
}

// What others wrote and what cannot be taken as it is, or was written to do harm, is refused with the reason.
func TestHostileForeignAddons(t *testing.T) {
	t.Parallel()
	template := func(text string) map[string]string {
		files := helmFiles(t)
		files["chart/templates/more.yaml"] = text
		return foreign("helm: chart", files)
	}
	account := func(name string) string {
		return "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: " + name + "}\n"
	}
	in := func(headers ...tar.Header) map[string]string {
		text := packedAs(t, headers, map[string]string{"own/Chart.yaml": "apiVersion: v2\nname: own\nversion: 1.0.0\n", "own/chart.yaml": "a: b"})
		return foreign("helm: own.tgz, digest: '"+digest(text)+"'", map[string]string{"own.tgz": text})
	}
	chartFile := tar.Header{Name: "own/Chart.yaml", Typeflag: tar.TypeReg}
	kustomization := func(text string) map[string]string {
		return foreign("kustomization: k", map[string]string{"k/kustomization.yaml": text, "k/a.yaml": account("a")})
	}
	bomb := packed(t, map[string]string{"own/Chart.yaml": "apiVersion: v2\nname: own\nversion: 1.0.0\n", "own/big": strings.Repeat("\x00", 2<<20)})
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a hook":                     {template(strings.Replace(account("a"), "{name: a}", "{name: a, annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}}", 1)), "templates/more.yaml: ServiceAccount a is a hook (pre-install,pre-upgrade), which Helm runs at a moment of its own and Fitout would keep; set values so that the chart makes none"},
		"a clock":                    {template(account("{{ now | date \"2006\" | quote }}")), "calls now, which reads the clock, so that every rendering would differ; set values so that it is not called"},
		"chance behind a helper":     {template(account("{{ include \"key\" . }}")), "calls randAlphaNum, which is random"},
		"a look into the cluster":    {template(account("a") + "{{ range (lookup \"v1\" \"Pod\" \"\" \"\").items }}{{ end }}"), "calls lookup, which asks the cluster"},
		"a certificate":              {template("{{ $ca := genCA \"a\" 365 }}" + account("{{ $ca.Cert | sha256sum | trunc 8 }}")), "calls genCA, which makes a new key"},
		"a function as an argument":  {template(account("{{ printf \"%s\" now }}")), "calls now, which reads the clock"},
		"a value that is a template": {foreign("helm: chart, values: 'key: \"{{ \"{{\" }} uuidv4 }}\"'", helmFiles(t)), "values.key: calls uuidv4, which is random"},
		"the environment":            {template(account("{{ env \"HOME\" }}")), "calls env, which reads the environment"},
		"a Secret with contents":     {template("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}\n"), "Secret kube-system/a has contents, which no file of a catalogue and no golden file may hold; "},
		"a dependency that is not there": {foreign("helm: chart", map[string]string{"chart/Chart.yaml": "apiVersion: v2\nname: other\nversion: 2.0.0\ndependencies: [{name: part, version: 1.0.0, repository: 'https://a.example'}]\n"}),
			"depends on the chart part, which is not in its folder charts; run helm dependency build, and pack it again"},
		"another Kubernetes":                   {foreign("helm: chart", map[string]string{"chart/Chart.yaml": "apiVersion: v2\nname: other\nversion: 2.0.0\nkubeVersion: '>=1.40'\n"}), "wants Kubernetes >=1.40, and the cluster has v1.36."},
		"a library":                            {foreign("helm: chart", map[string]string{"chart/Chart.yaml": "apiVersion: v2\nname: other\nversion: 2.0.0\ntype: library\n"}), "is a library, which has no objects of its own"},
		"a chart that is none":                 {foreign("helm: chart", map[string]string{"chart/a.yaml": "a: b"}), "DIR/bundles/1.36.yaml:5: addons.own.helm cannot be read: openat Chart.yaml: no such file or directory"},
		"an archive that is none":              {foreign("helm: own.tgz, digest: '"+digest("abc")+"'", map[string]string{"own.tgz": "abc"}), "addons.own.helm cannot be read: own.tgz: is no archive of tar, or a damaged one: "},
		"another digest":                       {foreign("helm: own.tgz, digest: '"+digest("a")+"'", map[string]string{"own.tgz": "abc"}), "own.tgz has the digest " + digest("abc") + ", and the bundle says " + digest("a") + "; if the archive is the one that you want, write that digest"},
		"no digest":                            {foreign("helm: own.tgz", map[string]string{"own.tgz": "abc"}), "addons.own.digest is missing; write digest: sha256:... of own.tgz (sha256sum prints it)"},
		"a digest of a folder":                 {foreign("helm: chart, digest: '"+digest("a")+"'", helmFiles(t)), "addons.own.digest is for an archive (.tgz), and chart is none; remove it"},
		"two forms":                            {foreign("helm: chart, manifests: chart", helmFiles(t)), "addons.own.helm is not all that the objects are made from; keep one of chart, helm, manifests and kustomization"},
		"no form":                              {foreign("images: {}", helmFiles(t)), "addons.own.chart is missing, and so are helm, manifests and kustomization; give one of them"},
		"a form elsewhere":                     {foreign("manifests: ..", helmFiles(t)), `addons.own.manifests is ".."; give the name of a folder in addons/own`},
		"values of manifests":                  {foreign("manifests: chart, values: 'a: b'", helmFiles(t)), "addons.own.values are for charts; write patches in their place"},
		"an image that is none":                {foreign("helm: chart, images: {docker.io/no/thing: 'docker.io/no/thing:v1'}", helmFiles(t)), "images names docker.io/no/thing, which no container has; "},
		"a path out of an archive":             {in(chartFile, tar.Header{Name: "own/../../../etc/passwd", Typeflag: tar.TypeReg}), `"own/../../../etc/passwd" leaves the archive, or has empty parts; pack the folder from inside it`},
		"an absolute path":                     {in(chartFile, tar.Header{Name: "/etc/passwd", Typeflag: tar.TypeReg}), `"/etc/passwd" is an absolute path; pack the folder with relative ones`},
		"a link in an archive":                 {in(chartFile, tar.Header{Name: "own/values.yaml", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), `"own/values.yaml" is a link; copy the file that it leads to in its place`},
		"a hard link in an archive":            {in(chartFile, tar.Header{Name: "own/values.yaml", Typeflag: tar.TypeLink, Linkname: "own/Chart.yaml"}), `"own/values.yaml" is a link; `},
		"a device in an archive":               {in(chartFile, tar.Header{Name: "own/null", Typeflag: tar.TypeChar}), `"own/null" is neither a file nor a folder; remove it`},
		"a file twice in an archive":           {in(chartFile, chartFile), `"own/Chart.yaml" is in it twice, or with "own/Chart.yaml", which differs in case only; keep one of them`},
		"names that differ in case":            {in(chartFile, tar.Header{Name: "own/chart.yaml", Typeflag: tar.TypeReg}), `"own/chart.yaml" is in it twice, or with "own/Chart.yaml", which differs in case only; keep one of them`},
		"a file below a file":                  {in(chartFile, tar.Header{Name: "own/Chart.yaml/a", Typeflag: tar.TypeReg}), `"own/Chart.yaml/a" is below "own/Chart.yaml", which is a file; rename one of them`},
		"a deep archive":                       {in(chartFile, tar.Header{Name: "own" + strings.Repeat("/a", 40), Typeflag: tar.TypeReg}), "is more than 10 folders deep; pack it less deep"},
		"a name that cannot be printed":        {in(chartFile, tar.Header{Name: "own/\x1b[2J", Typeflag: tar.TypeReg}), "has characters in its name that cannot be printed; rename it"},
		"a file that unpacks to much":          {foreign("helm: own.tgz, digest: '"+digest(bomb)+"'", map[string]string{"own.tgz": bomb}), `"own/big" has 2048 KiB, more than 1024; split it, or remove it`},
		"a remote base":                        {kustomization("resources: ['https://github.com/a/b//c?ref=v1']"), "kustomization.yaml: resources: https://github.com/a/b//c?ref=v1 is not in the folder of the addon, and nothing is fetched; copy it there"},
		"a remote base without a scheme":       {kustomization("resources: [github.com/a/b]"), "kustomization.yaml: resources: github.com/a/b is not there; copy it into the folder of the addon: nothing is fetched"},
		"a base above":                         {kustomization("resources: [../../../bundles/1.36.yaml]"), "is not in the folder of the addon, and nothing is fetched"},
		"a remote patch":                       {kustomization("resources: [a.yaml]\npatches: [{path: 'https://a.example/p.yaml'}]"), "patches: https://a.example/p.yaml is not in the folder of the addon"},
		"a generator that runs":                {kustomization("resources: [a.yaml]\ngenerators: [a.yaml]"), "kustomization.yaml: generators runs programs"},
		"a chart in a kustomization":           {kustomization("helmCharts: [{name: a, repo: 'https://a.example'}]"), "kustomization.yaml: helmCharts runs helm and fetches charts; name the chart with helm in the bundle"},
		"a Secret generator":                   {kustomization("secretGenerator: [{name: a, literals: [b=c]}]"), "kustomization.yaml: secretGenerator makes Secrets with contents; make them another way"},
		"a kustomization that is its own base": {kustomization("resources: [.]"), "kustomize: "},
		"manifests without any":                {foreign("manifests: m", map[string]string{"m/README.md": "a"}), "has no manifest; write some as *.yaml, *.yml or *.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, test.files)
			_, err := planFrom(dir, clusterfile.Cluster{KubernetesVersion: "1.36"})
			if err == nil {
				t.Fatal("no error")
			}
			text := strings.Join(errorLines(err), "\n")
			if !strings.Contains(strings.ReplaceAll(text, dir, "DIR"), test.want) {
				t.Errorf("got  %v\nwant %s", text, test.want)
			}
			if exitCode(err) != 2 {
				t.Errorf("exit code %d: %v", exitCode(err), err)
			}
		})
	}
}
