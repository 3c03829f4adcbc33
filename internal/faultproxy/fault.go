package faultproxy

import (
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// An Effect is what a fault does to a request.
type Effect string

// The effects.
const (
	Reset     Effect = "reset"      // break the connection; the server never sees the request
	LoseReply Effect = "lose reply" // forward, then break the connection: what was asked for has happened
	Truncate  Effect = "truncate"   // forward, then break off in the middle of the answer
	Answer    Effect = "answer"     // answer with Status and do not forward
	Delay     Effect = "delay"      // wait for Pause, then forward
	Hang      Effect = "hang"       // say nothing for Pause, then break the connection
)

// A Fault is an effect and the requests that it is for.
type Fault struct {
	Methods []string // none stands for all
	Path    string   // regular expression over the path; "" stands for all
	Token   string   // bearer token; "" stands for all

	// Of the requests that match, counted from 1 in the order of their arrival: from First (1 when 0) to Last (no end
	// when 0), and of these every Every-th (each when 0).
	First, Last, Every int

	Effect     Effect
	Pause      time.Duration // of Delay and Hang
	Status     metav1.Status // of Answer
	RetryAfter int           // of Answer: seconds for the header Retry-After; none when 0
}

// Writes are the methods that change something.
var Writes = []string{"POST", "PUT", "PATCH", "DELETE"}

// A plan decides for each request which fault, if any, hits it.
type plan struct {
	mu     sync.Mutex
	faults []Fault
	paths  []*regexp.Regexp
	seen   []int // requests that matched each fault
	hits   int
	counts map[string]int
}

func newPlan(faults []Fault) *plan {
	p := &plan{counts: map[string]int{}}
	for _, f := range faults {
		p.add(f)
	}
	return p
}

func (p *plan) add(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.paths, p.seen = append(p.faults, f), append(p.paths, regexp.MustCompile(f.Path)), append(p.seen, 0)
}

// next counts a request and returns the first fault that hits it; a zero Fault where none does.
func (p *plan) next(r *http.Request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[r.Method]++
	var hit Fault
	for i, f := range p.faults {
		if !f.matches(r) || !p.paths[i].MatchString(r.URL.Path) {
			continue
		}
		p.seen[i]++
		if hit.Effect == "" && f.takes(p.seen[i]) {
			hit = f
		}
	}
	if hit.Effect != "" {
		p.hits++
	}
	return hit
}

func (f Fault) matches(r *http.Request) bool {
	return (len(f.Methods) == 0 || slices.Contains(f.Methods, r.Method)) && (f.Token == "" || r.Header.Get("Authorization") == "Bearer "+f.Token)
}

// takes reports whether the fault is for the n-th request that matches it.
func (f Fault) takes(n int) bool {
	first, every := max(f.First, 1), max(f.Every, 1)
	return n >= first && (f.Last == 0 || n <= f.Last) && (n-first+1)%every == 0
}
