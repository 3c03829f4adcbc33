// Package clusterfile is the description of one cluster: the file that a user writes, the facts that a running cluster
// tells, the defaults for the rest, and the rules that the whole must meet. The documentation, the JSON schema and the
// defaults all come from the tags of the types here.
package clusterfile

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// APIVersion and Kind are the type of the cluster file.
const (
	APIVersion = "fitout.dev/v1alpha1"
	Kind       = "Cluster"
)

// Control plane placements: outside the cluster, or on nodes of it.
const (
	Managed   = "managed"
	InCluster = "in-cluster"
)

// None is the choice of no addon.
const None = "none"

// A Cluster describes one cluster. An empty field is one that nobody has said anything of yet; Complete fills them.
type Cluster struct {
	APIVersion        string           `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" default:"fitout.dev/v1alpha1" doc:"Version of this format."`
	Kind              string           `json:"kind" required:"true" enum:"Cluster" default:"Cluster" doc:"Kind of this file."`
	Name              string           `json:"name" default:"cluster" doc:"Name of the cluster, for reports."`
	Catalogues        []string         `json:"catalogues" doc:"Catalogues of your own, each laid over those before it, the first over the embedded one; --catalogue adds others over them. A folder, relative to this file; oci://REGISTRY/PATH:TAG or @sha256:...; or https://HOST/FILE.tgz. What is fetched is held by catalogues.lock beside this file, which fitout catalogue lock writes."`
	KubernetesVersion string           `json:"kubernetesVersion" doc:"Version of the cluster's API server (v1.36.4, v1.37.0-rc.1). A minor alone (1.36) means the patch that its bundle was tested with. Default: asked of the cluster, or the newest bundle's."`
	ControlPlane      string           `json:"controlPlane" enum:"managed,in-cluster" default:"managed" doc:"Where the control plane runs: outside the cluster (managed), or on nodes of it (in-cluster, as kubeadm does)."`
	Network           Network          `json:"network" doc:"Addresses of the cluster."`
	CNI               string           `json:"cni" doc:"Pod network: the name of an addon. With none you bring your own, and Fitout expects it to work. Default: the bundle's."`
	Ingress           string           `json:"ingress" doc:"Ingress controller on host ports 80 and 443 of every node: the name of an addon, or none. Default: the bundle's, or none."`
	KubeProxy         KubeProxy        `json:"kubeProxy" doc:"Service addresses on the nodes."`
	CSI               string           `json:"csi" doc:"CSI driver: the name of an addon, or none. addons.<name>.enabled: true installs another beside it. Default: the one that is for the nodes, by their providerIDs; without nodes the bundle's."`
	Addons            map[string]Addon `json:"addons" doc:"Settings per addon, by its name in the bundle."`
	ImageRegistry     string           `json:"imageRegistry" doc:"Short for registries with one mirror of every registry, flattened: registry.example.com/mirror makes registry.example.com/mirror/coredns/coredns of registry.k8s.io/coredns/coredns. Default: each image's own registry."`
	Registries        []Registry       `json:"registries" doc:"Mirrors that images are pulled from instead of their own registries. Tags and digests stay. The digest of what is rendered is that without mirrors, so that it is the same everywhere. Of several, the longest source that an image has counts."`
	ImagePullSecrets  []string         `json:"imagePullSecrets" doc:"Names of Secrets for pulling the images of all addons. They are referenced, never rendered, and must exist in the namespaces of the pods (kube-system, and the namespace of the pod network where it has its own)."`
	Patches           []Patch          `json:"patches" doc:"kustomize patches over everything rendered, in order. A patch that matches nothing is an error."`
}

// Network holds the addresses of the cluster.
type Network struct {
	PodCIDR     string `json:"podCIDR" default:"100.64.0.0/15" doc:"Range of all pod addresses. It must be what the controller manager hands out to the nodes."`
	ServiceCIDR string `json:"serviceCIDR" default:"10.32.0.0/20" doc:"Range of Service addresses, as the API server was given it."`
	DNSAddress  string `json:"dnsAddress" doc:"Address of the cluster DNS Service, as the kubelets were given it (clusterDNS). Default: the tenth address of the service CIDR."`
	DNSDomain   string `json:"dnsDomain" default:"cluster.local" doc:"Domain of the cluster DNS."`
	APIEndpoint string `json:"apiEndpoint" doc:"URL at which nodes reach the API server without any Service address: https, a DNS name or address, a port. Default: the kubeconfig's server, or https://api.<name>.internal:6443 when rendering without a cluster. A server of the kubeconfig that only this machine reaches (127.0.0.1) is refused while nodes are elsewhere."`
}

// KubeProxy says how Service addresses are realised.
type KubeProxy struct {
	Enabled *bool  `json:"enabled" default:"true" doc:"Whether kube-proxy runs. Without it the CNI must replace it."`
	Mode    string `json:"mode" enum:"iptables,ipvs,nftables" default:"iptables" doc:"How kube-proxy realises Services. Which modes a version has, and which are deprecated, the addon says."`
}

