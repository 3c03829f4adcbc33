package agent_test

import (
	"path/filepath"
	"testing"

	"github.com/fitout-dev/fitout/pkg/agent"
)

// fuzz reads whatever an agent may say in a format; the recordings are the first corpus, and testdata/fuzz has more.
func fuzz(f *testing.F, format string) {
	files, err := filepath.Glob("testdata/" + format + "/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	subject := agent.Subject{}
	for _, file := range files {
		of, outputs, _ := recording(f, file)
		if subject = of; len(outputs) > 0 {
			f.Add(outputs[0].Text, outputs[len(outputs)-1].Text, of.Node.Annotations["flannel.alpha.coreos.com/backend-data"], outputs[0].Exit)
		}
	}
	f.Fuzz(func(t *testing.T, first, second, annotation string, exit int) {
		s := subject
		s.Node.Annotations = map[string]string{}
		for key := range subject.Node.Annotations {
			s.Node.Annotations[key] = annotation
		}
		checkBounds(t, agent.Read(format, s, []agent.Output{{Text: first, Exit: exit}, {Text: second, Errors: annotation}}))
	})
}

func FuzzCalico(f *testing.F)  { fuzz(f, "calico") }
func FuzzFlannel(f *testing.F) { fuzz(f, "flannel") }
func FuzzWeave(f *testing.F)   { fuzz(f, "weave") }

func FuzzCilium(f *testing.F) {
	for _, name := range []string{"1.7.0", "1.7.0-broken", "1.20.2-broken", "seen-1.20.2-kpr"} {
		f.Add(readFile(f, "testdata/cilium/"+name+".json"))
	}
	f.Fuzz(func(t *testing.T, text string) { checkBounds(t, readCilium(text)) })
}
