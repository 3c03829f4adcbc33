//go:build linux

package clusterbed

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// startSession starts a role of the bed's command in a session of its own, so
// that it outlives what starts it. It learns of that one's end by the end of
// its standard input, which the closer holds.
func startSession(p *plan, name, role string) (*exec.Cmd, io.Closer, error) {
	log, err := os.OpenFile(p.log("bed", name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer log.Close()
	cmd := exec.Command(p.command(), role, "--dir", p.Dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start the %s of the bed: %w", name, err)
	}
	return cmd, life, nil
}
