package cluster

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestNodeFact(t *testing.T) {
	got := nodeFact(corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"node-role.kubernetes.io/control-plane": ""}, Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"}},
		Spec:       corev1.NodeSpec{PodCIDR: "fd00::/64", PodCIDRs: []string{"fd00::/64", "10.0.0.0/24"}, ProviderID: "aws:///x"},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeInternalIP, Address: "192.0.2.1"}, {Type: corev1.NodeHostName, Address: "a"}, {Type: corev1.NodeInternalIP, Address: "fd01::1"}, {Type: corev1.NodeExternalIP, Address: "192.0.2.2"}}},
	})
	want := clusterfile.NodeFact{Name: "a", PodCIDR: "fd00::/64", PodCIDRs: []string{"fd00::/64", "10.0.0.0/24"}, ProviderID: "aws:///x",
		ControlPlane: true, Simulated: true, Addresses: []string{"192.0.2.1", "fd01::1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
