package check_test

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestBacking(t *testing.T) {
	pod := func(namespace, app string, ready corev1.ConditionStatus, leaving bool) corev1.Pod {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: namespace, Labels: map[string]string{"app": app, "more": "x"}}}
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
		if leaving {
			p.DeletionTimestamp = &metav1.Time{}
		}
		return p
	}
	service := func(selector map[string]any) []*manifest.Object {
		return []*manifest.Object{{Object: map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "s", "namespace": "a"}, "spec": map[string]any{"selector": selector},
		}}}
	}
	selected := service(map[string]any{"app": "x"})
	for name, test := range map[string]struct {
		services []*manifest.Object
		pods     []corev1.Pod
		backed   bool
	}{
		"a ready pod":             {selected, []corev1.Pod{pod("a", "x", corev1.ConditionTrue, false)}, true},
		"one of two":              {selected, []corev1.Pod{pod("a", "x", corev1.ConditionFalse, false), pod("a", "x", corev1.ConditionTrue, false)}, true},
		"no pod":                  {selected, nil, false},
		"a pod that is not ready": {selected, []corev1.Pod{pod("a", "x", corev1.ConditionFalse, false)}, false},
		"a pod on its way out":    {selected, []corev1.Pod{pod("a", "x", corev1.ConditionTrue, true)}, false},
		"another namespace's":     {selected, []corev1.Pod{pod("b", "x", corev1.ConditionTrue, false)}, false},
		"another app's":           {selected, []corev1.Pod{pod("a", "y", corev1.ConditionTrue, false)}, false},
		"no selector, not judged": {service(nil), nil, true},
		"no Service to wait for":  {nil, nil, true},
	} {
		rows := check.Backing(test.services, observed.Snapshot{Pods: test.pods})
		if (len(rows) == 0) != test.backed {
			t.Errorf("%s: %v", name, rows)
		}
		if len(rows) > 0 && rows[0].Detail != "Service a/s has no ready pod behind it" {
			t.Errorf("%s: %q", name, rows[0].Detail)
		}
	}
}
