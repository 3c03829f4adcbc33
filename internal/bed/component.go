package bed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	// maxExits is how often a component may end by itself before it counts as
	// broken. The controller manager and the scheduler give up when the API
	// server is slow to answer, and do better the next time.
	maxExits = 5

	firstRestartDelay = 500 * time.Millisecond
	lastRestartDelay  = 5 * time.Second

	// usualPatience is how long a component may take over a SIGTERM. etcd and
	// the API server would wait for the watches of their clients to end.
	usualPatience = 2 * time.Second
)

// A component is one program of a bed, started again whenever it ends before
// it was told to.
type component struct {
	name  string // also argv[0]
	path  string
	args  []string
	env   []string // added to that of the caller
	log   string
	ready func(ctx context.Context) error
	// launched is called after each start of the process.
	launched func()
	// delay comes before the first restart; it doubles up to lastRestartDelay.
	delay time.Duration
	// patience comes between SIGTERM and SIGKILL.
	patience time.Duration

	mu      sync.Mutex
	process *os.Process   // nil while there is none
	exits   int           // since the last start
	quit    chan struct{} // closed by stop; nil when not started
	done    chan struct{} // closed when the last process is gone
}

// start launches the component; nothing happens when it is started already.
func (c *component) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.quit != nil {
		return
	}
	c.quit, c.done, c.exits = make(chan struct{}), make(chan struct{}), 0
	go c.keep(c.quit, c.done)
}

// keep runs the process again and again until quit is closed.
func (c *component) keep(quit <-chan struct{}, done chan<- struct{}) {
	// The kernel kills the child when the thread that started it ends, not
	// when the process does. The lock gives this goroutine a thread that
	// lives as long as the child; it is never unlocked on purpose.
	runtime.LockOSThread()
	defer close(done)
	for delay := c.delay; ; delay = min(2*delay, lastRestartDelay) {
		err := c.run(quit)
		select {
		case <-quit:
			return
		default:
		}
		c.note("%s ended (%v), starting it again in %v", c.name, err, delay)
		select {
		case <-quit:
			return
		case <-time.After(delay):
		}
	}
}

// run starts the process and waits for its end.
func (c *component) run(quit <-chan struct{}) error {
	file, err := os.OpenFile(c.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := &exec.Cmd{
		Path:        c.path,
		Args:        append([]string{c.name}, c.args...),
		Env:         append(os.Environ(), c.env...),
		Stdout:      file,
		Stderr:      file,
		SysProcAttr: dieWithParent(),
	}
	if started, err := c.launch(cmd, quit); !started {
		return err
	}
	c.launched()
	err = cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process = nil
	c.exits++
	return err
}

// launch starts the process unless the component was stopped meanwhile.
func (c *component) launch(cmd *exec.Cmd, quit <-chan struct{}) (started bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-quit:
		return false, nil
	default:
	}
	if err := cmd.Start(); err != nil {
		c.exits++
		return false, err
	}
	c.process = cmd.Process
	return true, nil
}

// stop ends the process, by force when it takes too long, and waits for it.
func (c *component) stop() error {
	c.mu.Lock()
	if c.quit == nil {
		c.mu.Unlock()
		return nil
	}
	close(c.quit)
	done := c.done
	c.quit = nil
	c.mu.Unlock()
	for _, attempt := range []os.Signal{syscall.SIGTERM, os.Kill} {
		if err := c.signal(attempt); err != nil {
			return fmt.Errorf("stop %s: %w", c.name, err)
		}
		select {
		case <-done:
			return nil
		case <-time.After(c.patience):
		}
	}
	return fmt.Errorf("stop %s: process %d did not end after SIGKILL: look at it with ps", c.name, c.pid())
}

func (c *component) signal(s os.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return nil
	}
	if err := c.process.Signal(s); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// pid is 0 while no process runs.
func (c *component) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return 0
	}
	return c.process.Pid
}

func (c *component) exitCount() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exits
}

// waitReady returns when the component answers as it should. It fails when
// ctx ends or when the process keeps ending, and then quotes the log.
func (c *component) waitReady(ctx context.Context) error {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	err := poll(ctx, 100*time.Millisecond, func() error {
		if n := c.exitCount(); n >= maxExits {
			giveUp(fmt.Errorf("it ended %d times", n))
		}
		return c.ready(ctx)
	})
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s is not ready: %w\nthe end of its log, %s:\n%s", c.name, err, c.log, tail(c.log, 15))
}

// note writes a line of the bed's own into the log of the component.
func (c *component) note(format string, args ...any) {
	file, err := os.OpenFile(c.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer file.Close()
	fmt.Fprintf(file, "bed: "+format+"\n", args...)
}

// tail returns the last n lines of a file, as far as they fit in 16 KiB.
func tail(path string, n int) string {
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	const window = 16 << 10
	if info, err := file.Stat(); err == nil && info.Size() > window {
		if _, err := file.Seek(-window, io.SeekEnd); err != nil {
			return err.Error()
		}
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return err.Error()
	}
	return lastLines(text, n)
}

// lastLines returns the last n lines of a text.
func lastLines(text []byte, n int) string {
	lines := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}
