package inventory

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

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
	return &manifest.Object{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       ID.Kind,
		"metadata": map[string]any{
			"name": Name, "namespace": ID.Namespace,
			"labels": map[string]any{render.LabelManagedBy: render.ManagedBy, render.LabelAddon: render.ManagedBy, render.LabelBundle: bundle},
		},
		"data": data,
	}}
}

// Object returns the ConfigMap of a record.
func (i *Inventory) Object() (*manifest.Object, error) {
	entries, err := pack(i.Entries)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	data := map[string]any{
		keyState: i.State, keyFitout: i.Fitout, keyBundle: i.Target.Bundle, keyKubernetes: i.Target.Kubernetes, keyDigest: i.Target.Digest,
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

// Parse reads the ConfigMap of a record. An error means that nobody can tell what is in the cluster, so that nothing may
// be pruned by it.
func Parse(o *manifest.Object) (*Inventory, error) {
	data, _, err := unstructured.NestedStringMap(o.Object, "data")
	if err != nil {
		return nil, damaged(err)
	}
	i := &Inventory{
		State: data[keyState], Fitout: data[keyFitout], ResourceVersion: o.GetResourceVersion(),
		Target: Target{Bundle: data[keyBundle], Kubernetes: data[keyKubernetes], Digest: data[keyDigest]},
	}
	if i.State != Applying && i.State != Complete {
		return nil, damaged(fmt.Errorf("%s is %q", keyState, i.State))
	}
	for key, into := range map[string]any{keyAddons: &i.Addons, keyPrevious: &i.Previous} {
		if err := json.Unmarshal([]byte(data[key]), into); err != nil {
			return nil, damaged(fmt.Errorf("%s: %w", key, err))
		}
	}
	packed, _, err := unstructured.NestedString(o.Object, "binaryData", keyEntries)
	if err != nil {
		return nil, damaged(err)
	}
	if i.Entries, err = unpack(packed); err != nil {
		return nil, damaged(fmt.Errorf("%s: %w", keyEntries, err))
	}
	return i, nil
}

func damaged(err error) error {
	return fmt.Errorf("the inventory %s cannot be read: %w; delete it and run fitout up: everything is recorded anew, but what is no longer wanted stays", ID, err)
}

// pack compresses entries. The same entries give the same bytes.
func pack(entries []Entry) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w).Encode(entries); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// most bounds what entries may expand to, in bytes: about 100,000 of them.
const most = 32 << 20

func unpack(text string) ([]Entry, error) {
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var entries []Entry
	return entries, json.NewDecoder(io.LimitReader(r, most)).Decode(&entries)
}
