package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/internal/faultproxy"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A server that hangs, at once or in the middle, costs the time that the check was given and no more; one that is only
// slow is waited for.
func TestLiveCheckIsBounded(t *testing.T) {
	t.Parallel()
	b := bedtest.Start(t, bed.Options{Minor: "1.36", Nodes: 1})
	proxy, err := faultproxy.Start(restConfigOf(b), faultproxy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	kubeconfig := kubeconfigOf(t, proxy.Config())
	const timeout = 8 * time.Second
	check := func(faults ...faultproxy.Fault) (string, int, time.Duration) {
		proxy.Plan(faults...)
		start := time.Now()
		text, code := command(t, "check", "--kubeconfig", kubeconfig, "--timeout", timeout.String(), "--only", "nodes,node-metrics", "--cni", "flannel")
		return text, code, time.Since(start)
	}
	for name, fault := range map[string]faultproxy.Fault{
		"from the start":  {Effect: faultproxy.Hang},
		"in the middle":   {Effect: faultproxy.Hang, First: 15},
		"on one resource": {Effect: faultproxy.Hang, Path: "/daemonsets"},
		"only in a probe": {Effect: faultproxy.Hang, Path: "/csinodes"},
	} {
		fault.Pause = 10 * time.Minute
		text, code, took := check(fault)
		if code != 1 || !strings.Contains(text, fmt.Sprintf("the check has not ended within %v: ", timeout)) || !strings.HasSuffix(text, "or raise --timeout") {
			t.Errorf("%s: exit code %d:\n%s", name, code, text)
		}
		if took > timeout+3*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	proxy.Plan()
	for _, test := range []struct{ command, exit string }{{"true", "0"}, {"false", "1"}, {"sh -c false", "1"}} { // on simulated nodes nothing can be asked
		args := append([]string{"check", "--kubeconfig", kubeconfig, "--cni", "flannel", "--during", "--"}, strings.Fields(test.command)...)
		if text, code := command(t, args...); fmt.Sprint(code) != test.exit || !strings.Contains(text, "\n"+test.command+" ended with "+test.exit+" after ") {
			t.Errorf("%s: exit code %d:\n%s", test.command, code, text)
		}
	}
	if text, code := command(t, "check", "--kubeconfig", kubeconfig, "--cni", "flannel", "--during", "--max-gap", "1s", "--", "true"); code != 1 {
		t.Errorf("a limit that nobody saw met: exit code %d:\n%s", code, text)
	}
	if text, code, _ := check(faultproxy.Fault{Effect: faultproxy.Delay, Pause: 50 * time.Millisecond}); code != 0 || !strings.Contains(text, "left out on request") {
		t.Errorf("slow: exit code %d:\n%s", code, text)
	}
}

// kubeconfigOf writes the configuration of a client without credentials.
func kubeconfigOf(t *testing.T, config *rest.Config) string {
	t.Helper()
	file := clientcmdapi.NewConfig()
	file.Clusters["proxy"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	file.Contexts["proxy"] = &clientcmdapi.Context{Cluster: "proxy"}
	file.CurrentContext = "proxy"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*file, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Flags that say nothing, or that contradict each other, are refused before anything is asked.
func TestCheckFlags(t *testing.T) {
	t.Setenv("KUBECONFIG", os.DevNull)
	for flags, want := range map[string]string{
		"--watch -o junit":                  "--watch with -o junit would print one document after the other; use -o table or -o json",
		"--watch --interval -1s":            "--interval is -1s; give a time, such as 10s",
		"--timeout 0s":                      "--timeout is 0s; give a time, such as 2m",
		"--output yaml":                     `--output is "yaml"; use one of table, json, junit, html`,
		"--during":                          "--during has no command; give it after --",
		"--during -- no-such":               "--during: exec: \"no-such\": executable file not found in $PATH; give the command after --",
		"--during -o html -- true":          "--during has no -o html; use -o table or -o json",
		"--during --watch -- true":          "--during and --watch exclude each other; use one",
		"--during --rate 1000 -- true":      "--rate is 1000; give a number above 0, up to 100",
		"--during --rate NaN -- true":       "--rate is NaN; give a number above 0, up to 100",
		"--during --max-gap -1s -- true":    "--max-gap is -1s; give a time, such as 1s",
		"--during --only nodes -- true":     "--only and --skip cannot be used with --during; leave them out",
		"true":                              "fitout check: unknown command",
		"--probe=x --timeout 10m":           `--probe is "x"; use auto, always or never`,
		"--probe-storage=A_B":               `--probe-storage is "A_B", which is no name of a StorageClass; give one as --probe-storage=NAME`,
		"--only scaleway-csi/storage-claim": "--only storage-claim makes no claim by itself; add --probe-storage",
		"--probe-storage --watch":           "--probe-storage makes a volume once; leave out --watch and --during",
		"--probe-storage --during -- ls":    "--probe-storage makes a volume once; leave out --watch and --during",
	} {
		text, code := command(t, append([]string{"check"}, strings.Fields(flags)...)...)
		if code != 2 || !strings.HasPrefix(text, want) {
			t.Errorf("%s: exit code %d: %s", flags, code, text)
		}
	}
}
