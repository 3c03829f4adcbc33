package inventory

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Name is the ConfigMap in kube-system that holds the record.
const Name = "fitout-inventory"

// LockName is the Lease in kube-system that a run holds while it changes the cluster.
const LockName = "fitout"

// ID is the record's.
var ID = manifest.ID{Kind: "ConfigMap", Namespace: render.Namespace, Name: Name}

// Keys of the ConfigMap. What people read is text; the entries are compressed JSON (2,000 objects take about 100 KiB of
// the 1 MiB that an object may have).
const (
	keyState      = "state"
	keyFitout     = "fitout"
	keyBundle     = "bundle"
	keyKubernetes = "kubernetes"
	keyDigest     = "digest"
	keyPhase      = "phase"
	keySignedBy   = "signedBy"
	keyPrevious   = "previous.json"
	keyAddons     = "addons.json"
	keyEntries    = "objects.json.gz"
)

// Expected is the part of a complete record that a check can expect to find.
func Expected(target Target) *manifest.Object {
	return configMap(target.Bundle, map[string]any{
		keyState: Complete, keyBundle: target.Bundle, keyKubernetes: target.Kubernetes, keyDigest: target.Digest,
	})
}

func configMap(bundle string, data map[string]any) *manifest.Object {
	return own(ID.Kind, Name, bundle, data)
}

// own is an object with data that Fitout keeps for itself.
func own(kind, name, bundle string, data map[string]any) *manifest.Object {
	return &manifest.Object{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       kind,
		"metadata": map[string]any{
			"name": name, "namespace": ID.Namespace,
			"labels": map[string]any{render.LabelManagedBy: render.ManagedBy, render.LabelAddon: render.ManagedBy, render.LabelBundle: bundle},
		},
		"data": data,
	}}
}

// Object returns the ConfigMap of a record. It refuses what Parse would refuse.
func (i *Inventory) Object() (*manifest.Object, error) {
	if err := i.validate(); err != nil {
		return nil, fmt.Errorf("inventory: %w; this record could not be read again", err)
	}
	entries, err := pack(i.Entries)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	data := map[string]any{
		keyState: i.State, keyFitout: i.Fitout, keyBundle: i.Target.Bundle, keyKubernetes: i.Target.Kubernetes, keyDigest: i.Target.Digest,
	}
	if i.Phase != "" {
		data[keyPhase] = i.Phase
	}
	if i.SignedBy != "" {
		data[keySignedBy] = i.SignedBy
	}
	for key, value := range map[string]any{keyAddons: i.Addons, keyPrevious: i.Previous} {
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("inventory: %w", err)
		}
		data[key] = string(text)
	}
	o := configMap(i.Target.Bundle, data)
	o.Object["binaryData"] = map[string]any{keyEntries: base64.StdEncoding.EncodeToString(entries)}
	if i.ResourceVersion != "" {
		o.SetResourceVersion(i.ResourceVersion)
	}
	return o, nil
}

// Parse reads the ConfigMap of a record. Anybody who may write ConfigMaps in kube-system can have written it, so that it is
// bounded in bytes and entries, which is why there is no context to end it, and every value is validated. An error means
// that the contents of the cluster are unknown, so that nothing may be pruned.
func Parse(o *manifest.Object) (*Inventory, error) {
	i, err := parse(o)
	if err == nil {
		err = i.validate()
	}
	if err != nil {
		return nil, fmt.Errorf("the inventory %s is damaged, or was not written by Fitout: %w; delete it and run fitout up: "+
			"it records every object of the bundle again, and leaves objects that the bundle no longer has", ID, err)
	}
	return i, nil
}

func parse(o *manifest.Object) (*Inventory, error) {
	data, _, err := unstructured.NestedStringMap(o.Object, "data")
	if err != nil {
		return nil, brief(err)
	}
	i := &Inventory{
		State: data[keyState], Fitout: data[keyFitout], Phase: data[keyPhase], SignedBy: data[keySignedBy], ResourceVersion: o.GetResourceVersion(),
		Target: Target{Bundle: data[keyBundle], Kubernetes: data[keyKubernetes], Digest: data[keyDigest]},
	}
	for key, into := range map[string]any{keyAddons: &i.Addons, keyPrevious: &i.Previous} {
		if len(data[key]) > maxText {
			return nil, fmt.Errorf("%s has %d bytes, more than %d", key, len(data[key]), maxText)
		}
		if err := json.Unmarshal([]byte(data[key]), into); err != nil {
			return nil, fmt.Errorf("%s: %w", key, brief(err))
		}
	}
	packed, _, err := unstructured.NestedString(o.Object, "binaryData", keyEntries)
	if err != nil {
		return nil, brief(err)
	}
	if i.Entries, err = unpack(packed); err != nil {
		return nil, fmt.Errorf("%s: %w", keyEntries, err)
	}
	return i, nil
}

// KeptAddons returns the addons of a record that the last run was told to leave fields of others in. A record that cannot be read has
// none: what is wrong with it is told elsewhere.
func KeptAddons(o *manifest.Object) []string {
	if o == nil {
		return nil
	}
	i, err := Parse(o)
	if err != nil {
		return nil
	}
	var kept []string
	for _, name := range slices.Sorted(maps.Keys(i.Addons)) {
		if i.Addons[name].Kept {
			kept = append(kept, name)
		}
	}
	return kept
}

// pack compresses entries. The same entries give the same bytes.
func pack(entries []Entry) ([]byte, error) {
	text, err := json.Marshal(entries)
	if err != nil {
		return nil, err
	}
	return compress(append(text, '\n'))
}

// compress compresses a text. The same text gives the same bytes.
func compress(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// unpack decodes entries one after the other, and ends at the first that is of no object, or one too many: three
// bytes of text are hundreds of bytes in memory.
func unpack(text string) ([]Entry, error) {
	inflated, err := manifest.Inflate(text, maxBytes)
	if err != nil {
		return nil, err
	}
	from := &ration{from: inflated, left: maxEntry}
	d := json.NewDecoder(from)
	start, err := d.Token()
	if err != nil {
		return nil, brief(err)
	}
	if start == nil { // null, as Go writes an empty list
		return nil, ended(d)
	}
	if start != json.Delim('[') {
		return nil, errors.New("it is not a list")
	}
	var entries []Entry
	for d.More() {
		from.left = maxEntry
		var e Entry
		if err := d.Decode(&e); err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(entries), brief(err))
		}
		if err := e.complete(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(entries), err)
		}
		if len(entries) == maxEntries {
			return nil, fmt.Errorf("there are more than %d entries", maxEntries)
		}
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil { // the end of the list
		return nil, brief(err)
	}
	return entries, ended(d)
}

// ended wants nothing but white space to follow.
func ended(d *json.Decoder) error {
	_, err := d.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return brief(err)
	}
	return errors.New("more text follows the list")
}

// A ration bounds the bytes that a decoder reads for one value.
type ration struct {
	from io.Reader
	left int
}

func (r *ration) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, fmt.Errorf("it is larger than %d bytes", maxEntry)
	}
	n, err := r.from.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
