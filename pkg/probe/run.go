package probe

import (
	"context"
	"errors"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// tries is how many whole tries fit into the time of a task: one lost packet is no fault of a network.
	tries = 3
	// pause is the time between a try that failed at once and the next.
	pause = 200 * time.Millisecond
)

// primitives carry out one try of each kind and tell what was answered.
var primitives = map[Kind]func(ctx context.Context, t Task) (answer string, err error){
	DNS:  askDNS,
	TCP:  openTCP,
	HTTP: getHTTP,
	TLS:  shakeHands,
	Echo: echo,
}

// Run carries out all tasks at once and returns their results in the order of the tasks. It takes as long as the longest.
func Run(ctx context.Context, tasks []Task) []Result {
	results := make([]Result, len(tasks))
	var wg sync.WaitGroup
	for i, t := range tasks {
		wg.Go(func() { results[i] = t.run(ctx) })
	}
	wg.Wait()
	return results
}

// run tries until the task is good or its time is up.
func (t Task) run(ctx context.Context) Result {
	r := Result{ID: t.ID}
	if err := t.validate(); err != nil {
		r.Error = err.Error()
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout())
	defer cancel()
	for {
		r.Tries++
		start := time.Now()
		answer, err := t.once(ctx)
		r.Took = metav1.Duration{Duration: time.Since(start)}
		if err == nil {
			r.OK, r.Answer, r.Error = true, answer, ""
			return r
		}
		if r.Error == "" || ctx.Err() == nil { // what the end of the time cut short says nothing new
			r.Error = err.Error()
		}
		select {
		case <-ctx.Done():
			return r
		case <-time.After(pause):
		}
	}
}

func (t Task) once(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout()/tries)
	defer cancel()
	answer, err := primitives[t.Kind](ctx, t)
	switch {
	case !t.Closed:
		return answer, err
	case err == nil:
		return "", errors.New(t.address() + " answers, and must not")
	}
	return err.Error(), nil
}
