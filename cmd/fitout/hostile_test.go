package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/hostileapi"
)

// A connectingVerb is a run of the command that talks to an API server, in which nothing needs long, and the stages at which
// the server may turn hostile to it.
type connectingVerb struct {
	args   string
	stages string
}

var connectingVerbs = []connectingVerb{
	{"up --timeout=3s --request-timeout=1s --probe=never --lock-timeout=1s", "version nodes service inventory observe writes"},
	{"apply --timeout=3s --request-timeout=1s --lock-timeout=1s", "version nodes service inventory observe writes"},
	{"apply --timeout=3s --request-timeout=1s --dry-run", "version nodes inventory observe writes"},
	{"diff --timeout=3s --request-timeout=1s", "version nodes inventory observe writes"},
	{"check --timeout=3s --request-timeout=1s --probe=never", "version nodes service observe"},
	{"check --timeout=3s --request-timeout=1s --probe=never --watch", "version nodes"},
	{"check --timeout=3s --request-timeout=1s --probe=never --during -- true", "version nodes"},
	{"uninstall --timeout=3s --request-timeout=1s --yes --lock-timeout=1s", "version inventory writes"},
	{"probe janitor fitout-probe-aaaaa --timeout=3s --request-timeout=1s", "version"},
}

// stages are the requests that a server is hostile to.
var stages = map[string]func(*http.Request) bool{
	"version": func(r *http.Request) bool { return r.URL.Path == "/version" },
	"nodes":   func(r *http.Request) bool { return hostileapi.PathOf(r).Resource == "nodes" },
	"service": func(r *http.Request) bool {
		return hostileapi.PathOf(r).Resource == "services" && r.Method == http.MethodGet
	},
	"inventory": func(r *http.Request) bool {
		return hostileapi.PathOf(r).Name == "fitout-inventory" && r.Method == http.MethodGet
	},
	"observe": func(r *http.Request) bool {
		return hostileapi.PathOf(r).Resource == "daemonsets" && r.Method == http.MethodGet
	},
	"writes": func(r *http.Request) bool { return r.Method != http.MethodGet },
}

const (
	// mostTime is far more than any of these runs takes.
	mostTime = 3 * time.Minute
	// mostMemory is what a run takes at most: its own 200 MiB and a few answers.
	mostMemory = 1 << 30
)

func startHostile(t *testing.T, server *hostileapi.Server, args string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	return startWith(t, server.Kubeconfig(), args)
}

// startWith starts a verb with a kubeconfig and more of an environment.
func startWith(t *testing.T, kubeconfigText, args string, environment ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(kubeconfigText), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), mostTime)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, self, strings.Fields(args)...)
	command.Args[0] = "fitout"
	command.Env = append(append(os.Environ(), "KUBECONFIG="+kubeconfig), environment...)
	var output bytes.Buffer
	command.Stdin = strings.NewReader("[]") // the kubeconfig flags that a janitor reads
	command.Stderr, command.Stdout = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, &output
}

// runHostile runs a verb against a server to its end, and judges how it ended.
func runHostile(t *testing.T, server *hostileapi.Server, args, says string) {
	t.Helper()
	command, output := startHostile(t, server, args)
	judgeHostile(t, command, output, says)
}

// judgeHostile waits for the end of a run, and judges how it ended.
func judgeHostile(t *testing.T, command *exec.Cmd, output *bytes.Buffer, says string) {
	t.Helper()
	begun := time.Now()
	err := command.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code := command.ProcessState.ExitCode(); code <= 0 {
		t.Errorf("exit code %d after %v", code, time.Since(begun))
	}
	if !regexp.MustCompile(says).MatchString(output.String()) {
		t.Errorf("does not say %s", says)
	}
	if strings.Contains(output.String(), "goroutine ") || strings.Contains(output.String(), hostileapi.Token) {
		t.Error("panics, or prints the token")
	}
	if memory := int64(command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) << 10; memory > mostMemory {
		t.Errorf("takes %d MiB", memory>>20)
	}
	if t.Failed() {
		t.Logf("%.3000s", output)
	}
}

