package judgetest

import (
	"sync"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
)

var catalogue = sync.OnceValues(func() (*bundle.Catalogue, error) { return bundle.Load(addons.FS, bundles.FS) })

// Diagnoses are those of all embedded addons.
func Diagnoses(t *testing.T) []bundle.Diagnosis {
	t.Helper()
	c, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var all []bundle.Diagnosis
	for _, name := range c.Names() {
		a, _ := c.Addon(name)
		all = append(all, a.Diagnoses...)
	}
	return all
}
