package cluster

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

const (
	// outputLimit bounds what a command of an agent prints: statuses have some 100 KB at the most.
	outputLimit = 8 << 20
	// resultBytes bounds a result, which has a name, an answer and an error, and what a probe says on standard error.
	resultBytes = 64 << 10
)

// limited keeps what is written to it up to a number of bytes, and stops the command that writes more.
type limited struct {
	most int
	stop func()

	mu   sync.Mutex // a command that is interrupted may still write
	kept bytes.Buffer
	over bool
}

// Write keeps p, or as much of it as there is room for.
func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, _ := l.kept.Write(p[:min(len(p), l.most-l.kept.Len())])
	if n < len(p) {
		l.over = true
		l.stop()
		return n, io.ErrShortWrite
	}
	return n, nil
}

func (l *limited) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.String()
}

// fault is the error of a command that has printed too much.
func (l *limited) fault(pod corev1.Pod, command []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		return nil
	}
	return fmt.Errorf("%s in pod %s prints more than %s; see what runs in that pod", command[0], pod.Name, size(int64(l.most)))
}

// explain adds what a command has printed on standard error to the error of its run.
func (l *limited) explain(err error, pod corev1.Pod, command []string) error {
	if over := l.fault(pod, command); over != nil {
		return over
	}
	if text := strings.TrimSpace(l.text()); err != nil && text != "" {
		return fmt.Errorf("%w: %s", err, text)
	}
	return err
}
