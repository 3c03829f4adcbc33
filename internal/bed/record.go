package bed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A Process is a process that a bed started, or the one that started the bed.
type Process struct {
	PID int `json:"pid"`
	// Started is the kernel's start time of the process. With the pid it tells
	// the process from a later one with the same pid.
	Started string `json:"started"`
}

// running tells whether this very process, and not a successor, is there.
func (p Process) running() bool {
	return p.PID > 0 && p.Started != "" && startTicks(p.PID) == p.Started
}

// Memory is the resident memory of the process in bytes, 0 when it is gone.
func (p Process) Memory() int64 {
	if !p.running() {
		return 0
	}
	return residentBytes(p.PID)
}

func processOf(pid int) Process { return Process{PID: pid, Started: startTicks(pid)} }

// A Record is what a running bed says about itself in its folder, so that
// other programs find it. See Open.
type Record struct {
	Dir        string             `json:"dir"`
	Version    string             `json:"version"`
	Server     string             `json:"server"`
	Kubeconfig string             `json:"kubeconfig"`
	Ready      bool               `json:"ready"`
	Owner      Process            `json:"owner"`
	Components map[string]Process `json:"components"`

	ProviderIDPrefix string `json:"providerIDPrefix,omitempty"`
}

// record writes the bed's record. A bed that was stopped writes none.
func (b *Bed) record() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.release == nil {
		return nil
	}
	r := Record{
		Dir: b.layout.dir, Version: b.Version(), Server: b.layout.server(), Kubeconfig: b.Kubeconfig(),
		Ready: b.ready, Owner: processOf(os.Getpid()), Components: map[string]Process{},
		ProviderIDPrefix: b.nodes.providerIDPrefix,
	}
	for name, pid := range b.PIDs() {
		r.Components[name] = processOf(pid)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	temporary := b.layout.path("conf", recordFile)
	if err := os.WriteFile(temporary, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, b.layout.path(recordFile))
}

// ErrNoBed says that no bed runs in a folder.
var ErrNoBed = errors.New("no bed runs here")

// Open reads the record of the bed that runs in a folder. The error wraps
// ErrNoBed when there is none, or only what a killed one left.
func Open(dir string) (*Record, error) {
	r := &Record{}
	text, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, recordFile), err)
	}
	if !r.Owner.running() {
		return nil, fmt.Errorf("%s: %w: start one with `go run ./testdata/bed start`", dir, ErrNoBed)
	}
	return r, nil
}

// AddNodes is Bed.AddNodes for a bed of another process.
func (r *Record) AddNodes(ctx context.Context, n int) error {
	var parts [3][]byte
	for i, name := range []string{"ca.crt", "admin.crt", "admin.key"} {
		var err error
		if parts[i], err = os.ReadFile(filepath.Join(r.Dir, "pki", name)); err != nil {
			return err
		}
	}
	c, err := newClient(r.Server, parts[0], keyPair{cert: parts[1], key: parts[2]})
	if err != nil {
		return err
	}
	defer c.close()
	return addNodes(ctx, c, nodeSpec{version: r.Version, providerIDPrefix: r.ProviderIDPrefix}, n)
}

// Stop asks the owner of the bed to stop it and waits until the owner and
// every recorded process are gone. It signals no other process: one whose
// start time differs from the record is left alone.
func (r *Record) Stop(ctx context.Context) error {
	if r.Owner.running() {
		if err := signalPID(r.Owner.PID, syscall.SIGTERM); err != nil {
			return fmt.Errorf("stop the bed in %s: %w", r.Dir, err)
		}
	}
	return poll(ctx, 50*time.Millisecond, func() error {
		if r.Owner.running() {
			return fmt.Errorf("process %d, which owns the bed in %s, has not ended: see %s", r.Owner.PID, r.Dir, filepath.Join(r.Dir, outputFile))
		}
		for name, process := range r.Components {
			if process.running() {
				return fmt.Errorf("%s, process %d, has not ended", name, process.PID)
			}
		}
		return nil
	})
}

func signalPID(pid int, s os.Signal) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := process.Signal(s); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
