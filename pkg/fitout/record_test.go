package fitout_test

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/inventory"
)

// The record of everything that Fitout installs can be read again.
func TestRecord(t *testing.T) {
	c := catalogue(t)
	for _, words := range [][3]string{
		{"1.36", "cilium", "nginx"}, {"1.36", "calico", "traefik"}, {"1.36", "flannel", "none"}, {"1.18", "cilium", "nginx"}, {"1.18", "weave", "none"},
	} {
		record, err := fitout.Record(prepare(t, c, words[0], words[1], words[2]))
		if err != nil {
			t.Fatal(err)
		}
		o, err := record.Object()
		if err != nil {
			t.Fatalf("%v: %v", words, err)
		}
		if same, err := inventory.Parse(o); err != nil || !same.Same(record) || len(same.Entries) < 15 {
			t.Errorf("%v: %v", words, err)
		}
	}
}
