package agent_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"
)

// verdict is what a status says, a line for each thing.
func verdict(s agent.Status) string {
	var out strings.Builder
	if s.Summary != "" {
		fmt.Fprintf(&out, "summary: %s\n", s.Summary)
	}
	for _, f := range s.Faults {
		kind := "fault"
		if f.Severe {
			kind = "severe"
		}
		fmt.Fprintf(&out, "%s: %s\n", kind, f.Text)
	}
	for _, u := range s.Unread {
		fmt.Fprintf(&out, "unread: %s\n", u)
	}
	return out.String()
}

// A recording is what an agent answered, and what is to be read from it: node.yaml, pod.yaml and peers are the subject; 1,
// 1.err and 1.exit the output of the first command (exit code 1 where there is 1.err alone), and want is the verdict.
func recording(t testing.TB, file string) (subject agent.Subject, outputs []agent.Output, want string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	for name, into := range map[string]any{"node.yaml": &subject.Node, "pod.yaml": &subject.Pod} {
		if err := yaml.UnmarshalStrict([]byte(files[name]), into); err != nil {
			t.Fatalf("%s: %s: %v", file, name, err)
		}
	}
	subject.Peers = strings.Fields(files["peers"])
	for i := 1; ; i++ {
		name := strconv.Itoa(i)
		text, ok := files[name]
		if !ok {
			return subject, outputs, files["want"]
		}
		o := agent.Output{Text: text, Errors: files[name+".err"]}
		if o.Errors != "" {
			o.Exit = 1
		}
		if exit := files[name+".exit"]; exit != "" {
			if o.Exit, err = strconv.Atoi(strings.TrimSpace(exit)); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
		outputs = append(outputs, o)
	}
}

func TestRead(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	well, severe := map[string]bool{}, map[string]bool{} // by format
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			subject, outputs, want := recording(t, file)
			format := filepath.Base(filepath.Dir(file))
			got := agent.Read(format, subject, outputs)
			if diff := cmp.Diff(want, verdict(got)); diff != "" {
				t.Error(diff)
			}
			if got.Text == "" && len(outputs) > 0 && strings.TrimSpace(outputs[0].Text+outputs[0].Errors) != "" {
				t.Error("there is no text for people")
			}
			well[format], severe[format] = well[format] || got.Well(), severe[format] || got.Severe()
		})
	}
	for _, format := range []string{"calico", "flannel", "weave"} {
		if !well[format] || !severe[format] {
			t.Errorf("%s is never well, or never severe", format)
		}
	}
}

func TestReadNothing(t *testing.T) {
	for _, format := range []string{"calico", "cilium", "flannel", "weave", "smoke-signals"} {
		if s := agent.Read(format, agent.Subject{}, nil); s.Well() {
			t.Errorf("%s is well without having said anything", format)
		}
	}
}

func TestLacks(t *testing.T) {
	for text, want := range map[string]bool{
		// containerd 2 and runc 1.3 on the two-node cluster of docs/test-beds.md.
		`Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "3a": OCI runtime exec failed: exec failed: unable to start container process: exec: "cilium-dbg": executable file not found in $PATH`: true,
		`exec failed: unable to start container process: exec: "/bin/calico-node": stat /bin/calico-node: no such file or directory: unknown`:                                                                                                                                             true,
		"executable file `cilium-dbg` not found in $PATH: No such file or directory": true, // crun
		`pods "cilium-x" is forbidden: User "u" cannot create resource "pods/exec"`:  false,
		`context deadline exceeded`: false,
	} {
		if got := agent.Lacks(agent.Output{}, errors.New(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
		if got := agent.Lacks(agent.Output{Exit: 126, Errors: text}, nil); got != want {
			t.Errorf("exit code 126, %s: %v", text, got)
		}
		if agent.Lacks(agent.Output{Exit: 1, Errors: text}, nil) {
			t.Errorf("exit code 1, %s", text)
		}
	}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
