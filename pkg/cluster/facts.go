package cluster

import (
	"context"
	"errors"
	"net"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// controlPlaneLabels mark control-plane nodes: kubeadm's label from 1.20, and the one until 1.23.
var controlPlaneLabels = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

// serviceCIDRsFrom is the first minor with ServiceCIDR objects (networking.k8s.io/v1).
const serviceCIDRsFrom = "1.33"

// Facts asks the cluster about itself: up to five requests at the same time, of which all but the nodes may be forbidden or
// find nothing.
func (c *Client) Facts(ctx context.Context) (clusterfile.Facts, error) {
	f := clusterfile.Facts{KubernetesVersion: c.version, Server: c.server}
	var ranges []manifest.Object
	var kubeadm, service, dns *manifest.Object
	errs := concurrent.Map(parallel, []func() error{
		func() (err error) {
			f.Nodes, err = c.nodeFacts(ctx)
			return
		},
		func() (err error) { service, err = c.optional(ctx, "services", "default", "kubernetes"); return },
		func() (err error) { dns, err = c.optional(ctx, "services", "kube-system", "kube-dns"); return },
		func() (err error) { kubeadm, f.KubeadmFault, err = c.kubeadm(ctx); return },
		func() (err error) { ranges, err = c.serviceCIDRs(ctx); return },
	}, func(ask func() error) error { return ask() })
	f.KubernetesService = clusterIP(service)
	f.DNSService = clusterIP(dns)
	readKubeadm(kubeadm, &f)
	for _, r := range ranges {
		cidrs, _, _ := unstructured.NestedStringSlice(r.Object, "spec", "cidrs")
		f.ServiceCIDRs = append(f.ServiceCIDRs, cidrs...)
	}
	return f, errors.Join(errs...)
}

// serviceCIDRs are the ServiceCIDR objects; none where the server has none, or where they may not be read.
func (c *Client) serviceCIDRs(ctx context.Context) ([]manifest.Object, error) {
	if !c.atLeast(serviceCIDRsFrom) {
		return nil, nil
	}
	found, err := c.listOne(ctx, collection{gvr: schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "servicecidrs"}})
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	return found, err
}

func nodeFact(n corev1.Node) clusterfile.NodeFact {
	f := clusterfile.NodeFact{Name: n.Name, PodCIDR: n.Spec.PodCIDR, PodCIDRs: n.Spec.PodCIDRs, ProviderID: n.Spec.ProviderID, Simulated: observed.Simulated(&n)}
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			f.Addresses = append(f.Addresses, a.Address)
		}
	}
	for _, label := range controlPlaneLabels {
		if _, ok := n.Labels[label]; ok {
			f.ControlPlane = true
		}
	}
	return f
}

// optional gets an object of the core group; nil where there is none or where it may not be read.
func (c *Client) optional(ctx context.Context, resource, namespace, name string) (*manifest.Object, error) {
	o, err := c.named(ctx, resource, namespace, name)
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	return o, err
}

// named gets an object of the core group; nil where there is none.
func (c *Client) named(ctx context.Context, resource, namespace, name string) (*manifest.Object, error) {
	o, err := c.get(ctx, c.in(core(resource), true, namespace), name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return o, err
}

// kubeadm gets what kubeadm records of a cluster, nil where there is nothing; fault says that it may not be read.
func (c *Client) kubeadm(ctx context.Context) (config *manifest.Object, fault string, err error) {
	config, err = c.named(ctx, "configmaps", "kube-system", "kubeadm-config")
	if apierrors.IsForbidden(err) {
		return nil, explain(err).Error(), nil
	}
	return config, "", err
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
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		f.KubeadmFault = err.Error()
		return
	}
	f.KubeadmEndpoint = c.ControlPlaneEndpoint
	f.KubeadmPodCIDR, f.KubeadmServiceCIDR, f.KubeadmDNSDomain = c.Networking.PodSubnet, c.Networking.ServiceSubnet, c.Networking.DNSDomain
}
