//go:build linux

package clusterbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
)

const (
	recordFile    = "bed.json"
	controlSocket = "control.sock"
)

// A Process is a process of a bed. The start time, in clock ticks since boot,
// tells it from a later one with the same pid.
type Process struct {
	PID     int    `json:"pid"`
	Started string `json:"started"`
}

func processOf(pid int) Process { return Process{PID: pid, Started: startTicks(pid)} }

// Running tells whether this very process is there.
func (p Process) Running() bool {
	return p.PID > 0 && p.Started != "" && startTicks(p.PID) == p.Started
}

// startTicks is field 22 of proc(5), "" for a process that is gone. A zombie
// with further threads is not gone: one of them is about to execute a program,
// as the first process of a node does, and takes the place of the first thread.
func startTicks(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return ""
	}
	if threads := fields[17]; fields[0] == "Z" && (threads == "0" || threads == "1") {
		return ""
	}
	return fields[19]
}

// A Bed is a running bed, as seen from any process on the machine.
type Bed struct {
	Dir        string             `json:"dir"`
	Version    string             `json:"version"`
	Kubeconfig string             `json:"kubeconfig"` // the admin's
	Proxy      string             `json:"proxy"`      // URL of the HTTP proxy into the bed's network
	Path       string             `json:"path"`       // PATH of the bed's programs
	Owner      Process            `json:"owner"`
	Fabric     Process            `json:"fabric"`
	Nodes      map[string]Process `json:"nodes"` // those that run

	// APIReady is when the API server was ready, for the process that started
	// the bed.
	APIReady time.Time `json:"-"`

	life io.Closer // of a tied bed: its owner's standard input
}

// ErrNoBed says that no bed runs in a folder.
var ErrNoBed = errors.New("no cluster bed runs here")

// Open finds the bed that runs in a folder. The error wraps ErrNoBed when
// there is none, or only what a killed one left.
func Open(dir string) (*Bed, error) {
	b, err := readRecord(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, recordFile), err)
	}
	if !b.Owner.Running() {
		return nil, fmt.Errorf("%s: %w: start one with `go run ./testdata/clusterbed start`", dir, ErrNoBed)
	}
	return b, nil
}

func readRecord(dir string) (*Bed, error) {
	b := &Bed{}
	text, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal(text, b)
}

// detach starts the owner of a prepared bed in a session of its own and waits
// until the cluster can be used.
func detach(ctx context.Context, p *plan, log io.Writer) (*Bed, error) {
	begin := time.Now()
	cmd, life, err := startSession(p, "owner", "serve")
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	b, err := awaitCluster(ctx, p, ended, log, begin)
	if err != nil {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		return nil, fmt.Errorf("start the bed: %w: see the logs in %s", err, p.file("logs"))
	}
	b.life = life
	return b, nil
}

// awaitCluster waits for the owner, the API server and the nodes.
func awaitCluster(ctx context.Context, p *plan, ended <-chan error, log io.Writer, begin time.Time) (*Bed, error) {
	var b *Bed
	steps := []struct {
		name string
		try  func() error
	}{
		{"the processes are there", func() (err error) { b, err = Open(p.Dir); return err }},
		{"the API server is ready", func() error { return b.apiReady(ctx) }},
		{"the nodes are registered", func() error { return b.nodesRegistered(ctx) }},
	}
	for _, step := range steps {
		for {
			err := step.try()
			if err == nil {
				break
			}
			select {
			case cause := <-ended:
				return nil, fmt.Errorf("its process ended (%v) before %s", cause, step.name)
			case <-ctx.Done():
				return nil, fmt.Errorf("%w before %s: %w", context.Cause(ctx), step.name, err)
			case <-time.After(100 * time.Millisecond):
			}
		}
		fmt.Fprintf(log, "clusterbed: %s after %.1f s\n", step.name, time.Since(begin).Seconds())
	}
	return b, nil
}

func (b *Bed) apiReady(ctx context.Context) error {
	b.APIReady = time.Now()
	return b.Get(ctx, "/readyz", nil)
}

func (b *Bed) nodesRegistered(ctx context.Context) error {
	for _, name := range nodeNames {
		if err := b.Get(ctx, "/api/v1/nodes/"+name, nil); err != nil {
			return err
		}
	}
	return b.Get(ctx, "/api/v1/namespaces/kube-system/serviceaccounts/default", nil)
}

// Stop asks the owner to end the bed and waits until it is gone.
func (b *Bed) Stop(ctx context.Context) error {
	if b.Owner.Running() {
		if err := syscall.Kill(b.Owner.PID, syscall.SIGTERM); err != nil {
			return fmt.Errorf("stop the bed in %s: %w", b.Dir, err)
		}
	}
	for b.Owner.Running() {
		if concurrent.Sleep(ctx, 20*time.Millisecond) != nil {
			return fmt.Errorf("process %d, which owns the bed in %s, has not ended: %w: see its logs", b.Owner.PID, b.Dir, ctx.Err())
		}
	}
	return nil
}

// control asks the owner to start, stop or kill a node.
func (b *Bed) control(ctx context.Context, node, verb string) error {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(b.Dir, controlSocket))
	}}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://bed/nodes/"+node+"/"+verb, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", verb, node, bytes.TrimSpace(text))
	}
	fresh, err := Open(b.Dir)
	if err != nil {
		return err
	}
	fresh.life, fresh.APIReady = b.life, b.APIReady
	*b = *fresh
	return nil
}
