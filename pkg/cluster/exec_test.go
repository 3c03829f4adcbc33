package cluster_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// A server before 1.29 takes no WebSocket of this client; the answer then comes over SPDY. What the container prints is
// given by print.
func oldServer(t *testing.T, print func(question []byte) string) *cluster.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/version":
			io.WriteString(w, `{"gitVersion":"v1.18.20"}`) //nolint:errcheck
		case r.URL.Path != "/api/v1/namespaces/fitout-probe-a/pods/asker-1/exec" || r.URL.Query().Get("container") != probe.Container:
			http.NotFound(w, r)
		case r.Method == http.MethodGet:
			http.Error(w, "you must specify at least 1 of stdin, stdout, stderr", http.StatusBadRequest)
		default:
			serveSPDY(t, w, r, print)
		}
	}))
	t.Cleanup(server.Close)
	c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func serveSPDY(t *testing.T, w http.ResponseWriter, r *http.Request, print func([]byte) string) {
	if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
		t.Error(err)
		return
	}
	streams := map[string]httpstream.Stream{}
	complete := make(chan struct{})
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		if streams[s.Headers().Get("streamType")] = s; len(streams) == 4 {
			close(complete)
		}
		return nil
	})
	defer conn.Close()
	<-complete
	question, err := io.ReadAll(streams["stdin"])
	if err != nil {
		t.Error(err)
	}
	io.WriteString(streams["stdout"], print(question)) //nolint:errcheck
	streams["stdout"].Close()
	streams["stderr"].Close()
	streams["error"].Close()
	<-conn.CloseChan() // the client has read
}

func TestAskOverSPDY(t *testing.T) {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "fitout-probe-a", Name: "asker-1"}}
	tasks := []probe.Task{{ID: "one", Kind: probe.TCP}, {ID: "two", Kind: probe.TCP}}
	answer := func(question []byte) string {
		var asked []probe.Task
		if err := json.Unmarshal(question, &asked); err != nil || len(asked) != 2 || asked[1] != tasks[1] {
			t.Errorf("asked %s", question)
		}
		return `[{"id":"one","ok":true,"took":"1ms"},{"id":"two","ok":false,"took":"5s","error":"i/o timeout"}]`
	}
	results, err := oldServer(t, answer).Ask(t.Context(), pod, tasks)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 || !results[0].OK || results[1].Error != "i/o timeout" {
		t.Errorf("results %+v", results)
	}

	for says, print := range map[string]string{
		"it is not a list of 2 results":                                  `[{"id":"one"}]`,
		"result 1 is not that of task two":                               `[{"id":"one"},{"id":"one"}]`,
		"/fitout in pod asker-1 prints more than 192 KiB; see what runs": `[{"id":"one","answer":"` + strings.Repeat("a", 192<<10),
	} {
		if _, err := oldServer(t, func([]byte) string { return print }).Ask(t.Context(), pod, tasks); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v does not say %q", err, says)
		}
	}

	other := oldServer(t, func([]byte) string { return "sh: no such program" })
	if _, err := other.Ask(t.Context(), pod, tasks); err == nil || !strings.Contains(err.Error(), "pod asker-1 answers what is no list of results") {
		t.Errorf("error %v", err)
	}
	pod.Name = "asker-2"
	if _, err := other.Ask(t.Context(), pod, tasks); err == nil || !strings.Contains(err.Error(), "run a command in pod asker-2") {
		t.Errorf("error %v", err)
	}
}

// agentServer is a server before 1.29 in one of whose pods a command prints text on both outputs and ends with an exit code.
// Pods of another name may not be used.
func agentServer(t *testing.T, text string, exit int) *cluster.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch q := r.URL.Query(); {
		case r.URL.Path == "/version":
			io.WriteString(w, `{"gitVersion":"v1.18.20"}`) //nolint:errcheck
		case r.URL.Path != "/api/v1/namespaces/net/pods/agent-1/exec":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"pods \"agent-2\" is forbidden: may not"}`) //nolint:errcheck
		case r.Method == http.MethodGet:
			http.Error(w, "you must specify at least 1 of stdin, stdout, stderr", http.StatusBadRequest)
		case q.Get("container") != "agent" || q.Get("stdin") != "false" || strings.Join(q["command"], " ") != "status -o json":
			t.Errorf("asked %v", q)
		default:
			printSPDY(t, w, r, text, exit)
		}
	}))
	t.Cleanup(server.Close)
	c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// printSPDY prints text on both outputs and ends with an exit code, as a kubelet says it.
func printSPDY(t *testing.T, w http.ResponseWriter, r *http.Request, text string, exit int) {
	if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
		t.Error(err)
		return
	}
	streams := make(chan httpstream.Stream, 3)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		streams <- s
		return nil
	})
	defer conn.Close()
	byType := map[string]httpstream.Stream{}
	for range 3 {
		s := <-streams
		byType[s.Headers().Get("streamType")] = s
	}
	io.WriteString(byType["stdout"], text) //nolint:errcheck
	io.WriteString(byType["stderr"], text) //nolint:errcheck
	if exit != 0 {
		fmt.Fprintf(byType["error"], `{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"%d"}]}}`, exit)
	}
	for _, s := range byType {
		s.Close()
	}
	<-conn.CloseChan() // the client has read
}

// A command that fails is an answer; that it could not be run, or prints without end, is none.
func TestRun(t *testing.T) {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "net", Name: "agent-1"}}
	command := []string{"status", "-o", "json"}
	for _, exit := range []int{0, 3} {
		out, err := agentServer(t, "ill", exit).Run(t.Context(), pod, "agent", command)
		if want := (agent.Output{Text: "ill", Errors: "ill", Exit: exit}); err != nil || out != want {
			t.Errorf("%+v, %v", out, err)
		}
	}
	if _, err := agentServer(t, strings.Repeat("x", 8<<20+1), 0).Run(t.Context(), pod, "agent", command); err == nil || !strings.Contains(err.Error(), "status in pod agent-1 prints more than 8 MiB") {
		t.Errorf("error %v", err)
	}
	pod.Name = "agent-2"
	_, err := agentServer(t, "", 0).Run(t.Context(), pod, "agent", command)
	if err == nil || !strings.Contains(err.Error(), "it takes a right that fitout rbac --check --agents prints: ") || !strings.Contains(err.Error(), `pods "agent-2" is forbidden`) {
		t.Errorf("error %v", err)
	}
}
