package strictyaml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

func TestFieldsOf(t *testing.T) {
	var got strings.Builder
	var walk func([]strictyaml.Field)
	walk = func(fields []strictyaml.Field) {
		for _, f := range fields {
			fmt.Fprintln(&got, strings.TrimRight(fmt.Sprintf("%s %s %s %s %v %v", f.Path, f.Type, f.Elem, f.Default, f.Enum, f.Required), " "))
			walk(f.Fields)
		}
	}
	walk(strictyaml.FieldsOf(&ship{}))
	want := `name string   [] true
rig string  sloop [sloop ketch schooner] false
masts integer   [] false
afloat boolean   [] false
motor boolean  true [] false
hull object   [] false
hull.material string  oak [] false
hull.length string   [] false
crew list string  [] false
boats list object  [] false
boats[].name string   [] true
boats[].oars integer   [] false
sails map object  [] false
sails.<name>.name string   [] true
sails.<name>.oars integer   [] false
flags map string  [] false
cargo map any  [] false
log any   [] false
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
	if doc := strictyaml.FieldsOf(ship{})[5].Fields[0].Doc; doc != "What it is made of." {
		t.Errorf("documentation of hull.material: %q", doc)
	}
}

func TestSetDefaults(t *testing.T) {
	yes, no := true, false
	for name, test := range map[string]struct{ given, want ship }{
		"empty": {ship{}, ship{Rig: "sloop", Motor: &yes, Hull: hull{Material: "oak"}}},
		"full": {
			ship{Rig: "ketch", Motor: &no, Hull: hull{Material: "steel"}, Boats: []boat{{}}},
			ship{Rig: "ketch", Motor: &no, Hull: hull{Material: "steel"}, Boats: []boat{{}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			strictyaml.SetDefaults(&test.given)
			if diff := cmp.Diff(test.want, test.given); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFaultError(t *testing.T) {
	for want, fault := range map[string]strictyaml.Fault{
		"f.yaml:3: cni is \"x\"; use y": {File: "f.yaml", Line: 3, Field: "cni", Problem: `is "x"`, Remedy: "use y"},
		"f.yaml is empty":               {File: "f.yaml", Problem: "is empty"},
		"cni is bad":                    {Field: "cni", Problem: "is bad"},
		"no file at all; give one":      {Problem: "no file at all", Remedy: "give one"},
	} {
		if got := fault.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := (strictyaml.Faults{}).ErrorOrNil(); err != nil {
		t.Errorf("no faults are the error %v", err)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"cilium", "calico", "weave", "flannel", "none"}
	for found, want := range map[string]string{
		"cillium": "cilium", "Calico": "calico", "waeve": "weave", "flanel": "flannel", "non": "none",
		"": "", "antrea": "", "cat": "", strings.Repeat("cilium", 1000): "",
	} {
		if got := strictyaml.Nearest(found, words); got != want {
			t.Errorf("nearest to %.20q is %q, want %q", found, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for text, want := range map[string]string{
		"short":                            "short",
		strings.Repeat("x", 60):            strings.Repeat("x", 60),
		strings.Repeat("x", 61):            strings.Repeat("x", 60) + "…",
		strings.Repeat("x", 59) + "éclair": strings.Repeat("x", 59) + "…",
	} {
		if got := strictyaml.Clip(text); got != want {
			t.Errorf("%q is clipped to %q, want %q", text, got, want)
		}
	}
}
