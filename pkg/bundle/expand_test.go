package bundle

import (
	"strings"
	"testing"
	"time"
)

// TestExpandEnds: a template that takes too long is an error in time. The inner loops write nothing, so that only
// the clock can tell.
func TestExpandEnds(t *testing.T) {
	before := expandWithin
	t.Cleanup(func() { expandWithin = before })
	expandWithin = 10 * time.Millisecond
	text := "{{ $n := until 300 }}{{ range $n }}{{ range $n }}{{ range $n }}{{ end }}{{ end }}{{ end }}"
	_, err := expand("coredns.values", text, nil)
	if err == nil || !strings.Contains(err.Error(), "coredns.values: has not ended after 10ms; bound its loops") {
		t.Fatalf("the error is %v", err)
	}
}
