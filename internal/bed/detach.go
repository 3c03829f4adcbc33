package bed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Detach runs a program that starts a bed in dir and goes on when the caller
// has ended. It returns the record of the bed once that is ready. Until then
// the program's output goes to log as well, afterwards only to dir/bed.log.
// The program must call Start with this folder, and Stop on SIGTERM.
func Detach(ctx context.Context, dir string, log io.Writer, program string, args ...string) (*Record, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := onlyBed(dir); err != nil {
		return nil, err
	}
	if _, err := Open(dir); err == nil {
		return nil, errInUse(dir)
	}
	output, err := os.Create(filepath.Join(dir, outputFile))
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd := exec.Command(program, args...) // not bound to ctx: it outlives the caller
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = outliveParent()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	record, err := awaitRecord(ctx, dir, log, cmd)
	if err != nil {
		return nil, errors.Join(err, signalPID(cmd.Process.Pid, syscall.SIGTERM))
	}
	return record, nil
}

// awaitRecord returns the record once it says ready, and fails when the
// program ends first.
func awaitRecord(ctx context.Context, dir string, log io.Writer, cmd *exec.Cmd) (*Record, error) {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	path := filepath.Join(dir, outputFile)
	shown := int64(0)
	for {
		shown += copyNew(log, path, shown)
		if record, err := Open(dir); err == nil && record.Ready && record.Owner.PID == cmd.Process.Pid {
			copyNew(log, path, shown)
			return record, nil
		}
		select {
		case err := <-ended:
			copyNew(log, path, shown)
			return nil, fmt.Errorf("the bed did not start (%v): see %s", err, path)
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// copyNew copies what a file holds from offset on and returns how much.
func copyNew(to io.Writer, path string, offset int64) int64 {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return 0
	}
	n, _ := io.Copy(to, file)
	return n
}
