package check

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// virtualLabels mark nodes that are no machines; an empty value stands for any.
var virtualLabels = map[string]string{
	"type":                                 "virtual-kubelet", // Virtual Kubelet, cmd/virtual-kubelet: of every provider that does not change it
	providerOfVirtual:                      "",                // providers of Virtual Kubelet: Azure, Alibaba Cloud, Admiralty
	"eks.amazonaws.com/compute-type":       "fargate",         // EKS: a node for each pod
	"liqo.io/type":                         "virtual-node",    // Liqo: another cluster
	"node-role.kubernetes.io/virtual-node": "",                // Oracle Kubernetes Engine
}

// providerOfVirtual is a label, and the key of the taint of virtual nodes.
const providerOfVirtual = "virtual-kubelet.io/provider"

// Virtual reports whether a node is no machine but the front of a service. It runs no pod that wants something of its
// node, as those of DaemonSets do.
func Virtual(n *corev1.Node) bool {
	for key, value := range virtualLabels {
		if has, ok := n.Labels[key]; ok && (value == "" || value == has) {
			return true
		}
	}
	return slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == providerOfVirtual })
}
