package reliability

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/faultproxy"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"k8s.io/client-go/rest"
)

// A row is a fault, how it is brought about, and what one invocation must come to.
type row struct {
	name    string
	faults  []faultproxy.Fault
	config  func(s *site) *rest.Config // how the client reaches the proxy; as the bed's admin where it is nil
	before  func(s *site)              // what is done before the run
	middle  func(s *site)              // what happens in the middle of a wave
	timeout time.Duration              // of the run; that of the command where it is 0
	fails   []string                   // what the error says; nil where all is to be well
	within  time.Duration              // the most that it may take; no bound where it is 0
	sample  string                     // the minors on which a sample has it
}

var writes = faultproxy.Writes

// every hits each n-th of the requests with the methods.
func every(n int, methods []string, f faultproxy.Fault) []faultproxy.Fault {
	return []faultproxy.Fault{f.On(methods, n, 0, n)}
}

// burst hits the requests from first to last, of those with the methods.
func burst(first, last int, methods []string, f faultproxy.Fault) []faultproxy.Fault {
	return []faultproxy.Fault{f.On(methods, first, last, 1)}
}

var (
	reset     = faultproxy.Fault{Effect: faultproxy.Reset}
	loseReply = faultproxy.Fault{Effect: faultproxy.LoseReply}
	truncate  = faultproxy.Fault{Effect: faultproxy.Truncate}
	slow      = faultproxy.Fault{Effect: faultproxy.Delay, Pause: 2 * time.Second}
	hang      = faultproxy.Fault{Effect: faultproxy.Hang, Pause: time.Minute}
)

var rows = []row{
	{name: "none", sample: "1.36 1.18"},
	{name: "every 7th write reset", faults: every(7, writes, reset), sample: "1.36 1.18"},
	{name: "every 3rd request of any kind reset", faults: every(3, nil, reset)},
	{name: "answer of every 7th write lost", faults: every(7, writes, loseReply), sample: "1.36 1.18"},
	{name: "every 9th answer broken off", faults: every(9, nil, truncate)},
	{name: "40 writes answered 500", faults: burst(20, 59, writes, faultproxy.Overloaded(500, 0))},
	{name: "40 writes answered 503", faults: burst(20, 59, writes, faultproxy.Overloaded(503, 0))},
	{name: "40 writes answered 429, Retry-After 1", faults: burst(20, 59, writes, faultproxy.Overloaded(429, 1))},
	{name: "every 10th answer 2 s late", faults: every(10, nil, slow)},
	{name: "4 requests hang, request timeout 3 s", faults: burst(30, 33, nil, hang), config: hasty},
	{name: "2 requests hang, default timeout", faults: burst(30, 31, nil, hang)},
	{name: "API server restarted in a wave", middle: restart(0), sample: "1.36"},
	{name: "API server away for 8 s", middle: restart(8 * time.Second)},
	{name: "etcd stands still for 9 s", middle: freeze(9 * time.Second)},
	{name: "etcd away for 8 s", middle: etcdAway(8 * time.Second)},
	{name: "token expires, token file renewed", config: tokenFile, middle: renew, sample: "1.36"},
	{name: "token expires, plug-in has a new one", config: plugin, middle: renew},
	{name: "token expires for good", config: tokenFile, middle: expire, fails: []string{"Unauthorized", "renew the credentials of the kubeconfig"}, within: 8 * time.Second, sample: "1.36"},
	{name: "webhook down for 20 calls", faults: burst(30, 49, writes, faultproxy.WebhookDown("check.example.org")), sample: "1.36"},
	{name: "webhook down for 8 s", before: registerWebhook, middle: repairWebhook},
	{name: "webhook stays down, run of 20 s", before: registerWebhook, timeout: 20 * time.Second,
		fails: []string{`failed calling webhook "check.example.org"`, "repair webhook check.example.org", "tried"}, within: 30 * time.Second},
	{name: "namespace terminating for 8 s", before: terminate, middle: release},
	{name: "namespace stays terminating, run of 20 s", before: terminate, timeout: 20 * time.Second,
		fails: []string{"is being deleted", "example.org/held"}, within: 30 * time.Second},
	{name: "dead APIService breaks discovery", before: deadAPIService, sample: "1.36"},
}

