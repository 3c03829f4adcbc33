package adoption

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// sameVolumeNames returns a live workload in which the volumes that the wanted one has under another name have that name, so that
// a comparison finds no more than what differs in them.
func sameVolumeNames(wanted, live *manifest.Object) *manifest.Object {
	ours := elements(wanted, "spec", "template", "spec", "volumes")
	if len(ours) == 0 {
		return live
	}
	live = live.DeepCopy()
	renamed := map[any]any{}
	for _, v := range elements(live, "spec", "template", "spec", "volumes") {
		if slices.ContainsFunc(ours, func(o map[string]any) bool { return o["name"] == v["name"] }) {
			continue
		}
		for _, o := range ours {
			if sameSource(wanted, o, v) {
				renamed[v["name"]], v["name"] = o["name"], o["name"]
				break
			}
		}
	}
	for _, containers := range []string{"containers", "initContainers"} {
		for _, c := range elements(live, "spec", "template", "spec", containers) {
			for _, m := range mounts(c) {
				if name, is := renamed[m["name"]]; is {
					m["name"] = name
				}
			}
		}
	}
	return live
}

// sameSource reports whether two volumes differ in nothing but their names.
func sameSource(wanted *manifest.Object, ours, theirs map[string]any) bool {
	source := func(volume map[string]any) map[string]any {
		volume = runtime.DeepCopyJSON(volume)
		delete(volume, "name")
		for _, of := range volume {
			if fields, isMap := of.(map[string]any); isMap && fmt.Sprint(fields["defaultMode"]) == "420" {
				delete(fields, "defaultMode") // what the server fills in
			}
		}
		return volume
	}
	at := []string{"spec", "template", "spec", "volumes"}
	return !objectdiff.FieldDiffers(wanted, at, source(ours), source(theirs)) && !objectdiff.FieldDiffers(wanted, at, source(theirs), source(ours))
}

// mounts returns the volume mounts of a container.
func mounts(container map[string]any) []map[string]any {
	list, _ := container["volumeMounts"].([]any)
	return asMaps(list)
}

// elements returns those elements of a list in an object that are maps.
func elements(o *manifest.Object, path ...string) []map[string]any {
	value, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	list, _ := value.([]any)
	return asMaps(list)
}

func asMaps(list []any) []map[string]any {
	var all []map[string]any
	for _, e := range list {
		if m, isMap := e.(map[string]any); isMap {
			all = append(all, m)
		}
	}
	return all
}

// texts returns the texts of a list.
func texts(value any) []string {
	list, _ := value.([]any)
	var all []string
	for _, e := range list {
		if text, isText := e.(string); isText {
			all = append(all, text)
		}
	}
	return all
}