// Addon holds what a user sets of one addon.
type Addon struct {
	Enabled   *bool                `json:"enabled" doc:"Whether the addon is installed. Default: what the rest of the file implies. Where another field chooses the one addon of its role, as cni does, only false is allowed here: you bring your own."`
	Values    map[string]any       `json:"values" doc:"Values for the addon's chart, merged over the bundle's. fitout bundles show MINOR ADDON documents them."`
	Pods      Pods                 `json:"pods" doc:"Settings of all pods of the addon."`
	Workloads map[string]Pods      `json:"workloads" doc:"Settings of the pods of one workload of the addon, by the workload's name (cilium-operator), after those of pods."`
	Resources map[string]Resources `json:"resources" doc:"Resources per container of the addon, by the container's name; the name * means every container."`
	Conflicts string               `json:"conflicts" enum:"fail,keep,take-over" doc:"What happens to fields of the addon's objects that somebody else manages. Default: what --conflicts says, or fail."`
}

// Where the mirrors of a registry are named: in the objects, or in the configuration of the nodes' container runtimes.
const (
	AtObjects = "objects"
	AtNodes   = "nodes"
)

// A Registry is a mirror that images are pulled from instead of their own registry.
type Registry struct {
	Source string `json:"source" doc:"Registry, with a path if any, whose images the mirror has: registry.k8s.io. Default: every registry."`
	Mirror string `json:"mirror" required:"true" doc:"Registry, with a path if any, that takes the place of the source: registry.example.com/k8s."`
	Layout string `json:"layout" enum:"prefix,flattened" doc:"Of a mirror without source: whether a path below the mirror begins with the image's own registry (prefix: registry.example.com/mirror/registry.k8s.io/coredns/coredns) or leaves it out (flattened). Default: prefix."`
	At     string `json:"at" enum:"objects,nodes" doc:"Who is told of the mirror: the objects, whose image fields then name it, or the container runtimes of the nodes, for which fitout images hosts prints the configuration; the objects stay as they are. Default: objects."`
}

// Resources are the requests and limits of one container, quantities as Kubernetes writes them (100m, 64Mi).
type Resources struct {
	Requests map[string]string `json:"requests" doc:"Requests by resource (cpu, memory)."`
	Limits   map[string]string `json:"limits" doc:"Limits by resource (cpu, memory)."`
}

// A Patch is a kustomize patch: a strategic merge or JSON6902 patch and the objects that it is for.
type Patch struct {
	Target Target `json:"target" doc:"Objects to patch; every field is a regular expression as in kustomize. A strategic merge patch without a target names its object itself: apiVersion, kind, metadata.name and metadata.namespace."`
	Patch  string `json:"patch" required:"true" doc:"Strategic merge patch (a partial object; with a target it needs no kind and no name) or JSON6902 patch (a list of operations), as YAML text. It may change or delete objects, not rename them."`
}

// Target selects the objects of a patch.
type Target struct {
	Group         string `json:"group" doc:"API group (apps)."`
	Version       string `json:"version" doc:"API version (v1)."`
	Kind          string `json:"kind" doc:"Kind (Deployment)."`
	Name          string `json:"name" doc:"Name of the object."`
	Namespace     string `json:"namespace" doc:"Namespace of the object."`
	LabelSelector string `json:"labelSelector" doc:"Labels of the object (k8s-app=kube-dns)."`
}

// Empty reports whether the target names nothing.
func (t Target) Empty() bool { return t == Target{} }

// Minor returns the Kubernetes minor ("1.36") of a complete cluster file.
func (c Cluster) Minor() string {
	v, err := ParseVersion(c.KubernetesVersion)
	if err != nil {
		return ""
	}
	return v.Minor()
}

// TemplateData returns the cluster file as bundles and addon.yaml see it in templates: the fields by their names, plus
// minor and network.apiServer.{url,host,port}. c must be complete; an API endpoint that is no URL, which Complete reports,
// leaves host empty.
func (c Cluster) TemplateData() (map[string]any, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("cluster file as template data: %w", err)
	}
	var data map[string]any
	if err := json.Unmarshal(text, &data); err != nil {
		return nil, fmt.Errorf("cluster file as template data: %w", err)
	}
	endpoint, err := url.Parse(c.Network.APIEndpoint)
	if err != nil {
		endpoint = &url.URL{}
	}
	data["minor"] = c.Minor()
	network := data["network"].(map[string]any)
	network["apiServer"] = map[string]any{"url": c.Network.APIEndpoint, "host": endpoint.Hostname(), "port": portOf(endpoint)}
	return data, nil
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return "443"
}

// Fields describes the format: every field with its documentation and default.
func Fields() []strictyaml.Field { return strictyaml.FieldsOf(Cluster{}) }
