// Package manifest is Kubernetes objects as text: parsing, naming, sorting, printing, digests.
package manifest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// Object is one Kubernetes object of any kind.
type Object = unstructured.Unstructured

// An ID names an object in a cluster, whatever the version that it is written in.
type ID struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// IDOf returns the ID of an object.
func IDOf(o *Object) ID {
	gvk := o.GroupVersionKind()
	return ID{Group: gvk.Group, Kind: gvk.Kind, Namespace: o.GetNamespace(), Name: o.GetName()}
}

// String is how people are told of an object: DaemonSet kube-system/cilium, ClusterRole cilium.
func (id ID) String() string {
	if id.Namespace == "" {
		return id.Kind + " " + id.Name
	}
	return id.Kind + " " + id.Namespace + "/" + id.Name
}

// Compare orders IDs by kind, group, namespace and name.
func (id ID) Compare(other ID) int {
	return cmp.Or(cmp.Compare(id.Kind, other.Kind), cmp.Compare(id.Group, other.Group),
		cmp.Compare(id.Namespace, other.Namespace), cmp.Compare(id.Name, other.Name))
}

// Sort orders objects by ID.
func Sort(objects []*Object) {
	slices.SortStableFunc(objects, func(a, b *Object) int { return IDOf(a).Compare(IDOf(b)) })
}

// Parse reads the YAML or JSON documents in text; source names the text in errors. Empty documents are dropped, and a
// List is taken apart. Each object has at least an apiVersion, a kind and a name. A key that is there twice is an error.
// The error names every document that is at fault, one a line.
func Parse(source string, text []byte) ([]*Object, error) {
	var objects []*Object
	var faults []error
	number := 0 // of the document, among those that are not blank
	for _, doc := range split(text) {
		if len(bytes.TrimSpace(doc)) == 0 {
			continue
		}
		number++
		found, err := parseDocument(doc)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: document %d: %w", source, number, err))
		}
		objects = append(objects, found...)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return objects, nil
}

func parseDocument(doc []byte) ([]*Object, error) {
	var compact bytes.Buffer
	if json.Compact(&compact, doc) == nil {
		doc = compact.Bytes() // JSON is YAML but for the tabs that may indent it
	} else if err := endsWhereItSeems(doc); err != nil {
		return nil, err
	}
	text, err := yaml.YAMLToJSONStrict(doc)
	if err != nil {
		return nil, err
	}
	var content any
	if err := utiljson.Unmarshal(text, &content); err != nil {
		return nil, err
	}
	if content == nil {
		return nil, nil
	}
	return objectsOf(content)
}

// endsWhereItSeems refuses text after the end of a document, which the parser of sigs.k8s.io/yaml leaves out in silence:
// {a: b} {c: d}. A map whose first key begins a line has its end at the end of the text, or is refused by the parser.
func endsWhereItSeems(doc []byte) error {
	for line := range bytes.Lines(doc) {
		if content := bytes.TrimSpace(line); len(content) == 0 || content[0] == '#' {
			continue
		}
		if c := line[0] | 0x20; c >= 'a' && c <= 'z' {
			return nil
		}
		break
	}
	decoder := yamlv3.NewDecoder(bytes.NewReader(doc))
	for documents := 0; ; documents++ {
		switch err := decoder.Decode(&yamlv3.Node{}); {
		case err == io.EOF:
			return nil
		case documents == 1:
			return fmt.Errorf("goes on after the end of its first object; separate objects by a line of ---")
		case err != nil:
			return err
		}
	}
}

// objectsOf returns the object that content is, or those that it lists.
func objectsOf(content any) ([]*Object, error) {
	fields, ok := content.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("is no object, which has an apiVersion, a kind and metadata")
	}
	o := &Object{Object: fields}
	items, isList := fields["items"].([]any)
	if !isList || !strings.HasSuffix(o.GetKind(), "List") {
		return []*Object{o}, complete(o)
	}
	var objects []*Object
	for i, item := range items {
		found, err := objectsOf(item)
		if err != nil {
			return nil, fmt.Errorf("items[%d]: %w", i, err)
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

// complete checks that an object has what names it.
func complete(o *Object) error {
	for _, path := range [][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}} {
		field := strings.Join(path, ".")
		value, _, err := unstructured.NestedFieldNoCopy(o.Object, path...)
		_, isText := value.(string)
		switch {
		case err != nil:
			return fmt.Errorf("%s has a metadata that is no map", cmp.Or(o.GetKind(), "the object"))
		case value == nil || value == "":
			return fmt.Errorf("%s has no %s", cmp.Or(o.GetKind(), "the object"), field)
		case !isText:
			return fmt.Errorf("%s is %v, which is no string; put it in quotes", field, value)
		}
	}
	if _, err := schema.ParseGroupVersion(o.GetAPIVersion()); err != nil {
		return fmt.Errorf("apiVersion: %w", err)
	}
	return nil
}

// split cuts text at the markers that begin (---) and end (...) a document. What follows a marker on its line, such as a
// comment, belongs to the next document.
func split(text []byte) [][]byte {
	var docs [][]byte
	start := 0
	for at := 0; at < len(text); {
		end := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if line := text[at:end]; isMarker(line) {
			docs = append(docs, text[start:at])
			start = end
			if len(bytes.TrimSpace(line)) > len("---") {
				start = at + len("---")
			}
		}
		at = end
	}
	return append(docs, text[start:])
}

func isMarker(line []byte) bool {
	for _, marker := range []string{"---", "..."} {
		if rest, ok := bytes.CutPrefix(line, []byte(marker)); ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0) {
			return true
		}
	}
	return false
}

// Write prints objects as YAML documents with sorted keys.
func Write(w io.Writer, objects []*Object) error {
	for _, o := range objects {
		text, err := yaml.Marshal(o.Object)
		if err != nil || printable.Text(string(text)) != string(text) {
			text, err = Escaped(o)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", IDOf(o), err)
		}
		if _, err := fmt.Fprintf(w, "---\n%s", text); err != nil {
			return err
		}
	}
	return nil
}

// Digest returns "sha256:" and the hash of the objects' canonical JSON (sorted keys, a line each) in the order of their
// IDs. It does not depend on the order of the slice.
func Digest(objects []*Object) (string, error) {
	sorted := slices.Clone(objects)
	Sort(sorted)
	hash := sha256.New()
	for _, o := range sorted {
		text, err := o.MarshalJSON()
		if err != nil {
			return "", fmt.Errorf("%s: %w", IDOf(o), err)
		}
		hash.Write(text)
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil)), nil
}

// GroupKindOf returns the group and kind of an object.
func GroupKindOf(o *Object) schema.GroupKind { return o.GroupVersionKind().GroupKind() }

// kept are the fields of the metadata that the API server keeps for itself.
var kept = []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"}

// Contents returns a copy of a live object without its status and what the API server keeps for itself.
func Contents(live *Object) *Object {
	o := live.DeepCopy()
	delete(o.Object, "status")
	for _, field := range kept {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	return o
}
