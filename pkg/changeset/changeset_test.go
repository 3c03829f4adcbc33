package changeset_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/wave"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// A testCase is one of testdata/cases.yaml.
type testCase struct {
	Name  string `json:"name"`
	Waves []struct {
		Name    string           `json:"name"`
		Objects []map[string]any `json:"objects"`
	} `json:"waves"`
	Killed   bool                        `json:"killed"`   // the last run did not come to its end
	Recorded []string                    `json:"recorded"` // [Kind/]name[@wave][?]; ? stands for an unknown UID
	Digests  map[string]string           `json:"digests"`  // recorded of objects, if they are not those of the wanted ones
	Live     []map[string]any            `json:"live"`
	Contents map[string][]map[string]any `json:"contents"` // of namespaces and definitions, by Kind/name
	Unseen   string                      `json:"unseen"`   // what of them cannot be listed
	Options  struct {
		Conflicts changeset.Policies `json:"conflicts"`
		Adopt     bool               `json:"adopt"`
		Accept    changeset.Names    `json:"accept"`
		Recreate  changeset.Names    `json:"recreate"`
		Prune     changeset.Names    `json:"prune"`
		Uninstall bool               `json:"uninstall"`
	} `json:"options"`
	Want string `json:"want"`
}

var update = flag.Bool("update", false, "rewrite what is wanted of the cases")

