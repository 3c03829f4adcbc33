package diff_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/diff"
)

const (
	daemonSet = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d, namespace: demo}\nspec:\n  template:\n    spec:\n      containers:\n      - name: agent\n        env:\n"
	nodeName  = "        - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}\n"
)

// What the bundle sets is shown, as long as it is what the bundle sets; all other values of variables are hidden, and that
// one changes is not.
func TestEnvironmentIsHidden(t *testing.T) {
	bundled := daemonSet + nodeName + "        - {name: MODE, value: vxlan}\n        - {name: TOKEN, value: \"\"}\n"
	for name, test := range map[string]struct {
		before, after string
		want          []string // lines of the difference
		shows         []string
	}{
		"a new variable": {"", "        - {name: PASSWORD, value: hunter2}\n", []string{"+          value: (hidden)"}, nil},
		"one that changes": {"        - {name: PASSWORD, value: hunter1}\n", "        - {name: PASSWORD, value: hunter2}\n",
			[]string{"-          value: (hidden, as it is)", "+          value: (hidden, changed)"}, nil},
		"one that stays, beside one that changes": {"        - {name: PASSWORD, value: hunter2}\n        - {name: OTHER, value: hunter1}\n",
			"        - {name: PASSWORD, value: hunter2}\n        - {name: OTHER, value: hunter2}\n", []string{"           value: (hidden)", "+          value: (hidden, changed)"}, nil},
		"one of the bundle with another value": {"        - {name: TOKEN, value: \"\"}\n", "        - {name: TOKEN, value: hunter2}\n", []string{"+          value: (hidden, changed)"}, nil},
		"one of the bundle":                    {"        - {name: MODE, value: hunter1}\n", "        - {name: MODE, value: vxlan}\n", []string{"-          value: (hidden, as it is)", "+          value: vxlan"}, []string{"vxlan"}},
		"two of one name": {"", "        - {name: A, value: hunter1}\n        - {name: A, value: hunter2}\n",
			[]string{"+          value: (hidden)"}, nil},
		"no text": {"", "        - {name: A, value: {hunter1: hunter2}}\n", []string{"+          value: (hidden)"}, nil},
		"a second container": {"", "        - {name: MODE, value: vxlan}\n      - name: hunter\n        env: [{name: MODE, value: hunter2}]\n",
			[]string{"+          value: vxlan", "+          value: (hidden)"}, []string{"vxlan"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, own := range []string{bundled, ""} {
				after, before := parse(t, daemonSet+nodeName+test.after), parse(t, daemonSet+nodeName+test.before)
				got := diff.Object(after, before, parse(t, own))
				for _, secret := range []string{"hunter1", "hunter2"} {
					if strings.Contains(got, secret) {
						t.Errorf("%s is in\n%s", secret, got)
					}
				}
				if own == "" {
					continue // then all is hidden
				}
				for _, line := range test.want {
					if !strings.Contains(got, line+"\n") {
						t.Errorf("no line %q in\n%s", line, got)
					}
				}
				if strings.Contains(got, "spec.nodeName") != strings.Contains(got, "fieldRef") {
					t.Errorf("a reference is hidden:\n%s", got)
				}
			}
		})
	}
}

// Records of what was applied last hold everything once more, wherever somebody has put them.
func TestRecordsAreNotShown(t *testing.T) {
	const records = "annotations: {kubectl.kubernetes.io/last-applied-configuration: hunter2, fitout.dev/last-applied: hunter2}"
	before := parse(t, configMap+"  "+records)
	after := parse(t, configMap+"data: {a: b}")
	pods := parse(t, "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d, namespace: demo}\nspec:\n  template:\n    metadata:\n      "+records)
	for _, got := range []string{diff.Object(after, before, nil), diff.Object(pods, nil, nil), diff.Object(nil, pods, pods)} {
		if strings.Contains(got, "hunter2") || got == "" {
			t.Errorf("shown:\n%s", got)
		}
	}
}

// What is shown is text, whatever the object holds.
func TestObjectIsPrintable(t *testing.T) {
	object := parse(t, configMap+`data: {a: "x\u202e\u2028\u009b\x1b[2J\nfitout: good\n", "b\u2066": c}`)
	object.Object["data"].(map[string]any)["c"] = "\x7f\u0080"
	object.SetName("c\n+++ bundle/ConfigMap other\x1b")
	got := diff.Object(object, nil, nil)
	for _, bad := range []string{"\u202e", "\u2028", "\u009b", "\x1b", "\u2066", "\x7f", "\u0080", "cannot be written", "\nfitout:", "\n+++ bundle/ConfigMap other"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in\n%s", bad, got)
		}
	}
}
