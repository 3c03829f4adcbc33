package fitout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// prober is a cluster with two nodes whose probe pods run at once, and where every answer is good.
type prober struct {
	refuses string // kind of which no object may be created
	pending bool   // pods do not become ready
	silent  string // node whose pods cannot be asked
	created []string
	removed []string    // namespaces and their UIDs
	swept   []types.UID // of the namespaces by which earlier runs were looked for
	kept    []string
	asked   func()
	// agents answers commands in pods; where it is nil, none can be run. says is the container, a colon and the command.
	agents func(node, says string) (agent.Output, error)

	questions []observed.EvidenceRequest // that were asked about what is unmet
	late      bool                       // one was, when the pods were gone
	*storage
}

func (p *prober) Survey(_ context.Context, _ manifest.Kinds, objects []*manifest.Object) (probes.Survey, error) {
	s := probes.Survey{Now: time.Now(), APIServer: "10.32.0.1"}
	s.StorageClasses = classes()
	for i := range 2 {
		s.Nodes = append(s.Nodes, corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i), Labels: map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64"}, Annotations: announced},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		})
		s.Pods = append(s.Pods, daemons(objects, s.Nodes[i].Name)...)
	}
	return s, nil
}

// announced is what Calico writes on its Node.
var announced = map[string]string{"projectcalico.org/IPv4Address": "192.0.2.1/24", "projectcalico.org/IPv4VXLANTunnelAddr": "100.64.9.0"}

// daemons are the pods of DaemonSets on a node, all of whose containers run.
func daemons(objects []*manifest.Object, node string) (pods []corev1.Pod) {
	for _, o := range objects {
		var set appsv1.DaemonSet
		if o.GetKind() != "DaemonSet" || runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &set) != nil {
			continue
		}
		pod := corev1.Pod{ObjectMeta: set.Spec.Template.ObjectMeta, Spec: set.Spec.Template.Spec}
		pod.Name, pod.Namespace, pod.Spec.NodeName = set.Name+"-"+node, set.Namespace, node
		for _, c := range pod.Spec.Containers {
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})
		}
		pods = append(pods, pod)
	}
	return pods
}

func (p *prober) Run(_ context.Context, pod corev1.Pod, container string, command []string) (agent.Output, error) {
	if p.agents == nil {
		return agent.Output{}, errors.New("connection refused")
	}
	return p.agents(pod.Spec.NodeName, container+": "+strings.Join(command, " "))
}

func (p *prober) OpenProbe(ctx context.Context, namespace *manifest.Object) (*manifest.Object, error) {
	if err := p.StartProbe(ctx, []*manifest.Object{namespace}); err != nil {
		return nil, err
	}
	live := namespace.DeepCopy()
	live.SetUID("uid-" + types.UID(namespace.GetName()))
	return live, nil
}

func (p *prober) SweepProbes(_ context.Context, own *manifest.Object) []string {
	p.swept = append(p.swept, own.GetUID())
	return p.kept
}

func (p *prober) StartProbe(_ context.Context, objects []*manifest.Object) error {
	for _, o := range objects {
		if o.GetKind() == p.refuses {
			return fmt.Errorf("create %s: %w", manifest.IDOf(o), apierrors.NewForbidden(schema.GroupResource{}, o.GetName(), errors.New("may not")))
		}
		p.created = append(p.created, o.GetKind())
		p.create(o)
	}
	return nil
}

func (p *prober) ProbePods(_ context.Context, namespace string) (pods []corev1.Pod, service string, err error) {
	ready := corev1.ConditionTrue
	if p.pending {
		ready = corev1.ConditionFalse
	}
	for i := range 2 {
		for _, role := range []string{probe.Asker, probe.Peer} {
			pods = append(pods, corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", role, i), Namespace: namespace, Labels: map[string]string{probe.LabelRole: role}},
				Spec:       corev1.PodSpec{NodeName: fmt.Sprintf("node-%d", i)},
				Status:     corev1.PodStatus{PodIP: fmt.Sprintf("100.64.%d.1", i), Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
			})
		}
	}
	return pods, "10.32.0.20", nil
}

func (p *prober) Ask(_ context.Context, pod corev1.Pod, tasks []probe.Task) ([]probe.Result, error) {
	if p.asked != nil {
		p.asked()
	}
	if pod.Spec.NodeName == p.silent {
		return nil, errors.New("connection refused")
	}
	var results []probe.Result
	for _, t := range tasks {
		if t.Kind == probe.Write || t.Kind == probe.Take {
			results = append(results, p.file(pod.Name, t))
			continue
		}
		results = append(results, probe.Result{ID: t.ID, OK: true, Tries: 1})
	}
	return results, nil
}