func TestDecide(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []testCase
	if err := yaml.UnmarshalStrict(text, &cases); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			set := changeset.Decide(c.input())
			set.Occupy(c.contents(set))
			if *update {
				cases[i].Want = set.Text()
			} else if diff := cmp.Diff(c.Want, set.Text()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if *update {
		rewrite(t, string(text), cases)
	}
}

// rewrite puts what is wanted of each case as it is now into the file.
func rewrite(t *testing.T, text string, cases []testCase) {
	blocks := strings.Split(text, "\n  want: |\n")
	if len(blocks) != len(cases)+1 {
		t.Fatalf("%d cases want something, of %d", len(blocks)-1, len(cases))
	}
	var out strings.Builder
	out.WriteString(blocks[0])
	for i, block := range blocks[1:] {
		out.WriteString("\n  want: |\n" + strings.TrimSuffix(indented.ReplaceAllString(cases[i].Want, "    $0"), "\n"))
		if _, rest, more := strings.Cut(block, "\n\n"); more {
			out.WriteString("\n\n" + rest)
		}
	}
	if err := os.WriteFile("testdata/cases.yaml", []byte(out.String()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

var indented = regexp.MustCompile(`(?m)^.`)

// contents are what is in the holders of a set.
func (c testCase) contents(set *changeset.Set) map[manifest.ID]changeset.Contents {
	all := map[manifest.ID]changeset.Contents{}
	for _, holder := range set.Holders() {
		found := changeset.Contents{Unseen: c.Unseen}
		for _, fields := range c.Contents[holder.ID.Kind+"/"+holder.ID.Name] {
			found.Objects = append(found.Objects, objectOf(fields))
		}
		all[holder.ID] = found
	}
	return all
}

func (c testCase) input() changeset.Input {
	in := changeset.Input{
		Minor: "1.36", ServerSide: true, Live: map[manifest.ID]*manifest.Object{}, Target: &inventory.Inventory{},
		Addons: []render.Addon{{Addon: bundle.Addon{Name: "test", Recreate: []string{"ClusterRoleBinding"}}}},
		Lost: func(_ string, _, live *manifest.Object) []string {
			return []string{fmt.Sprintf("data.k is %v", live.Object["data"].(map[string]any)["k"])}
		},
		Options: changeset.Options{
			Conflicts: c.Options.Conflicts, Adopt: c.Options.Adopt, Accept: c.Options.Accept, Recreate: c.Options.Recreate,
			Prune: c.Options.Prune, Uninstall: c.Options.Uninstall,
		},
	}
	wanted := map[string]manifest.ID{}
	for i, w := range c.Waves {
		next := wave.Wave{Name: w.Name}
		for _, fields := range w.Objects {
			o := objectOf(fields)
			next.Objects = append(next.Objects, o)
			wanted[o.GetName()] = manifest.IDOf(o)
			in.Target.Entries = append(in.Target.Entries, inventory.Entry{ID: manifest.IDOf(o), Wave: i, Addon: "test", Digest: "digest"})
		}
		in.Waves = append(in.Waves, next)
	}
	for _, word := range c.Recorded {
		if in.Record == nil {
			in.Record = &inventory.Inventory{}
		}
		e := entryOf(word, wanted)
		if digest := c.Digests[e.Name]; digest != "" {
			e.Digest = digest
		}
		in.Record.Entries = append(in.Record.Entries, e)
	}
	if c.Killed {
		in.Record.State = inventory.Applying
	}
	for _, fields := range c.Live {
		as, _ := fields["as"].(string)
		o := objectOf(fields)
		id := manifest.IDOf(o)
		if as != "" {
			id.Kind = as
		}
		in.Live[id] = o
	}
	return in
}

func entryOf(word string, wanted map[string]manifest.ID) inventory.Entry {
	e := inventory.Entry{Addon: "test", Digest: "digest"}
	word, unknown := strings.CutSuffix(word, "?")
	word, at, _ := strings.Cut(word, "@")
	if at != "" {
		e.Wave = int(at[0] - '0')
	}
	kind, name, named := strings.Cut(word, "/")
	if !named {
		kind, name = "ConfigMap", word
	}
	e.ID = manifest.IDOf(objectOf(map[string]any{"kind": kind, "name": name}))
	if id, ok := wanted[name]; ok {
		e.ID = id
	}
	if !unknown {
		e.UID = types.UID("uid-" + name)
	}
	return e
}

var versions = map[string]string{
	"StorageClass": "storage.k8s.io/v1", "ClusterRoleBinding": "rbac.authorization.k8s.io/v1", "DaemonSet": "apps/v1", "Deployment": "apps/v1",
	"CustomResourceDefinition": "apiextensions.k8s.io/v1",
}

// objectOf makes an object of the short form of the cases.
func objectOf(fields map[string]any) *manifest.Object {
	text := func(key string) string { s, _ := fields[key].(string); return s }
	o := &manifest.Object{Object: map[string]any{"kind": "ConfigMap", "apiVersion": "v1"}}
	if kind := text("kind"); kind != "" {
		o.SetKind(kind)
	}
	if version := versions[o.GetKind()]; version != "" {
		o.SetAPIVersion(version)
	}
	o.SetName(text("name"))
	if _, r, err := manifest.KindsOf(nil).Of(o); err == nil && r.Namespaced {
		o.SetNamespace("kube-system")
	}
	if fields["unlabelled"] == nil {
		o.SetLabels(map[string]string{render.LabelAddon: "test", render.LabelManagedBy: render.ManagedBy})
	}
	if labels, ok := fields["labels"].(map[string]any); ok {
		all := o.GetLabels()
		if all == nil {
			all = map[string]string{}
		}
		for key, value := range labels {
			all[key] = value.(string)
		}
		o.SetLabels(all)
	}
	for _, key := range []string{"data", "spec", "status", "provisioner", "roleRef", "type"} {
		if fields[key] != nil {
			o.Object[key] = fields[key]
		}
	}
	metadata := o.Object["metadata"].(map[string]any)
	if owner := text("owner"); owner != "" { // it is live
		metadata["uid"] = "uid-" + text("name")
		metadata["managedFields"] = managedBy(owner, fields)
	}
	if uid := text("uid"); uid != "" {
		metadata["uid"] = uid
	}
	if fields["deleting"] != nil {
		metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
	}
	if release := text("release"); release != "" {
		o.SetAnnotations(map[string]string{"meta.helm.sh/release-name": release})
	}
	if owner := text("ownedBy"); owner != "" {
		metadata["ownerReferences"] = []any{map[string]any{"kind": owner, "name": "p"}}
	}
	return decoded(o)
}

// decoded is an object as a client decodes it: whole numbers are int64.
func decoded(o *manifest.Object) *manifest.Object {
	text, err := o.MarshalJSON()
	if err != nil {
		panic(err)
	}
	again := &manifest.Object{}
	if err := again.UnmarshalJSON(text); err != nil {
		panic(err)
	}
	return again
}

// managedBy are the managed fields of an object of which owner has set everything but one key that somebody has edited.
func managedBy(owner string, fields map[string]any) []any {
	data, edited := map[string]any{}, ""
	edit, _ := fields["edited"].(map[string]any)
	if edit != nil {
		edited = edit["key"].(string)
	}
	values, _ := fields["data"].(map[string]any)
	for key := range values {
		if key != edited {
			data["f:"+key] = map[string]any{}
		}
	}
	operation := "Update"
	if owner == "fitout" {
		operation = "Apply"
	}
	owned := map[string]any{"f:spec": map[string]any{}, "f:provisioner": map[string]any{}, "f:roleRef": map[string]any{"f:name": map[string]any{}}}
	if len(data) > 0 {
		owned["f:data"] = data
	}
	entries := []any{map[string]any{"manager": owner, "operation": operation, "fieldsV1": owned}}
	if ours, ok := fields["ours"].(map[string]any); ok {
		entries[0].(map[string]any)["fieldsV1"] = ours
	}
	if by, ok := fields["editedSpec"].(string); ok { // owner has the object without its spec, by has the fields of the spec
		delete(owned, "f:spec")
		edited, ok := fields["editedFields"].(map[string]any)
		if !ok {
			edited = ownedFields(fields["spec"].(map[string]any))
		}
		entries = append(entries, map[string]any{"manager": by, "operation": "Update", "fieldsV1": map[string]any{"f:spec": edited}})
	}
	if edit != nil {
		entries = append(entries, map[string]any{"manager": edit["by"], "operation": "Update", "fieldsV1": map[string]any{"f:data": map[string]any{"f:" + edited: map[string]any{}}}})
	}
	return entries
}

// ownedFields writes the fields of a map as managed fields have them; lists of named elements have a key.
func ownedFields(node map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range node {
		switch v := value.(type) {
		case map[string]any:
			out["f:"+key] = ownedFields(v)
		case []any:
			elements := map[string]any{}
			for _, e := range v {
				m := e.(map[string]any)
				elements[`k:{"name":"`+m["name"].(string)+`"}`] = ownedFields(m)
			}
			out["f:"+key] = elements
		default:
			out["f:"+key] = map[string]any{}
		}
	}
	return out
}
