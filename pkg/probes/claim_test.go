package probes_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// A stateCase changes what is seen of a claim and says what is unmet then; null takes an object away.
type stateCase struct {
	Name   string `json:"name"`
	Events []struct {
		Kind    string    `json:"kind"`
		Name    string    `json:"name"`
		Type    string    `json:"type"`
		Reason  string    `json:"reason"`
		Message string    `json:"message"`
		Last    time.Time `json:"last"`
	} `json:"events"`
}

const wellClaim = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: volume}, spec: {volumeName: pv-1}, status: {phase: Bound}}`

const wellVolume = `{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-1}, spec: {persistentVolumeReclaimPolicy: Delete}, status: {phase: Bound}}`

const wellPod = `{apiVersion: v1, kind: Pod, metadata: {name: first}, spec: {nodeName: node-1}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`

// part returns an object as a case has it.
func part[T any](t *testing.T, well string, raw map[string]any, name string) *T {
	t.Helper()
	var o judgetest.Fields
	if err := yaml.Unmarshal([]byte(well), &o); err != nil {
		t.Fatal(err)
	}
	if patch, given := raw[name]; given && patch == nil {
		return nil
	} else if given {
		o = judgetest.Merged(o, patch.(judgetest.Fields))
	}
	return &judgetest.Typed[T](t, []judgetest.Fields{o})[0]
}

// What is unmet is told with its first cause.
func TestClaimState(t *testing.T) {
	var cases []stateCase
	var raw []judgetest.Fields
	judgetest.ReadYAML(t, "testdata/claims.yaml", &cases)
	judgetest.ReadYAML(t, "testdata/claims.yaml", &raw)
	_, survey := judgetest.ProbeCase{}.Survey(t)
	for i, c := range cases {
		s := probes.ClaimState{
			Claim:  part[corev1.PersistentVolumeClaim](t, wellClaim, raw[i], "claim"),
			Volume: part[corev1.PersistentVolume](t, wellVolume, raw[i], "volume"),
			Pod:    part[corev1.Pod](t, wellPod, raw[i], "pod"),
		}
		for _, e := range c.Events {
			s.Events = append(s.Events, corev1.Event{
				InvolvedObject: corev1.ObjectReference{Kind: e.Kind, Name: e.Name}, Type: e.Type, Reason: e.Reason, Message: e.Message,
				LastTimestamp: metav1.Time{Time: e.Last},
			})
		}
		for name, got := range map[string]string{
			"unbound": s.NotBound(), "unmounted": survey.NotMounted(s), "held": s.StillMounted(), "remains": s.Remains(), "leaves": s.Leaves(),
		} {
			want, given := raw[i][name]
			if given && got != want {
				t.Errorf("%s: %s is %q, not %q", c.Name, name, got, want)
			}
		}
	}
}

func class(name string, isDefault bool, mode string) *manifest.Object {
	o := &manifest.Object{Object: judgetest.Fields{"kind": "StorageClass", "volumeBindingMode": mode}}
	o.SetName(name)
	if isDefault {
		o.SetAnnotations(map[string]string{"storageclass.kubernetes.io/is-default-class": "true"})
	}
	return o
}

func TestClaimClass(t *testing.T) {
	_, s := judgetest.ProbeCase{}.Survey(t)
	s.StorageClasses = []*manifest.Object{class("slow", false, "Immediate"), class("fast", true, "WaitForFirstConsumer")}
	for name, want := range map[string]string{
		"slow": "class slow", probes.DefaultClass: "default class fast", "absent": "class absent: there is no such StorageClass",
	} {
		found, got, why := s.ClaimClass(name)
		if why != "" {
			got += ": " + why
		}
		if got != want || (found == nil) != (why != "") {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
		if found != nil && probes.BindsFirst(found) != (found.GetName() == "slow") {
			t.Errorf("%s binds first: %v", name, probes.BindsFirst(found))
		}
	}
	s.StorageClasses = s.StorageClasses[:1]
	if _, _, why := s.ClaimClass(probes.DefaultClass); why != "no StorageClass is the default" {
		t.Errorf("without a default: %q", why)
	}
}

// A volume is mounted again on another node that it can be on, and on the same one only where there is no other.
func TestClaimElsewhere(t *testing.T) {
	anywhere := &corev1.PersistentVolume{}
	only := func(names ...string) *corev1.PersistentVolume {
		return &corev1.PersistentVolume{Spec: corev1.PersistentVolumeSpec{NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: names}}}},
		}}}}
	}
	for name, test := range map[string]struct {
		live   map[string]judgetest.Fields
		volume *corev1.PersistentVolume
		nodes  []string
		same   string
	}{
		"two nodes":                  {nil, anywhere, []string{"node-2"}, ""},
		"nothing is known":           {nil, nil, []string{"node-2"}, ""},
		"a volume of one node":       {nil, only("node-1"), []string{"node-1"}, "the volume can be on no other node"},
		"a volume of the other node": {nil, only("node-2"), []string{"node-2"}, ""},
		"the other runs no probe":    {map[string]judgetest.Fields{"Pod asker-2": nil}, anywhere, []string{"node-1"}, "no other node runs the probe"},
	} {
		_, s := judgetest.ProbeCase{Live: test.live}.Survey(t)
		nodes, same := s.ClaimElsewhere(test.volume, "node-1")
		if diff := cmp.Diff(test.nodes, nodes); diff != "" || same != test.same {
			t.Errorf("%s: %q %s", name, same, diff)
		}
	}
	_, s := judgetest.ProbeCase{}.Survey(t)
	if nodes := s.ClaimNodes(only("node-2")); !slices.Equal(nodes, []string{"node-2"}) {
		t.Errorf("a volume that is bound to a zone is first mounted on %q", nodes)
	}
}