func (p *prober) Diagnose(_ context.Context, q observed.EvidenceRequest) observed.Evidence {
	p.questions = append(p.questions, q)
	p.late = p.late || len(p.removed) > 0
	return observed.Evidence{}
}

func (p *prober) AskByForward(_ context.Context, _, _ string, t probe.Task) (probe.Result, error) {
	return probe.Result{ID: t.ID, OK: true, Tries: 1}, nil
}

func (p *prober) AskByServer(_ context.Context, node string, t probe.Task) (probe.Result, bool, error) {
	if node == p.silent {
		return probe.Result{}, false, errors.New("may not")
	}
	return probe.Result{ID: t.ID, OK: true, Tries: 1}, true, nil
}

func (p *prober) RemoveProbe(ctx context.Context, namespace string, uid types.UID) error {
	p.removed = append(p.removed, namespace+" "+string(uid))
	return ctx.Err()
}

// rows probes a cluster with flannel and returns the rows by check, as "verdict: detail".
func rows(ctx context.Context, t *testing.T, p *prober, required bool) (map[string]string, error) {
	t.Helper()
	plan := prepare(t, catalogue(t), "1.36", "flannel", "none")
	r := &report.Report{}
	err := fitout.Probe(ctx, p, plan, fitout.ProbeOptions{Run: "r", Image: "i", Required: required, Start: 50 * time.Millisecond}, r)
	all := map[string]string{}
	for _, row := range r.Checks {
		all[row.Check] = string(row.Verdict) + ": " + row.Detail
	}
	if err != nil && r.Verdict != check.Failed {
		t.Errorf("verdict %s with error %v", r.Verdict, err)
	}
	return all, err
}

func TestProbe(t *testing.T) {
	forbidden := "create Namespace fitout-probe-r: "
	for name, test := range map[string]struct {
		prober   prober
		required bool
		pods     string // row probe-pods
		network  string // row pod-network
		removed  bool
	}{
		"all is well":                      {prober{}, false, "good: 2 of 2", "good: 4 of 4", true},
		"pods may not be started":          {prober{refuses: "Namespace"}, false, "unknown: " + forbidden, "unknown: " + forbidden, false},
		"pods must be, and may not":        {prober{refuses: "Namespace"}, true, "failed: " + forbidden, "unknown: " + forbidden, false},
		"only the namespace was created":   {prober{refuses: "DaemonSet"}, false, "unknown: create DaemonSet", "unknown: create DaemonSet", true},
		"pods do not become ready":         {prober{pending: true}, false, "failed: 0 of 2", "unknown: no probe pod runs", true},
		"a node cannot be asked":           {prober{silent: "node-1"}, false, "good: 2 of 2", "unknown: 2 of 2 good (same node 1/1, across nodes 1/1), slowest 0s; unknown: node-1 (connection refused)", true},
		"a node must be asked, and cannot": {prober{silent: "node-1"}, true, "good: 2 of 2", "failed: 2 of 2 good (same node 1/1, across nodes 1/1)", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rows(t.Context(), t, &test.prober, test.required)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got[probes.ProbePods], test.pods) || !strings.HasPrefix(got["pod-network"], test.network) {
				t.Errorf("probe-pods %s\npod-network %s", got[probes.ProbePods], got["pod-network"])
			}
			if removed := len(test.prober.removed) == 1 && test.prober.removed[0] == "fitout-probe-r uid-fitout-probe-r"; removed != test.removed {
				t.Errorf("removed %q", test.prober.removed)
			}
			about := slices.ContainsFunc(test.prober.questions, func(q observed.EvidenceRequest) bool { return slices.Contains(q.Events, "fitout-probe-r") })
			if about != test.prober.pending || test.prober.late {
				t.Errorf("asked %+v; when the pods were gone: %v", test.prober.questions, test.prober.late)
			}
			if strings.Contains(strings.Join(test.prober.created, " "), "NetworkPolicy") {
				t.Error("flannel enforces no policies, and got some")
			}
		})
	}
}

