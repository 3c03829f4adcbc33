package diagnose_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/diagnose"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// A digestCase breaks the world of testdata/world.yaml, answers what is asked then, and says what the first digest says.
type digestCase struct {
	judgetest.Case
	Events    []judgetest.Fields `json:"events"`
	Logs      map[string]string  `json:"logs"`   // by pod
	Unread    string             `json:"unread"` // why no log can be read
	Pods      []judgetest.Fields `json:"pods"`   // of the whole cluster
	Webhooks  []judgetest.Fields `json:"webhooks"`
	Questions string             `json:"questions"`
	Row       string             `json:"row"` // that has the digest; the first with one if it is empty
	Digest    []string           `json:"digest"`
	Terminal  bool               `json:"terminal"`
}

func digestCases(t *testing.T) []digestCase {
	var list []digestCase
	judgetest.ReadYAML(t, "testdata/digests.yaml", &list)
	return list
}

// explained returns the rows of a case with their digests, and what was asked for them.
func explained(t *testing.T, c digestCase) ([]check.Row, observed.EvidenceRequest) {
	addons, s := judgetest.Observe(t, c.Case)
	rows := check.Judge(addons, s)
	q := diagnose.EvidenceFor(s, rows)
	s.Evidence = observed.Evidence{Events: judgetest.Typed[corev1.Event](t, c.Events), Pods: judgetest.Typed[corev1.Pod](t, c.Pods), Logs: map[observed.LogRequest]observed.Log{}}
	s.Evidence.Webhooks = judgetest.Objects(c.Webhooks)
	for _, of := range q.Logs {
		s.Evidence.Logs[of] = observed.Log{Text: c.Logs[of.Pod], Error: c.Unread}
	}
	return diagnose.Rows(s, rows, judgetest.Diagnoses(t, s.Objects)...), q
}

// What a digest says of each thing that breaks, to the letter.
func TestDigest(t *testing.T) {
	for _, c := range digestCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			rows, _ := explained(t, c)
			for _, row := range rows {
				if row.Digest == nil || c.Row != "" && row.Name() != c.Row {
					continue
				}
				if diff := cmp.Diff(c.Digest, row.Digest.Lines()); diff != "" {
					t.Error(diff)
				}
				if row.Digest.Terminal != c.Terminal {
					t.Errorf("terminal is %t", row.Digest.Terminal)
				}
				return
			}
			t.Errorf("no row has a digest: %v", judgetest.Lines(rows))
		})
	}
}

// What is asked is narrow: nothing of a good cluster, and of others the namespaces and logs of what is unmet.
func TestEvidenceFor(t *testing.T) {
	if _, q := explained(t, digestCase{}); len(q.Events)+len(q.Logs) > 0 || q.Pods {
		t.Errorf("a good cluster is asked %+v", q)
	}
	asked := map[string]bool{}
	for _, c := range digestCases(t) {
		_, q := explained(t, c)
		text := strings.Join(q.Events, " ")
		for _, of := range q.Logs {
			text += " log of " + of.Pod
			if of.Previous {
				text += " before"
			}
		}
		if q.Pods {
			text += " pods"
		}
		if q.Webhooks {
			text += " webhooks"
		}
		if c.Questions != "" && c.Questions != strings.TrimSpace(text) {
			t.Errorf("%s: asked %q, want %q", c.Name, text, c.Questions)
		}
		asked[c.Questions] = true
	}
	if len(asked) < 4 {
		t.Errorf("the cases say what is asked in too few ways: %v", slices.Sorted(maps.Keys(asked)))
	}
}

// A diagnosis that no case knows may never be made.
func TestEveryCauseIsKnown(t *testing.T) {
	known := map[string]bool{}
	learn := func(rows []check.Row) {
		for _, row := range rows {
			if row.Digest != nil {
				known[row.Digest.Cause] = true
			}
		}
	}
	for _, c := range digestCases(t) {
		rows, _ := explained(t, c)
		learn(rows)
	}
	for _, c := range judgetest.ProbeCases(t) {
		learn(c.Rows(t))
	}
	for _, cause := range diagnose.Causes(judgetest.Diagnoses(t, nil)) {
		if !known[cause] {
			t.Errorf("no case has the cause %s", cause)
		}
	}
}

// The log in a digest is bounded, and holds nothing that a terminal takes for a command.
func TestDigestOfLongLog(t *testing.T) {
	c := digestCases(t)[0]
	c.Logs = map[string]string{"dns-2": strings.Repeat("line\n", 100) + "\x1b[31m" + strings.Repeat("ä", 2000) + "\r\n\n"}
	rows, _ := explained(t, c)
	for _, row := range rows {
		if row.Digest != nil {
			text := strings.Join(row.Digest.Log, "")
			if len(row.Digest.Log) == 0 || len(text) > 1030 || strings.ContainsAny(text, "\x1b\r\n[") {
				t.Errorf("%d bytes in %d lines: %q", len(text), len(row.Digest.Log), text)
			}
		}
	}
}

// docs/report.md names every cause.
func TestCausesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, cause := range diagnose.Causes(judgetest.Diagnoses(t, nil)) {
		if !regexp.MustCompile(`[| ,]` + cause + `[ ,]`).Match(text) {
			t.Errorf("docs/report.md does not name the cause %s", cause)
		}
	}
}

// What an addon says of its own logs is not tried on those of others.
func TestDiagnosesAreOfTheirAddon(t *testing.T) {
	i := slices.IndexFunc(digestCases(t), func(c digestCase) bool {
		return slices.ContainsFunc(c.Digest, func(line string) bool { return strings.HasPrefix(line, "dns-loop: ") })
	})
	if i < 0 {
		t.Fatal("no case of the cause dns-loop, which an addon brings")
	}
	c := digestCases(t)[i]
	addons, s := judgetest.Observe(t, c.Case)
	rows := check.Judge(addons, s)
	s.Evidence = observed.Evidence{Events: judgetest.Typed[corev1.Event](t, c.Events), Logs: map[observed.LogRequest]observed.Log{}}
	for _, of := range diagnose.EvidenceFor(s, rows).Logs {
		s.Evidence.Logs[of] = observed.Log{Text: c.Logs[of.Pod]}
	}
	loops := func(own []diagnose.AddonDiagnosis) bool {
		return slices.ContainsFunc(diagnose.Rows(s, rows, own...), func(r check.Row) bool { return r.Digest != nil && r.Digest.Cause == "dns-loop" })
	}
	others := map[manifest.ID]*manifest.Object{{Group: "apps", Kind: "Deployment", Namespace: "kube-system", Name: "another"}: nil}
	if own, foreign := loops(judgetest.Diagnoses(t, s.Objects)), loops(judgetest.Diagnoses(t, others)); !own || foreign {
		t.Errorf("the cause is found in the log of its addon: %t, of another: %t", own, foreign)
	}
}
