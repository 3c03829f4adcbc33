// Package adoption says what taking over another installer's objects comes to: which of its settings would be lost, and which
// can be carried over into the cluster file. It is pure.
package adoption

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/corefile"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func corefileLines(want, got string) []string {
	var lines []string
	for _, l := range corefile.Lost(want, got) {
		lines = append(lines, "Corefile "+l.String())
	}
	return lines
}

// maxText bounds a text that is decoded; no ConfigMap is larger.
const maxText = 1 << 20

// decoded returns a text that is a YAML map, nil if it is none.
func decoded(text string) map[string]any {
	var m map[string]any
	if len(text) > maxText || !strings.Contains(text, ":") || yaml.Unmarshal([]byte(text), &m) != nil {
		return nil
	}
	return m
}

// textDifferences returns the fields that theirs has otherwise than ours, each to its depth. Empty ones say nothing.
func textDifferences(path string, ours, theirs map[string]any) []objectdiff.Difference {
	var all []objectdiff.Difference
	for _, key := range slices.Sorted(maps.Keys(theirs)) {
		at := path + "." + key
		inner, isMap := theirs[key].(map[string]any)
		if isMap {
			own, _ := ours[key].(map[string]any)
			all = append(all, textDifferences(at, own, inner)...)
			continue
		}
		if !empty(theirs[key]) && fmt.Sprint(theirs[key]) != fmt.Sprint(ours[key]) {
			all = append(all, objectdiff.Difference{Path: at, Want: ours[key], Got: theirs[key]})
		}
	}
	return all
}

// empty reports whether a value says nothing: kubeadm writes every field of a configuration, most of them so.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	}
	return slices.Contains([]any{"", "0s", false, float64(0)}, v)
}

// Carry puts the settings of live objects that can be carried over into a cluster file: nested maps by its fields. live has the
// objects of other installers. A text that cannot be read carries nothing.
func Carry(addons []Addon, live map[manifest.ID]*manifest.Object, file map[string]any) {
	for _, a := range addons {
		for _, wanted := range a.Objects {
			found := live[manifest.IDOf(wanted)]
			if found == nil {
				continue
			}
			for _, c := range a.Carries {
				if c.Kind == wanted.GetKind() && c.Name == wanted.GetName() {
					carry(c, wanted, found, file)
				}
			}
		}
	}
}

// An Addon is what is rendered for an addon, and what it carries over.
type Addon struct {
	Carries []bundle.Carry
	Objects []*manifest.Object
}

func carry(c bundle.Carry, wanted, live *manifest.Object, file map[string]any) {
	ours, _, _ := unstructured.NestedFieldNoCopy(wanted.Object, c.Keys()...)
	theirs, found, _ := unstructured.NestedFieldNoCopy(live.Object, c.Keys()...)
	if !found {
		return
	}
	switch c.Format {
	case "":
		value, carried := c.Of(theirs)
		if carried && fmt.Sprint(theirs) != fmt.Sprint(ours) {
			set(file, c.To, value)
		}
	case "corefile":
		carryCorefile(c, fmt.Sprint(ours), fmt.Sprint(theirs), file)
	case "yaml":
		text, _ := theirs.(string)
		for _, f := range textDifferences("", decoded(fmt.Sprint(ours)), decoded(text)) {
			path := strings.TrimPrefix(f.Path, ".")
			top, _, _ := strings.Cut(path, ".")
			switch {
			case c.Path == path:
				set(file, c.To, f.Got)
			case c.Path == "*" && !slices.Contains(c.Except, top):
				set(file, c.To+"."+path, f.Got)
			}
		}
	}
}

func carryCorefile(c bundle.Carry, ours, theirs string, file map[string]any) {
	s, err := corefile.SettingsOf(ours, theirs)
	switch {
	case err != nil:
	case c.Path == "upstreams" && len(s.Upstreams) > 0:
		set(file, c.To, s.Upstreams)
	case c.Path == "cacheSeconds" && s.CacheSeconds > 0:
		set(file, c.To, s.CacheSeconds)
	case c.Path == "directives" && s.Directives != "":
		set(file, c.To, s.Directives)
	}
}

// LeaveOut puts a choice into a cluster file, unless it says otherwise already.
func LeaveOut(file map[string]any, path string, value any) {
	if _, has, _ := unstructured.NestedFieldNoCopy(file, strings.Split(path, ".")...); !has {
		set(file, path, value)
	}
}

// set sets a field by its path.
func set(file map[string]any, path string, value any) {
	keys := strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		inner, isMap := file[key].(map[string]any)
		if !isMap {
			inner = map[string]any{}
			file[key] = inner
		}
		file = inner
	}
	file[keys[len(keys)-1]] = value
}
