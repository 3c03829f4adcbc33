// Package bedtest gives a test a bed of its own.
package bedtest

import (
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
)

// coldBuild is the time that a test must have left to build a bed itself.
const coldBuild = 30 * time.Minute

// Start starts a bed for the length of a test, with the test's output for a
// log unless there is another. It skips the test with -short, and fails it
// when the programs are not built and the time-out of `go test` (10 minutes
// unless given) leaves no room for that.
func Start(t testing.TB, o bed.Options) *bed.Bed {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a control plane; -short leaves it out")
	}
	if o.Log == nil {
		o.Log = t.Output()
	}
	built, err := bed.Built(t.Context(), o.Minor)
	if err != nil {
		t.Fatal(err)
	}
	if !built && hurried(t) {
		t.Fatalf("the bed of Kubernetes %s is not built: run `go run ./testdata/bed build --kubernetes %s`, or give go test a -timeout over %v", o.Minor, o.Minor, coldBuild)
	}
	b, err := bed.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// hurried tells whether the test must end too soon for a build.
func hurried(t testing.TB) bool {
	timed, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return false
	}
	deadline, set := timed.Deadline()
	return set && time.Until(deadline) < coldBuild
}
