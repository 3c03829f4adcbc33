package inventory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

// record builds a record from words such as "b@2": the ConfigMap b of wave 2.
func record(digest, state string, words ...string) *inventory.Inventory {
	i := &inventory.Inventory{
		State: state, Fitout: "v1", Target: inventory.Target{Bundle: "1.36", Kubernetes: "v1.36.4", Digest: digest},
		Addons: map[string]inventory.Addon{"a": {Version: "1.0", Digest: digest, Objects: len(words)}},
	}
	for _, word := range words {
		name, wave, _ := strings.Cut(word, "@")
		e := inventory.Entry{ID: manifest.ID{Kind: "ConfigMap", Namespace: "x", Name: name}, Version: "v1", Resource: "configmaps", Addon: "a", Digest: digest}
		fmt.Sscan(wave, &e.Wave)
		i.Entries = append(i.Entries, e)
	}
	return i
}

func names(entries []inventory.Entry) string {
	var words []string
	for _, e := range entries {
		word := e.Name
		if e.UID != "" {
			word += "=" + string(e.UID)
		}
		if e.Orphaned {
			word += " orphaned"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func uids(words ...string) map[manifest.ID]types.UID {
	m := map[manifest.ID]types.UID{}
	for _, name := range words {
		m[manifest.ID{Kind: "ConfigMap", Namespace: "x", Name: name}] = types.UID("uid-" + name)
	}
	return m
}

// A run is followed from its first record to its last: whatever is applied, or may still be there, is always in it.
func TestRun(t *testing.T) {
	first := record("01", inventory.Complete, "a@0", "b@1")
	intent := inventory.Intent(nil, first, nil)
	if intent.State != inventory.Applying || names(intent.Entries) != "a, b" || intent.Previous != nil {
		t.Errorf("the first intent is %+v", intent)
	}
	done := intent.Applied(first, uids("a", "b"), nil)
	if done.State != inventory.Complete || names(done.Entries) != "a=uid-a, b=uid-b" {
		t.Errorf("the first record is %+v", done)
	}
	done.ResourceVersion = "7"

	second := record("02", inventory.Complete, "b@1", "c@2")
	next := inventory.Intent(done, second, uids("a", "b"))
	if names(next.Entries) != "a=uid-a, b=uid-b, c" || next.ResourceVersion != "7" || next.Previous == nil || next.Previous.Digest != "01" {
		t.Errorf("the second intent is %+v", next)
	}
	// Killed here, and run again: nothing is forgotten, and the previous bundle is still the one that was complete.
	again := inventory.Intent(next, second, uids("a", "b"))
	if !again.Same(next) {
		t.Errorf("the intent of a run after a killed one is %+v, not %+v", again, next)
	}
	// Somebody has deleted b and created it again: it is not the one that is recorded.
	if other := inventory.Intent(done, second, map[manifest.ID]types.UID{manifest.ID{Kind: "ConfigMap", Name: "b"}: "other"}); names(other.Entries) != "a=uid-a, b, c" {
		t.Errorf("the intent after b was replaced is %s", names(other.Entries))
	}
	if got := names(again.Orphans(second)); got != "a=uid-a" {
		t.Errorf("the orphans are %s", got)
	}
	last := again.Applied(second, uids("b", "c"), again.Orphans(second))
	if names(last.Entries) != "a=uid-a orphaned, b=uid-b, c=uid-c" || last.Previous.Digest != "01" {
		t.Errorf("the last record is %+v", last)
	}
}

func TestOrphansGoInReverse(t *testing.T) {
	old := record("01", inventory.Complete, "a@0", "b@1", "c@2", "d@2", "e@3")
	if got := names(old.Orphans(record("02", inventory.Complete, "c@0"))); got != "e, d, b, a" {
		t.Errorf("orphans are removed in the order %s", got)
	}
}

func TestObject(t *testing.T) {
	want := record("01", inventory.Complete, "a@0", "b@1")
	want.Previous = &inventory.Target{Bundle: "1.35", Digest: "00"}
	o, err := want.Object()
	if err != nil {
		t.Fatal(err)
	}
	got, err := inventory.Parse(o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || !got.Same(want) {
		t.Error(diff)
	}
	other := *want
	other.Entries = want.Entries[:1]
	if other.Same(want) {
		t.Error("records of different entries are the same")
	}
}

// A record that cannot be read must not be taken for one without entries: everything would be an orphan, or nothing.
func TestParseRefuses(t *testing.T) {
	for name, damage := range map[string]func(o *manifest.Object){
		"no state":           func(o *manifest.Object) { delete(o.Object["data"].(map[string]any), "state") },
		"no entries":         func(o *manifest.Object) { delete(o.Object, "binaryData") },
		"no base64":          func(o *manifest.Object) { o.Object["binaryData"] = map[string]any{"objects.json.gz": "%"} },
		"no gzip":            func(o *manifest.Object) { o.Object["binaryData"] = map[string]any{"objects.json.gz": "YWJj"} },
		"a list for a map":   func(o *manifest.Object) { o.Object["data"] = []any{} },
		"addons are no JSON": func(o *manifest.Object) { o.Object["data"].(map[string]any)["addons.json"] = "{" },
		"data of an older Fitout": func(o *manifest.Object) {
			o.Object["data"] = map[string]any{"bundle": "1.36"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := record("01", inventory.Complete, "a@0").Object()
			if err != nil {
				t.Fatal(err)
			}
			damage(o)
			_, err = inventory.Parse(o)
			if err == nil || !strings.Contains(err.Error(), "ConfigMap kube-system/fitout-inventory") || !strings.Contains(err.Error(), "delete it and run fitout up") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// An object of etcd has 1.5 MiB at the most, a ConfigMap 1 MiB of data.
func TestSize(t *testing.T) {
	i := record("sha256:223883019a9ca0063fddf43bb4f5f930634e925540340721f545c83144bc8fe0", inventory.Complete)
	for n := range 2000 {
		i.Entries = append(i.Entries, inventory.Entry{
			ID:      manifest.ID{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding", Name: fmt.Sprintf("some-addon-with-a-long-name:object-%04d", n)},
			Version: "v1", Resource: "clusterrolebindings", Addon: "some-addon-with-a-long-name", Wave: n % 9,
			UID:    types.UID(fmt.Sprintf("%08x-2c1f-4b7e-9d3a-%012x", n*2654435761%4294967296, n*40503*65537)),
			Digest: fmt.Sprintf("%016x", uint64(n)*0x9E3779B97F4A7C15),
		})
	}
	o, err := i.Object()
	if err != nil {
		t.Fatal(err)
	}
	text, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("2,000 objects take %d KiB", len(text)/1024)
	if len(text) > 512<<10 {
		t.Errorf("2,000 objects take %d bytes", len(text))
	}
}
