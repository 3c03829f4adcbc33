// Package objectdiff compares a rendered object with the live one: which fields differ, how a difference is told, and which
// fields the API server refuses to change.
package objectdiff

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/credential"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// Differences returns the rendered fields that a live object has otherwise. What the live object has beyond them
// (defaults, fields of others) does not count, nor does what an API server does not keep: a status, nulls, and empty
// fields, except where an empty one means something else than a missing one.
func Differences(rendered, live *manifest.Object) []Difference {
	want := maps.Clone(rendered.Object)
	delete(want, "status")
	_, known := builtIn[manifest.GroupKindOf(rendered)]
	return differences(want, live.Object, place{verbatim: !known})
}

// builtIn are the kinds that the API server stores through Go types, which leave empty fields out.
var builtIn = manifest.KindsOf(nil)

// place is where in an object a value stands.
type place struct {
	path          string // spec.template.spec.containers[0].image
	parent, field string // containers, image
	verbatim      bool   // in a custom resource, which is stored as it is written
}

func (p place) key(field string) place {
	path := field
	if p.path != "" {
		path = p.path + "." + field
	}
	return place{path: path, parent: p.field, field: field, verbatim: p.verbatim && path != "metadata"}
}

func (p place) index(i int) place {
	p.path = fmt.Sprintf("%s[%d]", p.path, i)
	return p
}

func differences(want, got any, at place) []Difference {
	if want == nil {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		return mapDifferences(w, got, at)
	case []any:
		return listDifferences(w, got, at)
	}
	if equal(want, got, at) {
		return nil
	}
	return []Difference{{Path: at.path, Want: want, Got: got}}
}

func mapDifferences(want map[string]any, got any, at place) []Difference {
	g, isMap := got.(map[string]any)
	switch {
	case got == nil && len(want) == 0 && at.droppable():
		return nil
	case !isMap:
		return []Difference{{Path: at.path, Want: want, Got: got}}
	}
	var all []Difference
	for _, key := range slices.Sorted(maps.Keys(want)) {
		all = append(all, differences(want[key], g[key], at.key(key))...)
	}
	return all
}

func listDifferences(want []any, got any, at place) []Difference {
	g, isList := got.([]any)
	switch {
	case got == nil && len(want) == 0 && at.droppable():
		return nil
	case !isList || len(g) != len(want):
		return []Difference{{Path: at.path, Want: want, Got: got}}
	}
	var all []Difference
	for i := range want {
		all = append(all, differences(want[i], g[i], at.index(i))...)
	}
	return all
}

// equal compares scalars as the API server keeps them: it drops empty ones, and writes quantities in its own form.
func equal(want, got any, at place) bool {
	switch {
	case want == got:
		return true
	case got == nil && want == "":
		return at.droppable() && !slices.Contains(stringMaps, at.parent)
	case got == nil:
		return at.droppable() && (want == false || want == int64(0) || want == float64(0))
	case at.quantity():
		w, werr := clusterfile.ParseQuantity(fmt.Sprint(want))
		g, gerr := clusterfile.ParseQuantity(fmt.Sprint(got))
		return werr == nil && gerr == nil && w.Cmp(g) == 0
	}
	w, isInt := want.(int64)
	g, isFloat := got.(float64)
	return isInt && isFloat && float64(w) == g
}

// quantity tells the fields that hold quantities: resources of containers and claims, the size of an emptyDir, the
// divisor of a resource in an environment variable.
func (p place) quantity() bool {
	switch p.parent {
	case "requests", "limits":
		return strings.Contains(p.path, "resources."+p.parent+".")
	}
	return p.field == "sizeLimit" || p.field == "divisor"
}

// meaning are the fields that mean something else when they are missing than when they are empty (k8s.io/api: pointers
// that the API server gives no default), so that it keeps them.
var meaning = []string{
	"allowPrivilegeEscalation", "automountServiceAccountToken", "emptyDir", "fsGroup", "hostUsers", "runAsGroup",
	"runAsNonRoot", "runAsUser", "tolerationSeconds",
}

// stringMaps are the maps whose empty values it keeps.
var stringMaps = []string{"annotations", "data", "labels", "matchLabels", "nodeSelector", "parameters", "selector"}

// droppable tells whether the API server leaves an empty value out there.
func (p place) droppable() bool { return !p.verbatim && !slices.Contains(meaning, p.field) }

// A Difference is one rendered field that the live object has otherwise.
type Difference struct {
	Path string // spec.template.spec.containers[0].image
	Want any    // nil where the field is to go
	Got  any    // nil where the field is missing
}

// String says what is there, and what is to be there: the part of it that differs, where it is long.
func (d Difference) String() string {
	d.Got, d.Want = credential.HideAt(d.Path, d.Got), credential.HideAt(d.Path, d.Want)
	wantList, wantsList := d.Want.([]any)
	gotList, hasList := d.Got.([]any)
	switch {
	case d.Got == nil:
		return fmt.Sprintf("%s is gone, not %s", d.Path, clip(d.Want))
	case d.Want == nil:
		return fmt.Sprintf("%s is %s, and is to go", d.Path, clip(d.Got))
	case wantsList && hasList && len(wantList) != len(gotList):
		return fmt.Sprintf("%s has %d elements, not %d", d.Path, len(gotList), len(wantList))
	}
	field, got, want := d.Shown()
	return fmt.Sprintf("%s is %s, not %s", field, got, want)
}

// firstLine returns the first line in which two texts differ, counted from 1.
func firstLine(a, b string) (n int, lineOfA, lineOfB string) {
	linesOfA, linesOfB := strings.Split(a, "\n"), strings.Split(b, "\n")
	for n < len(linesOfA) && n < len(linesOfB) && linesOfA[n] == linesOfB[n] {
		n++
	}
	nth := func(lines []string) string { return strings.Join(lines[min(n, len(lines)):min(n+1, len(lines))], "") }
	return n + 1, nth(linesOfA), nth(linesOfB)
}

// most is how much of a value is shown.
const most = 60

// apart shortens two different texts so that what differs is still to be seen.
func apart(a, b string) (string, string) {
	const before = 20 // of what is the same is kept
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	if from := same - before; from > 0 && max(len(a), len(b)) > most {
		a, b = "…"+strings.ToValidUTF8(a[from:], ""), "…"+strings.ToValidUTF8(b[from:], "")
	}
	return printable.Cut(a, most), printable.Cut(b, most)
}

// clip shows a value: a text on one line, anything else as JSON.
func clip(v any) string {
	if s, ok := v.(string); ok && s != "" {
		return printable.Cut(strings.Join(strings.Fields(s), " "), most)
	}
	return asJSON(v)
}

func asJSON(v any) string {
	text, _ := json.Marshal(v) // what was parsed from JSON is JSON
	return printable.Cut(string(text), most)
}