// elsewhere is a server that nobody is to talk to.
func elsewhere(t *testing.T) (url string) {
	var asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(func() {
		other.Close()
		if n := asked.Load(); n > 0 {
			t.Errorf("%d requests followed a redirect", n)
		}
	})
	return other.URL
}

// Every verb ends against every hostile server: in time, within memory, with an error that names the cause. Each pair is tried
// at one of the verb's requests; FITOUT_HOSTILE=all tries it at each. Short tests try each server with a few verbs.
func TestHostileServer(t *testing.T) {
	t.Parallel()
	target := elsewhere(t)
	for i, answer := range new(hostileapi.Server).Answers(target) {
		for j, verb := range connectingVerbs {
			at := strings.Fields(verb.stages)
			if testing.Short() && (i+j)%4 > 0 {
				continue
			}
			if os.Getenv("FITOUT_HOSTILE") != "all" {
				at = at[(i+j)%len(at):][:1]
			}
			for _, stage := range at {
				t.Run(answer.Name+"/"+verb.args+"/"+stage, func(t *testing.T) {
					t.Parallel()
					server := serveHostile(t, stage, func(s *hostileapi.Server) hostileapi.Answer { return s.Answers(target)[i] })
					args := verb.args
					if !answer.Lasts { // what ends by itself must not need its time-outs
						args = patient(args)
					}
					runHostile(t, server, args, answer.Says)
				})
			}
		}
	}
}

// patient gives a run time.
func patient(args string) string {
	return strings.NewReplacer(" --timeout=3s", " --timeout=10m", "request-timeout=1s", "request-timeout=10m").Replace(args)
}

// serveHostile starts a server that turns hostile at a stage.
func serveHostile(t *testing.T, stage string, answer func(*hostileapi.Server) hostileapi.Answer) *hostileapi.Server {
	t.Helper()
	server := hostileapi.Start("v1.36.4")
	serve := answer(server).Serve
	server.Plan(func(r *http.Request) http.HandlerFunc {
		if stages[stage](r) {
			return serve
		}
		return nil
	})
	t.Cleanup(server.Close)
	return server
}

// Lies about what was asked for are found out.
func TestLyingServer(t *testing.T) {
	t.Parallel()
	for i, lie := range hostileapi.Lies() {
		stage := "nodes"
		if lie.Single {
			stage = "service"
		}
		for _, verb := range connectingVerbs {
			if !slices.Contains(strings.Fields(verb.stages), stage) {
				continue
			}
			t.Run(lie.Name+"/"+verb.args, func(t *testing.T) {
				t.Parallel()
				server := serveHostile(t, stage, func(*hostileapi.Server) hostileapi.Answer { return hostileapi.Lies()[i].Answer })
				runHostile(t, server, patient(verb.args), lie.Says)
			})
		}
	}
}

// An interruption ends every run soon, whatever the server does. Nothing else would end these runs for minutes.
func TestInterruptedWhileHostile(t *testing.T) {
	t.Parallel()
	for i, answer := range new(hostileapi.Server).Answers("http://127.0.0.1:1") {
		if !answer.Lasts {
			continue
		}
		for _, verb := range connectingVerbs {
			if strings.HasPrefix(verb.args, "probe janitor") {
				continue // it outlives signals on purpose
			}
			t.Run(answer.Name+"/"+verb.args, func(t *testing.T) {
				t.Parallel()
				server := serveHostile(t, strings.Fields(verb.stages)[i%2], func(s *hostileapi.Server) hostileapi.Answer { return s.Answers("")[i] })
				command, output := startHostile(t, server, patient(verb.args))
				ended := make(chan error, 1)
				go func() { ended <- command.Wait() }()
				select {
				case <-server.Seen():
				case <-ended:
					t.Fatalf("ended before anything was hostile: %s", output)
				}
				command.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it shows below
				begun := time.Now()
				<-ended
				if took := time.Since(begun); took > 20*time.Second || command.ProcessState.ExitCode() <= 0 {
					t.Errorf("ends after %v, with %v: %s", took, command.ProcessState, output)
				}
			})
		}
	}
}