func TestRows(t *testing.T) {
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, minor)
			table, undisturbed := &strings.Builder{}, 0
			fmt.Fprintf(table, "| fault | exit | present of %d | requests | hit | seconds |\n|---|---|---|---|---|---|\n", hundred) // * is for the sample
			for _, r := range rows {
				name, sampled := r.name, strings.Contains(r.sample, minor)
				if !all && !sampled {
					continue
				}
				if sampled {
					name += " *"
				}
				t.Run(r.name, func(t *testing.T) {
					s.TB = t
					out := s.try(r)
					fmt.Fprintf(table, "| %s | %d | %d | %d | %d | %.1f |\n", name, out.exit, out.present, out.requests, out.hits, out.took.Seconds())
					if r.name == "none" {
						undisturbed = out.created
					}
					judge(t, r, out, undisturbed)
				})
			}
			t.Logf("Kubernetes %s\n%s", s.bed.Version(), table)
		})
	}
}

// try does one row and cleans up behind it.
func (s *site) try(r row) outcome {
	config := s.proxy.Config()
	if r.config != nil {
		config = r.config(s)
	}
	if r.before != nil {
		r.before(s)
	}
	s.proxy.Plan(r.faults...)
	happened := make(chan struct{})
	if r.middle == nil {
		close(happened)
	} else {
		go func() {
			defer close(happened)
			s.await(45)
			r.middle(s)
		}()
	}
	timing := fitout.DefaultTiming
	if r.timeout > 0 {
		timing.Timeout = r.timeout
	}
	out := s.invoke(config, timing)
	<-happened
	s.clear()
	return out
}

// await waits until so many requests have come in.
func (s *site) await(requests int) {
	for range 600 {
		if s.proxy.Total() >= requests {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// judge compares an outcome with what the row wants. Where all is to be well, as many objects count as created as in the
// run that nobody disturbed.
func judge(t *testing.T, r row, out outcome, undisturbed int) {
	t.Helper()
	if len(r.faults) > 0 && out.hits == 0 {
		t.Errorf("no request was hit: %v", out)
	}
	if r.within > 0 && out.took > r.within {
		t.Errorf("took more than %v: %v", r.within, out)
	}
	if r.fails == nil {
		if out.exit != 0 || out.present != hundred || out.created != undisturbed {
			t.Errorf("%v; want %d created", out, undisturbed)
		}
		return
	}
	if out.exit != 1 {
		t.Errorf("%v", out)
	}
	for _, text := range r.fails {
		if !strings.Contains(fmt.Sprint(out.err), text) {
			t.Errorf("does not say %q: %v", text, out)
		}
	}
}

// hasty has the request timeout that --request-timeout sets.
func hasty(s *site) *rest.Config {
	config := s.proxy.Config()
	config.Timeout = 3 * time.Second
	return config
}

func restart(pause time.Duration) func(*site) {
	return func(s *site) { s.without(bed.APIServer, pause) }
}

func etcdAway(pause time.Duration) func(*site) {
	return func(s *site) { s.without(bed.Etcd, pause) }
}

// without stops a component and starts it again after a pause.
func (s *site) without(component string, pause time.Duration) {
	if err := s.bed.StopComponent(component); err != nil {
		s.Error(err)
	}
	time.Sleep(pause)
	if err := s.bed.StartComponent(s.Context(), component); err != nil {
		s.Error(err)
	}
}

// freeze stops etcd without ending it, as a disk that hangs or a change of its leader does.
func freeze(pause time.Duration) func(*site) {
	return func(s *site) {
		pid := s.bed.PIDs()[bed.Etcd]
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			s.Error(err)
		}
		time.Sleep(pause)
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			s.Error(err)
		}
	}
}
