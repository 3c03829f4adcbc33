package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
)

// Whatever ends a check while its pods are starting, its namespace goes: the check removes it where it can, and its janitor
// where it was killed.
func TestProbesLeaveNothing(t *testing.T) {
	t.Parallel()
	b := bedtest.Start(t, bed.Options{Minor: "1.36"})
	client, err := kubernetes.NewForConfig(restConfigOf(b))
	if err != nil {
		t.Fatal(err)
	}
	addNode(t, client)
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "interrupted": syscall.SIGINT, "hung up": syscall.SIGHUP} {
		t.Run(name, func(t *testing.T) {
			check, stderr := startCheck(t, b)
			namespace := awaitPods(t, client, stderr)
			if err := check.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			check.Wait()     //nolint:errcheck // it was ended
			for range 3000 { // minutes, on a busy machine
				n, err := client.CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{})
				if apierrors.IsNotFound(err) || err == nil && n.DeletionTimestamp != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Errorf("namespace %s is still there; the check said:\n%s", namespace, stderr)
		})
	}
}

// What a janitor is given to connect with is on no command line, which anybody on the machine can read, and in no
// environment.
func TestJanitorKeepsCredentials(t *testing.T) {
	const namespace, secret = "fitout-probe-credentials", "hunter2-on-no-command-line"
	kube, flags := genericclioptions.NewConfigFlags(true), pflag.NewFlagSet("", pflag.ContinueOnError)
	registerKube(kube, flags)
	if err := flags.Parse([]string{"--token=" + secret, "--server=https://127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	_, dismiss, err := startJanitor(kube, flags, namespace)
	if err != nil {
		t.Fatal(err)
	}
	defer dismiss()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, file := range processes {
		line, _ := os.ReadFile(file) // a process may have ended meanwhile
		if !bytes.Contains(line, []byte("\x00janitor\x00"+namespace)) {
			continue
		}
		found = true
		environment, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
		if bytes.Contains(line, []byte(secret)) || bytes.Contains(environment, []byte(secret)) {
			t.Errorf("the janitor shows its token: %q", line)
		}
	}
	if !found {
		t.Skip("there is no /proc to look at processes in")
	}
}

// addNode adds a node that is ready and that nobody simulates: pods are given to it and never run.
func addNode(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "real", Labels: map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}}}
	node, err := client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	node.ResourceVersion = "" // controllers change it meanwhile
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastHeartbeatTime: metav1.Now()}}
	if _, err := client.CoreV1().Nodes().UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// startCheck runs this test binary as fitout.
func startCheck(t *testing.T, b *bed.Bed) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	check := exec.Command(self, "check", "--kubeconfig", b.Kubeconfig(), "--api-endpoint", "https://192.0.2.1:6443", "--probe", "--probe-image", "example.org/fitout:none")
	check.Args[0] = "fitout"
	check.Env = append(os.Environ(), "KUBECONFIG=/nowhere") // the janitor has the flag, too
	var stderr bytes.Buffer
	check.Stderr = &stderr
	if err := check.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check.Process.Kill() }) //nolint:errcheck
	return check, &stderr
}

// awaitPods waits until the check has pods in its namespace.
func awaitPods(t *testing.T, client kubernetes.Interface, stderr *bytes.Buffer) string {
	t.Helper()
	for range 3000 { // minutes, on a busy machine
		namespaces, err := client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{LabelSelector: probe.LabelRun})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range namespaces.Items {
			pods, err := client.CoreV1().Pods(n.Name).List(t.Context(), metav1.ListOptions{})
			if err == nil && n.DeletionTimestamp == nil && len(pods.Items) == 2 {
				return n.Name
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no pod of the check: %s", stderr)
	return ""
}
