package judgetest

import (
	"sync"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/diagnose"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

var catalogue = sync.OnceValues(func() (*bundle.Catalogue, error) { return bundle.Load(addons.FS, bundles.FS) })

// Diagnoses are those of all embedded addons, as if each had all of some objects.
func Diagnoses(t *testing.T, objects map[manifest.ID]*manifest.Object) []diagnose.AddonDiagnosis {
	t.Helper()
	c, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	of := map[manifest.ID]bool{}
	for id := range objects {
		of[id] = true
	}
	var all []diagnose.AddonDiagnosis
	for _, name := range c.Names() {
		a, _ := c.Addon(name)
		for _, d := range a.Diagnoses {
			all = append(all, diagnose.AddonDiagnosis{Diagnosis: d, Objects: of})
		}
	}
	return all
}
