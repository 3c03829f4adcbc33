package fitout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// machines are the nodes of a cluster in memory, and the DaemonSet controller: each look at the cluster lets it do one step for
// each DaemonSet.
type machines struct {
	nodes    []corev1.Node
	pods     []corev1.Pod
	specs    map[manifest.ID][2]string // as the controller has seen them: the spec and its template
	broken   map[string]bool           // templates whose pods do not become ready
	replaced []string                  // nodes, in the order in which they got pods
}

func nodesNamed(names ...string) *machines {
	d := &machines{specs: map[manifest.ID][2]string{}, broken: map[string]bool{}}
	for _, name := range names {
		d.nodes = append(d.nodes, corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}})
	}
	return d
}

// DeletePod deletes a pod of a DaemonSet.
func (m *memory) DeletePod(_ context.Context, pod corev1.Pod) error {
	return m.call(func() error {
		m.daemons.pods = slices.DeleteFunc(m.daemons.pods, func(p corev1.Pod) bool { return p.UID == pod.UID })
		m.writes++
		return nil
	})
}

// reconcile is one step of the controller.
func (m *memory) reconcile() {
	if m.daemons == nil {
		return
	}
	for id, o := range m.objects {
		if id.Kind == "DaemonSet" {
			m.reconcileSet(id, o)
		}
	}
}

func text(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // it came from JSON
	}
	return string(encoded)
}

func (m *memory) reconcileSet(id manifest.ID, o *manifest.Object) {
	d, spec := m.daemons, o.Object["spec"].(map[string]any)
	now, seen := [2]string{text(spec), text(spec["template"])}, d.specs[id]
	if now[0] != seen[0] {
		o.SetGeneration(o.GetGeneration() + 1)
	}
	if now[1] != seen[1] {
		put(o.Object, "metadata|annotations|"+appsv1.DeprecatedTemplateGeneration, fmt.Sprint(o.GetGeneration()))
	}
	d.specs[id] = now
	strategy, _ := spec["updateStrategy"].(map[string]any)
	if at := slices.IndexFunc(d.pods, func(p corev1.Pod) bool { return p.Annotations["template"] != now[1] }); at >= 0 && strategy["type"] != "OnDelete" {
		d.pods = slices.Delete(d.pods, at, at+1)
	}
	updated, ready := int64(0), int64(0)
	for _, n := range d.nodes {
		at := slices.IndexFunc(d.pods, func(p corev1.Pod) bool { return p.Spec.NodeName == n.Name })
		if at < 0 {
			at = len(d.pods)
			d.pods = append(d.pods, m.podOn(n.Name, o, now[1]))
		}
		if d.pods[at].Annotations["template"] == now[1] {
			updated++
		}
		if d.pods[at].Status.Conditions[0].Status == corev1.ConditionTrue {
			ready++
		}
	}
	all := int64(len(d.nodes))
	o.Object["status"] = map[string]any{"observedGeneration": o.GetGeneration(), "desiredNumberScheduled": all, "currentNumberScheduled": all,
		"updatedNumberScheduled": updated, "numberReady": ready, "numberAvailable": ready}
}

func (m *memory) podOn(node string, o *manifest.Object, template string) corev1.Pod {
	d, ready := m.daemons, corev1.ConditionTrue
	if d.broken[template] {
		ready = corev1.ConditionFalse
	}
	m.uids++
	d.replaced = append(d.replaced, node)
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("agent-", m.uids), Namespace: o.GetNamespace(), UID: types.UID(fmt.Sprint("pod-", m.uids)),
			Annotations: map[string]string{"template": template},
			Labels: map[string]string{"app": "agent", "pod-template-generation": o.GetAnnotations()[appsv1.DeprecatedTemplateGeneration],
				appsv1.ControllerRevisionHashLabelKey: template}},
		Spec:   corev1.PodSpec{NodeName: node},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
	}
}

// updated are the nodes whose pod is of a template.
func (d *machines) updated(template string) (nodes []string) {
	for _, p := range d.pods {
		if p.Annotations["template"] == template {
			nodes = append(nodes, p.Spec.NodeName)
		}
	}
	slices.Sort(nodes)
	return nodes
}
