package upgrade_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

func TestNoRoom(t *testing.T) {
	pod := `{metadata: {name: p, namespace: a}, spec: {nodeName: %s, containers: [{name: c, resources: {requests: {cpu: %s, memory: 1Gi}}}]}, status: {phase: %s}}`
	node := `{metadata: {name: n}, spec: {%s}, status: {allocatable: {cpu: "2", memory: 4Gi, pods: "%d"}, conditions: [{type: Ready, status: "%s"}]}}`
	full := fmt.Sprintf(pod, "n", "1950m", "Running")
	for name, test := range map[string]struct {
		node string
		pods []string
		want bool
	}{
		"room":                     {fmt.Sprintf(node, "", 110, "True"), []string{fmt.Sprintf(pod, "n", "1900m", "Running")}, true},
		"no CPU":                   {fmt.Sprintf(node, "", 110, "True"), []string{full}, false},
		"a pod that has ended":     {fmt.Sprintf(node, "", 110, "True"), []string{fmt.Sprintf(pod, "n", "1950m", "Succeeded")}, true},
		"a pod on another node":    {fmt.Sprintf(node, "", 110, "True"), []string{fmt.Sprintf(pod, "m", "1950m", "Running")}, true},
		"no more pods":             {fmt.Sprintf(node, "", 1, "True"), []string{fmt.Sprintf(pod, "n", "1m", "Running")}, false},
		"a node that is not ready": {fmt.Sprintf(node, "", 110, "False"), nil, false},
		"a cordoned node":          {fmt.Sprintf(node, "unschedulable: true", 110, "True"), nil, false},
		"a taint":                  {fmt.Sprintf(node, "taints: [{key: a, effect: NoSchedule}]", 110, "True"), nil, false},
		"no nodes":                 {"", nil, true},
	} {
		var s observed.Snapshot
		if test.node != "" {
			s.Nodes = make([]corev1.Node, 1)
			read(t, test.node, &s.Nodes[0])
		}
		for _, text := range test.pods {
			s.Pods = append(s.Pods, corev1.Pod{})
			read(t, text, &s.Pods[len(s.Pods)-1])
		}
		dns := &manifest.Object{}
		read(t, `{apiVersion: apps/v1, kind: Deployment, metadata: {name: dns, namespace: a}, spec: {template: {spec: {containers: [{name: dns, resources: {requests: {cpu: 100m, memory: 70Mi}}}]}}}}`, &dns.Object)
		got := upgrade.NoRoom([]*manifest.Object{dns}, s)
		if (len(got) == 0) != test.want || len(got) > 0 && !strings.HasPrefix(got[0], "no node has room for one more pod of Deployment a/dns (which requests cpu 100m, memory 70Mi)") {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func read(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

func TestRemovedIn(t *testing.T) {
	from, err := kubeapi.Load("1.15")
	if err != nil {
		t.Fatal(err)
	}
	to, err := kubeapi.Load("1.16")
	if err != nil {
		t.Fatal(err)
	}
	got := upgrade.RemovedIn([]upgrade.Release{{Namespace: "shop", Name: "cart", Kinds: []schema.GroupVersionKind{
		{Group: "extensions", Version: "v1beta1", Kind: "Deployment"}, {Group: "apps", Version: "v1", Kind: "Deployment"}, {Group: "example.org", Version: "v1", Kind: "Own"}}}}, from, to, "1.16")
	if len(got) != 1 || !strings.HasPrefix(got[0], "Helm release shop/cart holds Deployment of extensions/v1beta1, which Kubernetes 1.16 does not serve: helm upgrade will fail then") {
		t.Errorf("%v", got)
	}
}
