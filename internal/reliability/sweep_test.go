package reliability

import (
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/faultproxy"
	"github.com/fitout-dev/fitout/pkg/fitout"
)

// TestSweep breaks one request of a run, in the next run the next one, and so on to the last: once before it reaches the
// server, once after what it asks for has happened. Nobody should notice, and what was created should count as created.
func TestSweep(t *testing.T) {
	t.Parallel()
	s := newSite(t, "1.36")
	timing := fitout.Timing{Timeout: time.Minute, Poll: 100 * time.Millisecond}
	whole := s.invoke(s.proxy.Config(), timing)
	step := 1
	if !all {
		step = 50
	}
	for _, effect := range []faultproxy.Effect{faultproxy.Reset, faultproxy.LoseReply} {
		runs := 0
		for i := 1; i <= whole.requests; i += step {
			s.wipe()
			s.proxy.Plan(faultproxy.Fault{Effect: effect, First: i, Last: i})
			out := s.invoke(s.proxy.Config(), timing)
			hit := out.hits == 1 || out.requests < i // a run may need fewer looks at what it waits for
			if out.exit != 0 || out.present != hundred || out.created != whole.created || !hit {
				t.Errorf("%s of request %d: %v", effect, i, out)
			}
			runs++
		}
		t.Logf("%s: %d of the requests 1 to %d, each in a run of its own", effect, runs, whole.requests)
	}
}
