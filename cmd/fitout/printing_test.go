package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/hostileapi"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// evilFiles makes files whose names and contents want to be more than text, and returns their folder.
func evilFiles(t *testing.T) string {
	t.Helper()
	quoted, err := json.Marshal(strings.ToValidUTF8(evil, "?"))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), evil)
	for name, text := range map[string]string{
		evil + ".yaml":      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + string(quoted) + "}\n" + string(quoted) + ": 1\n",
		"kind.yaml":         "apiVersion: v1\nkind: " + string(quoted) + "\nmetadata: {name: a}\n",
		"none.yaml":         "",
		"cluster.yaml":      "kubernetesVersion: 1.36\n" + string(quoted) + ": 1\ncni: " + string(quoted) + "\n",
		"named.yaml":        "kubernetesVersion: 1.36\nname: " + string(quoted) + "\n",
		"patched.yaml":      "kubernetesVersion: 1.36\npatches: [{target: {kind: " + string(quoted) + "}, patch: " + string(quoted) + "}]\n",
		"config":            "apiVersion: v1\nkind: Config\ncurrent-context: " + string(quoted) + "\ncontexts: [{name: b, context: {cluster: " + string(quoted) + ", user: a}}]\n",
		"other/config":      "apiVersion: v1\nkind: Config\ncurrent-context: " + string(quoted) + "\ncontexts: [{name: " + string(quoted) + ", context: {cluster: " + string(quoted) + "}}]\n",
		"bundles/" + evil:   "a",
		"bundles/1.36.yaml": string(quoted) + ": 1\n",
	} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// evilServers answer everything but /version, or that, too, with what wants to be more than text.
func evilServers(t *testing.T) []*hostileapi.Server {
	t.Helper()
	var all []*hostileapi.Server
	for _, answer := range []struct {
		code int
		body func(text string) any
	}{
		{http.StatusForbidden, func(text string) any {
			return map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "reason": "Forbidden", "message": text}
		}},
		{http.StatusOK, func(text string) any {
			return map[string]any{"kind": "NodeList", "apiVersion": "v1", "metadata": map[string]any{"resourceVersion": text}, "items": []any{map[string]any{"metadata": map[string]any{"name": text}}}}
		}},
		{http.StatusOK, func(text string) any { return map[string]any{"gitVersion": text, "kind": text} }},
	} {
		server := hostileapi.Start("v1.36.4")
		t.Cleanup(server.Close)
		server.Plan(func(r *http.Request) http.HandlerFunc {
			body := answer.body(evil)
			if _, versions := body.(map[string]any)["gitVersion"]; r.URL.Path == "/version" && !versions {
				return nil
			}
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(answer.code)
				json.NewEncoder(w).Encode(body) //nolint:errcheck // the client may be gone
			}
		})
		all = append(all, server)
	}
	return all
}

// evilCommands are commands of every verb that meet such texts: in what they are given, in files, and in a server's answers.
func evilCommands(t *testing.T) [][]string {
	t.Helper()
	folder := evilFiles(t)
	in := func(name string) string { return filepath.Join(folder, name) }
	commands := [][]string{
		{evil}, {"--" + evil}, {"version", evil}, {"completion", evil}, {"explain", evil}, {"explain", "--catalogue", folder},
		{"bundles", "show", evil}, {"bundles", "show", "1.36", evil}, {"bundles", "--catalogue", folder}, {"bundles", "--catalogue", in("none.yaml")},
		{"validate", in(evil + ".yaml"), in("kind.yaml")}, {"validate", folder}, {"validate", in("nothing")}, {"validate", in("none.yaml")}, {"validate", "--kubernetes", evil, folder},
		{"render", "-f", in("cluster.yaml")}, {"render", "-f", in("nothing")}, {"render", "-f", in("patched.yaml")}, {"render", "--kubernetes", "1.36", "--cni", evil},
		{"plan", "-f", in("cluster.yaml")}, {"plan", "-o", evil}, {"footprint", "-f", in("cluster.yaml")}, {"footprint", "--kubernetes", "1.36", "--node-size", evil},
		{"rbac", "--service-account", evil}, {"rbac", "-f", in("named.yaml")}, {"adopt", "--kubeconfig", in("config")},
		{"probe", "run", evil}, {"probe", "agent", "--socket", in("socket")}, {"probe", "janitor", evil, "--timeout=1s"},
	}
	for _, verb := range []string{"up", "apply", "diff", "check", "uninstall --yes", "plan --live", "adopt --print"} {
		verb := strings.Fields(verb)
		add := func(more ...string) { commands = append(commands, append(append([]string{}, verb...), more...)) }
		add("-o", evil)
		add("--kubeconfig", in("config"))
		add("--kubeconfig", in("other/config"), "--context", evil)
		add("--server", "https://"+evil)
	}
	for i, server := range evilServers(t) {
		kubeconfig := in(fmt.Sprint("server", i))
		if err := os.WriteFile(kubeconfig, []byte(server.Kubeconfig()), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"up --probe=never", "apply", "diff", "check --probe=never", "uninstall --yes", "plan --live", "adopt --print"} {
			commands = append(commands, append(strings.Fields(verb), "--kubeconfig", kubeconfig, "--request-timeout=2s"))
		}
	}
	return commands
}

// Nothing of what a verb prints is a command to a terminal, or a line that somebody else has begun.
func TestVerbsShowWhatOthersWrote(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	commands, tell := evilCommands(t), 0
	for i, args := range commands {
		if testing.Short() && i%4 != 0 {
			continue
		}
		run := exec.CommandContext(t.Context(), self, args...)
		run.Args[0] = "fitout"
		run.Stdin = strings.NewReader("[]")
		output, err := run.CombinedOutput()
		if run.ProcessState == nil {
			t.Fatal(err)
		}
		out := string(output)
		if printable.Text(out) != out || strings.Contains(out, "goroutine ") {
			t.Errorf("fitout %q prints what must not be printed: %.2000q", args, out)
		}
		for line := range strings.Lines(out) {
			if strings.HasPrefix(strings.TrimSpace(line), "fitout: good") {
				t.Errorf("fitout %q has a line of others:\n%.2000s", args, out)
			}
		}
		if strings.Contains(out, "u202e") {
			tell++
		} else {
			t.Logf("fitout %q does not tell of it: %.300s", args, out)
		}
	}
	if !testing.Short() && tell < len(commands)/2 {
		t.Errorf("only %d of %d commands tell of it", tell, len(commands))
	}
}
