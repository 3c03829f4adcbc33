package fitout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/report"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// storage is what makes volumes for claims: at once, on any node, and deletes them with their claims.
type storage struct {
	none    bool   // no volume is made
	stuck   string // pod that does not get its volume
	loses   bool   // what was written is not there on another node
	readOny bool
	stays   bool // the volume outlives its claim
	retains bool
	early   bool // the class makes volumes without a pod

	claim, volume bool
	pods          map[string]string // node by name
	written       string
	did           []string
}

// Claim is what there is of a claim.
func (s *storage) Claim(_ context.Context, _, _, pod string) (sight probes.ClaimState, err error) {
	if s.claim {
		sight.Claim = &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: probe.ClaimName}}
		s.volume = !s.none && (s.early || len(s.did) > 0)
		if s.volume {
			sight.Claim.Status.Phase = corev1.ClaimBound
		}
	} else {
		s.volume = s.volume && (s.stays || s.retains)
	}
	if s.volume {
		sight.Volume = &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pv"}, Spec: corev1.PersistentVolumeSpec{PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete}}
		if s.retains {
			sight.Volume.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
		}
	}
	if node, there := s.pods[pod]; there {
		sight.Pod = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: pod}, Spec: corev1.PodSpec{NodeName: node}, Status: corev1.PodStatus{Phase: corev1.PodPending}}
		if pod != s.stuck && s.volume {
			sight.Pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		}
	}
	return sight, nil
}

func (s *storage) RemoveObject(_ context.Context, o *manifest.Object) error {
	if o.GetKind() == "PersistentVolumeClaim" {
		s.claim = false
	}
	delete(s.pods, o.GetName())
	return nil
}

// create takes what is of a claim, and puts a pod on the last of its nodes.
func (s *storage) create(o *manifest.Object) {
	switch o.GetKind() {
	case "PersistentVolumeClaim":
		s.claim, s.pods = true, map[string]string{}
	case "Pod":
		nodes := onNodes(o)
		s.pods[o.GetName()] = nodes[len(nodes)-1]
		s.did = append(s.did, o.GetName()+" on "+strings.Join(nodes, " or "))
	}
}

// onNodes are the nodes that a pod may be on.
func onNodes(o *manifest.Object) (nodes []string) {
	pod := &corev1.Pod{}
	if runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, pod) != nil {
		return nil
	}
	for _, term := range pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		nodes = append(nodes, term.MatchFields[0].Values...)
	}
	return nodes
}

// file does a task of a file.
func (s *storage) file(pod string, t probe.Task) probe.Result {
	r := probe.Result{ID: t.ID, Tries: 1, OK: true}
	switch {
	case t.Kind == probe.Write && s.readOny:
		r.OK, r.Error = false, "open "+t.Path+": read-only file system"
	case t.Kind == probe.Write:
		s.written = t.Text
	case s.loses || s.written != t.Text:
		r.OK, r.Error = false, "what was written is lost: open "+t.Path+": no such file or directory"
	}
	s.did = append(s.did, string(t.Kind)+" in "+pod)
	return r
}

// classes are one that makes volumes where pods go, which is the default, and one that makes them at once.
func classes() []*manifest.Object {
	late, early := &manifest.Object{Object: map[string]any{"volumeBindingMode": "WaitForFirstConsumer"}}, &manifest.Object{Object: map[string]any{}}
	late.SetName("late")
	late.SetAnnotations(map[string]string{"storageclass.kubernetes.io/is-default-class": "true"})
	early.SetName("early")
	return []*manifest.Object{late, early}
}

// claimed probes a cluster with a claim and returns its row.
func claimed(t *testing.T, p *prober, o fitout.ProbeOptions) (row check.Row) {
	t.Helper()
	plan := prepare(t, catalogue(t), "1.36", "flannel", "none")
	synctest.Test(t, func(t *testing.T) {
		o.Run, o.Image, o.Select = "r", "i", fitout.Selection{Only: []string{probes.StorageClaim}}
		r := &report.Report{}
		if err := fitout.Probe(t.Context(), p, plan, o, r); err != nil {
			t.Fatal(err)
		}
		for _, each := range r.Checks {
			if each.Check == probes.StorageClaim {
				row = each
			}
		}
	})
	if len(p.removed) != 1 && p.refuses != "Namespace" {
		t.Errorf("removed %q", p.removed)
	}
	return row
}

