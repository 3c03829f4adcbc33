package access_test

import (
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/access"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
)

// For every cluster that there is a bundle for, what is printed is valid on its version, holds no wildcard, and to check
// it takes no right to change anything.
func TestEveryCombination(t *testing.T) {
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range catalogue.Minors() {
		for _, c := range combination.Of(catalogue, minor) {
			plan, err := fitout.Prepare(catalogue, c.File, nil, nil)
			if err != nil {
				t.Fatalf("%s %s: %v", minor, c.Name(), err)
			}
			for _, readOnly := range []bool{false, true} {
				run := access.Run{Objects: plan.Rendering.Objects(), Sought: plan.Sought(), Kinds: plan.Kinds, ServerSide: minor >= "1.22", ReadOnly: readOnly}
				granted, err := access.Grant(run, access.Account{Namespace: "kube-system", Name: "fitout"})
				if err == nil {
					err = plan.Rendering.API.Validate(granted, nil)
				}
				if err != nil {
					t.Fatalf("%s %s: %v", minor, c.Name(), err)
				}
				for _, o := range granted {
					for _, r := range rulesOf(t, o) {
						words := slices.Concat(r.APIGroups, r.Resources, r.ResourceNames, r.Verbs)
						if slices.Contains(words, "*") {
							t.Errorf("%s %s: a wildcard in %v", minor, c.Name(), r)
						}
						forward := slices.Equal(r.Resources, []string{"pods/portforward"}) // which changes nothing
						if readOnly && !forward && slices.ContainsFunc(r.Verbs, func(v string) bool { return v != "get" && v != "list" }) {
							t.Errorf("%s %s: to check takes %v", minor, c.Name(), r)
						}
					}
				}
			}
		}
	}
}