// The rows of an addon stand together, whoever found them.
func TestProbeRowsJoinTheirAddon(t *testing.T) {
	plan := prepare(t, catalogue(t), "1.36", "flannel", "none")
	r := &report.Report{Checks: []check.Row{{Check: check.Nodes}, {Addon: "kube-proxy", Check: check.Ready}, {Addon: "flannel", Check: check.Ready}}}
	if err := fitout.Probe(t.Context(), &prober{}, plan, fitout.ProbeOptions{Run: "r", Image: "i"}, r); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range r.Checks[:9] {
		got = append(got, row.Addon+" "+row.Check)
	}
	want := []string{
		" nodes", " probe-pods", "kube-proxy ready", "kube-proxy proxy-health",
		"flannel ready", "flannel pod-network", "flannel packet-size", "flannel service-network", "flannel api-server",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// An interrupted run still removes what it brought, and says nothing of what it did not see to its end.
func TestProbeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := prober{asked: cancel}
	if _, err := rows(ctx, t, &p, false); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if len(p.removed) != 1 {
		t.Errorf("removed %q", p.removed)
	}
}

// slow is a cluster whose pods have no good answer at first.
type slow struct {
	prober
	deaf int // times
	mu   sync.Mutex
	asks map[string]int
}

func (p *slow) Ask(ctx context.Context, pod corev1.Pod, tasks []probe.Task) ([]probe.Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks[pod.Name]++
	results, err := p.prober.Ask(ctx, pod, tasks)
	for i := range results {
		results[i].OK, results[i].Error = p.asks[pod.Name] > p.deaf, "no answer"
	}
	return results, err
}

// What does not work yet is tried again, and only that, for as long as there is time to settle.
func TestProbeSettles(t *testing.T) {
	for name, test := range map[string]struct {
		deaf   int
		settle time.Duration
		before check.Verdict // of the check that was made before
		want   string
		asked  int
	}{
		"at the second try":           {1, time.Minute, check.Good, "good: 4 of 4", 2},
		"without time for it":         {1, 0, check.Good, "failed: 0 of 4", 1},
		"not in time":                 {5, time.Millisecond, check.Good, "failed: 0 of 4", 2},
		"at once":                     {0, time.Minute, check.Good, "good: 4 of 4", 1},
		"not where a check is failed": {1, time.Minute, check.Failed, "failed: 0 of 4", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &slow{deaf: test.deaf, asks: map[string]int{}}
				r := &report.Report{Checks: []check.Row{{Check: check.Nodes, Verdict: test.before}}}
				plan := prepare(t, catalogue(t), "1.36", "flannel", "none")
				if err := fitout.Probe(t.Context(), p, plan, fitout.ProbeOptions{Run: "r", Image: "i", Settle: test.settle, Select: fitout.Selection{Only: []string{"pod-network"}}}, r); err != nil {
					t.Fatal(err)
				}
				row := r.Checks[slices.IndexFunc(r.Checks, func(r check.Row) bool { return r.Check == "pod-network" })]
				if got := string(row.Verdict) + ": " + row.Detail; !strings.HasPrefix(got, test.want) {
					t.Errorf("%q, expected %q", got, test.want)
				}
				for pod, n := range p.asks {
					if n != test.asked {
						t.Errorf("%s was asked %d times, expected %d", pod, n, test.asked)
					}
				}
			})
		})
	}
}

// A run sweeps by its own namespace, tells its UID to who cleans up after it, and says what earlier runs left and was kept.
func TestProbeOpens(t *testing.T) {
	p := &prober{kept: []string{"namespace \"x\" is kept: it has a Secret"}}
	var opened []types.UID
	r := &report.Report{}
	o := fitout.ProbeOptions{Run: "r", Image: "i", Start: 50 * time.Millisecond, Guard: func(string) (func(types.UID), func(), error) {
		return func(uid types.UID) { opened = append(opened, uid) }, func() { opened = append(opened, "released") }, nil
	}}
	if err := fitout.Probe(t.Context(), p, prepare(t, catalogue(t), "1.36", "flannel", "none"), o, r); err != nil {
		t.Fatal(err)
	}
	want := []types.UID{"uid-fitout-probe-r"}
	if !slices.Equal(opened, append(want, "released")) || !slices.Equal(p.swept, want) {
		t.Errorf("opened %q, swept by %q", opened, p.swept)
	}
	for _, row := range r.Checks {
		if row.Check == probes.ProbePods && !strings.HasSuffix(row.Detail, "; "+p.kept[0]) {
			t.Errorf("row %+v", row)
		}
	}
}
