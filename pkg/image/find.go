package image

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// A Use is a place of an object at which an image is named.
type Use struct {
	Object    manifest.ID `json:"object"`
	Container string      `json:"container,omitempty"` // that runs it
	Path      string      `json:"path"`                // spec.template.spec.containers[0].image
	Text      string      `json:"text"`                // the reference as it is written there
	Reference Reference   `json:"-"`
	Mention   bool        `json:"mention,omitempty"` // in an argument, a variable or a configuration: whoever reads that may pull it
}

// Find returns every image that objects name: those of containers and volumes, and whatever else in any string of them looks
// like a reference with a registry and a tag or a digest. Definitions are left out: their texts are documentation.
func Find(objects []*manifest.Object) []Use {
	var all []Use
	for _, o := range objects {
		if o.GetKind() == "CustomResourceDefinition" {
			continue
		}
		walk(o, func(u Use, _ func(string)) { all = append(all, u) })
	}
	return all
}

// walk hands on every use of an object, in the order of the paths, with a function that writes another text in its place.
func walk(o *manifest.Object, visit func(u Use, replace func(string))) {
	w := walker{id: manifest.IDOf(o), visit: visit}
	for _, key := range slices.Sorted(maps.Keys(o.Object)) {
		if key != "status" {
			w.value(o.Object[key], key, place{key: key, set: func(text string) { o.Object[key] = text }})
		}
	}
}

type walker struct {
	id    manifest.ID
	visit func(u Use, replace func(string))
}

// place is where a value stands: in which list, below which key, of which container.
type place struct {
	list, key string // containers, image
	parent    string // volumes[].image.reference: the key image
	container string
	variable  string // name of the environment variable whose value it is
	set       func(string)
}

func (w walker) value(v any, path string, at place) {
	switch v := v.(type) {
	case map[string]any:
		name, _ := v["name"].(string)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			inner := place{list: at.list, key: key, parent: at.key, container: at.container, set: func(text string) { v[key] = text }}
			if containerLists[at.list] && at.key == at.list {
				inner.container = name
			}
			if at.list == "env" && key == "value" {
				inner.variable = name
			}
			w.value(v[key], path+"."+key, inner)
		}
	case []any:
		for i, e := range v {
			w.value(e, path+"["+strconv.Itoa(i)+"]", place{list: at.key, key: at.key, container: at.container, set: func(text string) { v[i] = text }})
		}
	case string:
		w.text(v, path, at)
	}
}

// containerLists are the lists of a pod that hold containers.
var containerLists = map[string]bool{"containers": true, "initContainers": true, "ephemeralContainers": true}

func (w walker) text(text, path string, at place) {
	if containerLists[at.list] && at.key == "image" || at.list == "volumes" && at.parent == "image" && at.key == "reference" {
		if r, err := Parse(text); err == nil {
			w.visit(Use{Object: w.id, Container: at.container, Path: path, Text: text, Reference: r}, at.set)
		}
		return
	}
	spans := mentions(text, at)
	others := map[string]string{} // by what stands there now
	for _, s := range spans {
		found := text[s[0]:s[1]]
		r, err := Parse(found)
		if _, told := others[found]; told || err != nil {
			continue
		}
		others[found] = found
		w.visit(Use{Object: w.id, Container: at.container, Path: path, Text: found, Reference: r, Mention: true}, func(other string) { others[found] = other })
	}
	var out strings.Builder
	end := 0
	for _, s := range spans {
		if other, told := others[text[s[0]:s[1]]]; told {
			out.WriteString(text[end:s[0]] + other)
			end = s[1]
		}
	}
	if out.WriteString(text[end:]); out.String() != text {
		at.set(out.String())
	}
}

// mentioned matches what has a registry with a dot or a port, a path, and a tag or a digest.
var mentioned = regexp.MustCompile(`(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::[0-9]{1,5})?|localhost(?::[0-9]{1,5})?|[a-z0-9-]+:[0-9]{1,5})` +
	`(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)+(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})`)

// flagOfImage is an argument whose flag says that its value is an image, which then needs no registry.
var flagOfImage = regexp.MustCompile(`^--?[a-z0-9.-]*image=(.+)$`)

// mentions are the places of references in a text, in order. A URL has none.
func mentions(text string, at place) [][]int {
	if m := flagOfImage.FindStringSubmatchIndex(text); m != nil && (at.list == "args" || at.list == "command") {
		return [][]int{m[2:4]}
	}
	if strings.HasSuffix(strings.ToUpper(at.variable), "IMAGE") && text != "" {
		return [][]int{{0, len(text)}}
	}
	return slices.DeleteFunc(mentioned.FindAllStringIndex(text, -1), func(m []int) bool { return inURL(text[:m[0]]) })
}

// inURL reports whether what follows a text is the host of a URL, or the middle of a longer word.
func inURL(before string) bool {
	return strings.HasSuffix(before, "/") || strings.HasSuffix(before, "@") || before != "" && isWord(before[len(before)-1])
}

func isWord(b byte) bool {
	return b == '.' || b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
