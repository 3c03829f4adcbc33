//go:build linux

package clusterbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// An owner is the process of a bed: fabric and nodes are its children, and
// die with it.
type owner struct {
	plan *plan
	life io.Closer // the janitor waits for its end

	mu     sync.Mutex
	fabric *child
	nodes  map[string]*child // those that run
	proxy  string
}

// A child is a process with namespaces of its own.
type child struct {
	process *os.Process
	ended   chan struct{} // closed when the process is gone
}

// Serve owns the bed that was prepared in dir until ctx ends.
func Serve(ctx context.Context, dir string) error {
	p, err := readPlan(dir)
	if err != nil {
		return err
	}
	if p.Tied {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // until the process that started this ends
			cancel()
		}()
	}
	o := &owner{plan: p, nodes: map[string]*child{}}
	// The janitor removes the cgroups of the bed when its owner is gone, also
	// when that was killed. It is not waited for: it outlives the owner.
	if _, o.life, err = startSession(p, "janitor", "janitor"); err != nil {
		return err
	}
	defer os.Remove(p.file(recordFile))
	defer func() { _ = removeCgroups(cgroupName(p.Dir)) }() // the janitor tries again
	defer o.stop()
	if err := o.startFabric(); err != nil {
		return err
	}
	for _, node := range p.Nodes {
		if err := o.startNode(node.Name); err != nil {
			return err
		}
	}
	return o.control(ctx)
}

// startFabric starts the process that holds the bridge, and gives it a socket
// of the machine's loopback for its proxy.
func (o *owner) startFabric() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer file.Close()
	o.proxy = "http://" + listener.Addr().String()
	o.fabric, err = o.spawn("fabric", file, syscall.CLONE_NEWNET)
	if err != nil {
		return err
	}
	return o.ip(o.fabric,
		"link set lo up",
		"link add br0 type bridge",
		"addr add "+fabricIP+"/24 dev br0",
		"addr add "+metadataIP+"/32 dev br0",
		"link set br0 up",
	)
}

// startNode starts a node and plugs it into the bridge.
func (o *owner) startNode(name string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	node, ok := o.plan.node(name)
	if !ok {
		return fmt.Errorf("no node %q: there are %v", name, nodeNames)
	}
	if o.nodes[name] != nil {
		return fmt.Errorf("%s runs already: stop it first", name)
	}
	if err := removeCgroups(cgroupName(o.plan.Dir) + "/" + name); err != nil {
		return err
	}
	const namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID
	c, err := o.spawn(name, nil, namespaces)
	if err != nil {
		return err
	}
	o.nodes[name] = c
	pid := c.process.Pid
	// The kernel takes the link of a node that was killed away in its own time: there may be one still.
	_ = o.ip(o.fabric, "link del "+name)
	err = o.ip(o.fabric,
		fmt.Sprintf("link add %s type veth peer name eth0 netns %d", name, pid),
		fmt.Sprintf("link set %s master br0 up", name))
	if err == nil {
		err = o.ip(c, "link set lo up", "addr add "+node.IP+"/24 dev eth0", "link set eth0 up", "route add default via "+fabricIP)
	}
	if err != nil {
		return fmt.Errorf("network of %s: %w", name, err)
	}
	return nil
}

// ip runs the ip command in the network namespace of a child.
func (o *owner) ip(c *child, commands ...string) error {
	for _, command := range commands {
		script := fmt.Sprintf("exec nsenter -t %d -n ip %s", c.process.Pid, command)
		if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s: see whether the kernel has bridge and veth", command, err, out)
		}
	}
	return nil
}

// spawn starts this program again as a child with new namespaces. extra, if
// not nil, is its file 3.
func (o *owner) spawn(name string, extra *os.File, namespaces uintptr) (*child, error) {
	log, err := os.OpenFile(o.plan.log("bed", name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	role := "node"
	if name == "fabric" {
		role = name
	}
	cmd := exec.Command(o.plan.command(), role, "--dir", o.plan.Dir, "--name", name)
	cmd.Stdout, cmd.Stderr = log, log
	if extra != nil {
		cmd.ExtraFiles = []*os.File{extra}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	c := &child{ended: make(chan struct{})}
	go func() {
		// The kernel kills the child when the thread that started it ends, so
		// that thread is kept for as long as the child lives.
		runtime.LockOSThread()
		err := cmd.Start()
		c.process = cmd.Process
		started <- err
		if err == nil {
			_ = cmd.Wait() // how a node ends is in its log
		}
		close(c.ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w: a bed needs root and namespaces", name, err)
	}
	return c, nil
}

// endNode ends a node: with SIGTERM it stops its services first.
func (o *owner) endNode(name string, by syscall.Signal) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.nodes[name]
	if c == nil {
		return fmt.Errorf("%s does not run", name)
	}
	c.end(by)
	delete(o.nodes, name)
	return nil
}

// patience comes between SIGTERM and SIGKILL of a node.
const patience = 10 * time.Second

func (c *child) end(by syscall.Signal) {
	_ = c.process.Signal(by) // an error says that it has ended
	select {
	case <-c.ended:
	case <-time.After(patience):
		_ = c.process.Kill()
		<-c.ended
	}
}

// stop ends all children: the nodes at once, because nothing of them is kept.
func (o *owner) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.nodes {
		c.end(syscall.SIGKILL)
	}
	if o.fabric != nil {
		o.fabric.end(syscall.SIGKILL)
	}
}

// control writes the record, then serves the bed's control socket until ctx
// ends.
func (o *owner) control(ctx context.Context) error {
	socket := o.plan.file(controlSocket)
	_ = os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	handle := func(verb string, do func(name string) error) {
		mux.HandleFunc("POST /nodes/{name}/"+verb, func(w http.ResponseWriter, r *http.Request) {
			if err := errors.Join(do(r.PathValue("name")), o.record()); err != nil {
				http.Error(w, err.Error(), http.StatusConflict)
			}
		})
	}
	handle("start", o.startNode)
	handle("stop", func(name string) error { return o.endNode(name, syscall.SIGTERM) })
	handle("kill", func(name string) error { return o.endNode(name, syscall.SIGKILL) })
	server := &http.Server{Handler: mux}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := o.record(); err != nil {
		return err
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// record writes what other processes need to know of the bed.
func (o *owner) record() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := &Bed{
		Dir: o.plan.Dir, Version: o.plan.Version, Kubeconfig: o.plan.file("kubeconfig"), Proxy: o.proxy, Path: o.plan.Path,
		Owner: processOf(os.Getpid()), Fabric: processOf(o.fabric.process.Pid), Nodes: map[string]Process{},
	}
	for name, c := range o.nodes {
		b.Nodes[name] = processOf(c.process.Pid)
	}
	if err := o.plan.writeAdmin(o.proxy); err != nil {
		return err
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	file := o.plan.file(recordFile)
	if err := os.WriteFile(file+".tmp", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".tmp", file)
}
