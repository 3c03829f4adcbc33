package cluster

import (
	"context"
	"errors"
	"net"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// controlPlaneLabels mark control-plane nodes: kubeadm's label from 1.20, and the one until 1.23.
var controlPlaneLabels = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

// Facts asks the cluster about itself: six requests, of which all but the nodes may be forbidden or find nothing.
func (c *Client) Facts(ctx context.Context) (clusterfile.Facts, error) {
	f := clusterfile.Facts{KubernetesVersion: c.version, Server: c.server}
	nodes, err := typed[corev1.Node](c.listOne(ctx, collection{gvr: core("nodes")}))
	if err != nil {
		return f, err
	}
	for _, n := range nodes {
		f.Nodes = append(f.Nodes, nodeFact(n))
	}
	var kubeadm, service, dns *manifest.Object
	var errs []error
	get := func(into **manifest.Object, resource, namespace, name string) {
		o, err := c.optional(ctx, resource, namespace, name)
		*into = o
		errs = append(errs, err)
	}
	get(&service, "services", "default", "kubernetes")
	get(&dns, "services", "kube-system", "kube-dns")
	get(&kubeadm, "configmaps", "kube-system", "kubeadm-config")
	f.KubernetesService = clusterIP(service)
	f.DNSService = clusterIP(dns)
	readKubeadm(kubeadm, &f)
	ranges, err := c.listOne(ctx, collection{gvr: schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "servicecidrs"}})
	if !apierrors.IsForbidden(err) {
		errs = append(errs, err)
	}
	for _, r := range ranges {
		cidrs, _, _ := unstructured.NestedStringSlice(r.Object, "spec", "cidrs")
		f.ServiceCIDRs = append(f.ServiceCIDRs, cidrs...)
	}
	return f, errors.Join(errs...)
}

func nodeFact(n corev1.Node) clusterfile.NodeFact {
	f := clusterfile.NodeFact{Name: n.Name, PodCIDR: n.Spec.PodCIDR, ProviderID: n.Spec.ProviderID}
	for _, label := range controlPlaneLabels {
		if _, ok := n.Labels[label]; ok {
			f.ControlPlane = true
		}
	}
	return f
}

// optional gets an object of the core group; nil where there is none or where it may not be read.
func (c *Client) optional(ctx context.Context, resource, namespace, name string) (*manifest.Object, error) {
	var o *manifest.Object
	err := c.retry(ctx, func() (err error) {
		o, err = c.in(core(resource), true, namespace).Get(ctx, name, metav1.GetOptions{})
		return err
	})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil, nil
	}
	return o, err
}

func clusterIP(service *manifest.Object) string {
	if service == nil {
		return ""
	}
	ip, _, _ := unstructured.NestedString(service.Object, "spec", "clusterIP")
	if net.ParseIP(ip) == nil {
		return "" // "None"
	}
	return ip
}

// readKubeadm reads kubeadm's ClusterConfiguration (all of v1beta1 to v1beta4 have these fields).
func readKubeadm(config *manifest.Object, f *clusterfile.Facts) {
	if config == nil {
		return
	}
	text, _, _ := unstructured.NestedString(config.Object, "data", "ClusterConfiguration")
	var c struct {
		ControlPlaneEndpoint string `json:"controlPlaneEndpoint"`
		Networking           struct {
			PodSubnet     string `json:"podSubnet"`
			ServiceSubnet string `json:"serviceSubnet"`
			DNSDomain     string `json:"dnsDomain"`
		} `json:"networking"`
	}
	if yaml.Unmarshal([]byte(text), &c) != nil {
		return // somebody else's ConfigMap: the cluster says nothing here
	}
	f.KubeadmEndpoint = c.ControlPlaneEndpoint
	f.KubeadmPodCIDR, f.KubeadmServiceCIDR, f.KubeadmDNSDomain = c.Networking.PodSubnet, c.Networking.ServiceSubnet, c.Networking.DNSDomain
}
