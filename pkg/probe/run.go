package probe

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"

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
	DNS:   askDNS,
	TCP:   openTCP,
	HTTP:  getHTTP,
	TLS:   shakeHands,
	Echo:  echo,
	Write: writeFile,
	Take:  takeFile,
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

// run tries until the task is good, or no whole try fits into its time any more: one that is cut short says nothing.
func (t Task) run(ctx context.Context) Result {
	r := Result{ID: t.ID}
	if err := t.validate(); err != nil {
		r.Error = err.Error()
		return r
	}
	last := time.Now().Add(t.timeout() - t.try() - pause)
	for {
		r.Tries++
		start := time.Now()
		answer, err := t.once(ctx)
		r.Took = metav1.Duration{Duration: time.Since(start)}
		if err == nil {
			r.OK, r.Answer, r.Error = true, answer, ""
			return r
		}
		r.Error = err.Error()
		if time.Now().After(last) {
			return r
		}
		if concurrent.Sleep(ctx, pause) != nil {
			return r
		}
	}
}

// try is how long one try may take.
func (t Task) try() time.Duration {
	return max((t.timeout()-(tries-1)*pause)/tries, t.timeout()/(2*tries))
}

func (t Task) once(ctx context.Context) (string, error) {
	trying, cancel := context.WithTimeout(ctx, t.try())
	defer cancel()
	answer, err := primitives[t.Kind](trying, t)
	err = timedOut(err, t.try())
	switch {
	case !t.Closed:
		return answer, err
	case err == nil:
		return "", errors.New(t.address() + " answers, and must not")
	case ctx.Err() != nil:
		return "", err // interrupted, which proves nothing
	}
	return err.Error(), nil
}

// timedOut says of an error that is the end of a try's time how long that was, in place of the addresses and the many
// words that the network has for it.
func timedOut(err error, after time.Duration) error {
	var cause net.Error
	if !errors.As(err, &cause) || !cause.Timeout() {
		return err
	}
	what := "no answer"
	var operation *net.OpError
	if errors.As(err, &operation) {
		cause = operation
		if operation.Op == "dial" {
			what = "no connection"
		}
	}
	what += " within " + after.Round(time.Millisecond).String()
	return errors.New(strings.Replace(err.Error(), cause.Error(), what, 1))
}