func TestClaim(t *testing.T) {
	late := "created, mounted on node-1 after 0s, written on node-1, let go on node-1"
	for name, test := range map[string]struct {
		storage
		prober
		class string
		want  string // verdict and detail
	}{
		"all is well":          {class: "late", want: "good: class late: " + late + ", mounted on node-0 after 0s, read on node-0, let go on node-0, deleted after 0s"},
		"the default":          {class: probes.DefaultClass, want: "good: default class late: " + late + ", mounted on node-0"},
		"bound by itself":      {storage: storage{early: true}, class: "early", want: "good: class early: created, bound after 0s, mounted on node-1 after 0s, "},
		"no such class":        {class: "absent", want: "failed: class absent: not created: there is no such StorageClass"},
		"no volume":            {storage: storage{none: true, early: true}, class: "early", want: "failed: class early: not bound: not within 2m0s: the claim is Pending, and has no events; before that created"},
		"no volume for a pod":  {storage: storage{none: true}, class: "late", want: "failed: class late: not mounted on node-1: not within 2m0s: the claim is Pending, and has no events; before that created"},
		"it cannot be written": {storage: storage{readOny: true}, class: "late", want: "failed: class late: not written on node-1: open /volume/fitout-probe-r: read-only file system; before that created, mounted on node-1 after 0s"},
		"it cannot be moved":   {storage: storage{stuck: "second"}, class: "late", want: "failed: class late: not mounted on node-0: not within 2m0s: the pod is Pending on node node-0; before that " + late},
		"what was written is lost": {storage: storage{loses: true}, class: "late",
			want: "failed: class late: not read on node-0: what was written is lost: open /volume/fitout-probe-r: no such file or directory; before that " + late},
		"the volume stays":         {storage: storage{stays: true}, class: "late", want: "failed: class late: not deleted: not within 2m0s: volume pv is still there, without a phase; before that " + late},
		"it is lost, and stays":    {storage: storage{loses: true, stays: true}, class: "late", want: "failed: class late: not read on node-0: what was written is lost"},
		"the volume is kept":       {storage: storage{retains: true}, class: "late", want: "good: class late: " + late},
		"no claim may be created":  {prober: prober{refuses: "PersistentVolumeClaim"}, class: "late", want: "unknown: class late: not created: create PersistentVolumeClaim fitout-probe-r/volume: "},
		"no pod may be created":    {prober: prober{refuses: "Pod"}, class: "late", want: "unknown: class late: not mounted: create Pod fitout-probe-r/first: "},
		"no probe may be made":     {prober: prober{refuses: "Namespace"}, class: "late", want: "unknown: create Namespace fitout-probe-r: "},
		"pods do not become ready": {prober: prober{pending: true}, class: "late", want: "unknown: no probe pod runs; see the check probe-pods"},
		"nobody asks for it":       {class: "", want: ": "},
	} {
		t.Run(name, func(t *testing.T) {
			test.prober.storage = &test.storage
			row := claimed(t, &test.prober, fitout.ProbeOptions{Class: test.class, Start: time.Second})
			if got := string(row.Verdict) + ": " + row.Detail; !strings.HasPrefix(got, test.want) {
				t.Errorf("%s\nnot\n%s", got, test.want)
			}
			if (row.Verdict == check.Failed) != (row.Remedy != "") {
				t.Errorf("remedy %q", row.Remedy)
			}
			if kept := strings.HasSuffix(row.Detail, "; volume pv stays, since its policy is Retain: delete it, and what it stands for"); kept != test.retains {
				t.Errorf("kept %v: %s", kept, row.Detail)
			}
			if left := strings.HasSuffix(row.Detail, "; not deleted: not within 2m0s: volume pv is still there, without a phase"); left != (test.loses && test.stays) {
				t.Errorf("left behind %v: %s", left, row.Detail)
			}
			if test.claim || len(test.pods) > 0 {
				t.Errorf("the claim is there %v, and pods %v", test.claim, test.pods)
			}
		})
	}
}

// A volume is first mounted on any node, then on all but that.
func TestClaimMoves(t *testing.T) {
	s := &storage{}
	claimed(t, &prober{storage: s}, fitout.ProbeOptions{Class: "late", Start: time.Second})
	want := []string{"first on node-0 or node-1", "write in first", "second on node-0", "take in second"}
	if !slices.Equal(s.did, want) {
		t.Errorf("did %q, not %q", s.did, want)
	}
}

// A run that is interrupted leaves the claim to the end of its namespace, and does not wait for it.
func TestClaimInterrupted(t *testing.T) {
	plan := prepare(t, catalogue(t), "1.36", "flannel", "none")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		p := &prober{storage: &storage{none: true}}
		start := time.Now()
		o := fitout.ProbeOptions{Run: "r", Image: "i", Class: "late", Start: time.Second, Select: fitout.Selection{Only: []string{probes.StorageClaim}}}
		err := fitout.Probe(ctx, p, plan, o, &report.Report{})
		if !errors.Is(err, context.Canceled) || len(p.removed) != 1 || time.Since(start) > 11*time.Second {
			t.Errorf("error %v after %v, removed %q", err, time.Since(start), p.removed)
		}
	})
}
