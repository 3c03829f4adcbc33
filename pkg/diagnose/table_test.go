package diagnose_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/diagnose"
)

const tableHead = "apiVersion: fitout.dev/v1alpha1\nkind: Diagnoses\n"

// Every function of the package is used by the embedded table, which has no faults.
func TestEmbeddedTable(t *testing.T) {
	if err := diagnose.ReadTable("rules.yaml", diagnose.TableYAML); err != nil {
		t.Fatal(err)
	}
	for name := range diagnose.Functions {
		if !strings.Contains(string(diagnose.TableYAML), "code: "+name+"\n") {
			t.Errorf("no rule has code: %s", name)
		}
	}
}

func TestFaultsOfTables(t *testing.T) {
	for text, want := range map[string]string{
		"rules: [{cause: a, in: log, pattern: '('}]\nready: []\n":                  "t.yaml:3: rules[0] error parsing regexp: missing closing ): `(`",
		"rules: [{cause: a, in: logs, pattern: b}]\nready: []\n":                   `t.yaml:3: rules[0] looks in "logs", which there is not`,
		"rules: [{cause: a, code: b}]\nready: []\n":                                "t.yaml:3: rules[0] names the code b, which there is not",
		"rules: []\nready: [{cause: a}]\n":                                         "t.yaml:4: ready[0] has no cause, or not one of code and pattern; give them",
		"rules: [{addons: first, cause: a}]\nready: []\n":                          "t.yaml:3: rules[0] is the place of addons, and a rule; remove one of them",
		"rules: [{cause: a, in: log, patern: b}]\nready: []\n":                     "t.yaml:3: rules[0].patern is not a field of this format; did you mean pattern? Allowed: cause, code, addons, in, of, probe, pattern, terminalAfter, means, remedy",
		"rules: [{cause: a, in: log, pattern: b, terminalAfter: 1h}]\nready: []\n": `t.yaml:3: rules[0].terminalAfter is "1h"; use one of 10s, 3m`,
	} {
		if err := diagnose.ReadTable("t.yaml", []byte(tableHead+text)); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
