package reliability

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A command is the real program, to be run as a process of its own that signals can end.
type command struct {
	t          *testing.T
	program    string
	kubeconfig string
}

func newCommand(t *testing.T, config *rest.Config) *command {
	t.Helper()
	c := &command{t: t, program: filepath.Join(t.TempDir(), "fitout"), kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	if out, err := exec.Command("go", "build", "-o", c.program, "../../cmd/fitout").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	file := clientcmdapi.NewConfig()
	file.Clusters["proxy"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	file.Contexts["proxy"] = &clientcmdapi.Context{Cluster: "proxy"}
	file.CurrentContext = "proxy"
	if err := clientcmd.WriteToFile(*file, c.kubeconfig); err != nil {
		t.Fatal(err)
	}
	return c
}

// A process is one run of the command.
type process struct {
	*exec.Cmd
	out output
}

// output collects what a process prints while others read it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start starts `fitout up`.
func (c *command) start() *process {
	c.t.Helper()
	p := &process{Cmd: exec.Command(c.program, "up", "--kubeconfig", c.kubeconfig, "--cni", "flannel", "--ingress", "traefik")}
	p.Stdout, p.Stderr = &p.out, &p.out
	if err := p.Start(); err != nil {
		c.t.Fatal(err)
	}
	return p
}

// up runs it to its end, which must be a good one, and returns how long that took and what it printed.
func (c *command) up() (time.Duration, string) {
	c.t.Helper()
	begin := time.Now()
	p := c.start()
	if err := p.Wait(); err != nil {
		c.t.Errorf("%v\n%s", err, p.out.String())
	}
	return time.Since(begin), p.out.String()
}

// stop sends SIGTERM and wants what a process owes to whoever stops it: a quick end, and a word on how to go on.
func (p *process) stop(t *testing.T) {
	t.Helper()
	begin := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err := p.Wait()
	took := time.Since(begin)
	if took > 5*time.Second || err == nil || !strings.Contains(p.out.String(), "run the same command again") {
		t.Errorf("ended %v after SIGTERM: %v\n%s", took, err, p.out.String())
	}
	t.Logf("ended %v after SIGTERM: %v", took.Round(time.Millisecond), err)
}
