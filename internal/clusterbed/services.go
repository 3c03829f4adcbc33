//go:build linux

package clusterbed

import (
	"fmt"
	"strings"
)

const criSocket = "/run/containerd/containerd.sock"

// imagesLoaded is made by a node when containerd holds all images: a kubelet
// that starts before would find them missing and wait before it looks again.
const imagesLoaded = "/run/fitout-images-loaded"

// controlPlane lists the services of the control plane, in the order of their
// start. They wait for each other by ending and being started again.
func (p *plan) controlPlane() []service {
	return []service{
		{Name: "etcd", Path: p.programs.Etcd, Args: etcdArgs()},
		{Name: "kube-apiserver", Path: p.programs.ControlPlane, Args: p.apiserverArgs()},
		{Name: "kube-controller-manager", Path: p.programs.ControlPlane, Args: p.controllersArgs()},
		{Name: "kube-scheduler", Path: p.programs.ControlPlane, Args: p.schedulerArgs()},
	}
}

// workers lists what every node runs.
func (p *plan) workers(node nodePlan) []service {
	kubelet := []string{
		"--config=" + p.file("conf", node.Name+"-kubelet.yaml"),
		"--kubeconfig=" + p.kubeconfig("kubelet-"+node.Name),
		"--hostname-override=" + node.Name,
		"--node-ip=" + node.IP,
		"--v=2",
	}
	if old(p.Version) {
		kubelet = append(kubelet, oldKubeletArgs(node)...)
	}
	return []service{
		{Name: "containerd", Path: p.programs.Containerd + "/containerd", Args: []string{"--config", p.file("conf", "containerd.toml")}},
		{Name: "kubelet", Path: p.programs.Kubelet, After: imagesLoaded, Args: kubelet},
	}
}

func etcdArgs() []string {
	const client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
	return []string{
		"--name=bed", "--data-dir=/var/lib/etcd",
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=bed=" + peer,
		"--unsafe-no-fsync", // a bed does not outlive the machine
		"--log-level=warn",
	}
}

func (p *plan) apiserverArgs() []string {
	return []string{
		"--etcd-servers=http://127.0.0.1:2379",
		"--advertise-address=" + p.apiIP(),
		fmt.Sprintf("--secure-port=%d", apiPort),
		"--tls-cert-file=" + p.pki("apiserver.crt"), "--tls-private-key-file=" + p.pki("apiserver.key"),
		"--client-ca-file=" + p.pki("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--service-cluster-ip-range=" + serviceCIDR,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + p.pki("service-account.key"),
		"--service-account-signing-key-file=" + p.pki("service-account.key"),
		"--kubelet-certificate-authority=" + p.pki("ca.crt"),
		"--kubelet-client-certificate=" + p.pki("kubelet-client.crt"), "--kubelet-client-key=" + p.pki("kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + p.pki("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + p.pki("front-proxy.crt"), "--proxy-client-key-file=" + p.pki("front-proxy.key"),
		"--profiling=false",
	}
}

func (p *plan) controllersArgs() []string {
	kubeconfig := p.kubeconfig("kube-controller-manager")
	return []string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + p.pki("service-account.key"),
		"--root-ca-file=" + p.pki("ca.crt"),
		"--cluster-signing-cert-file=" + p.pki("ca.crt"), "--cluster-signing-key-file=" + p.pki("ca.key"),
		"--service-cluster-ip-range=" + serviceCIDR,
		"--allocate-node-cidrs=true", "--cluster-cidr=" + podCIDR, "--node-cidr-mask-size=24",
		"--configure-cloud-routes=false",
		"--node-monitor-grace-period=20s", // a dead node is to be noticed within a test
		"--kube-api-qps=200", "--kube-api-burst=400",
		"--profiling=false",
	}
}

func (p *plan) schedulerArgs() []string {
	kubeconfig := p.kubeconfig("kube-scheduler")
	return []string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
		"--profiling=false",
	}
}

// containerdConfig leaves the out-of-memory scores alone: a bed may lack the
// capability to lower them.
const containerdConfig = `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0

[grpc]
  address = "` + criSocket + `"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "` + pauseImage + `"

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = false
`

// kubeletConfig is what differs from the kubelet's defaults, and why: cgroup
// v1 and a machine without systemd; scores that cannot be lowered; a disk
// whose fill level is not the bed's business; a heartbeat that suits a test.
func (p *plan) kubeletConfig(node nodePlan) string {
	text := fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
oomScoreAdj: 0
failSwapOn: false
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[1]s}
authorization: {mode: Webhook}
tlsCertFile: %[2]s
tlsPrivateKeyFile: %[3]s
clusterDomain: cluster.local
clusterDNS: [%[4]s]
resolvConf: /etc/resolv.conf
evictionHard: {memory.available: 100Mi, nodefs.available: 0%%, nodefs.inodesFree: 0%%, imagefs.available: 0%%, imagefs.inodesFree: 0%%}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 5s
`, p.pki("ca.crt"), p.pki(node.Name+".crt"), p.pki(node.Name+".key"), dnsIP)
	if old(p.Version) {
		return text // oldKubeletArgs has the rest
	}
	return text + fmt.Sprintf(`containerRuntimeEndpoint: unix://%s
failCgroupV1: false
providerID: %s
logging: {verbosity: 2}
`, criSocket, providerID(node))
}

// providerID is the name of a node in its cloud.
func providerID(node nodePlan) string { return "scaleway://instance/fr-par-1/" + instanceID(node.IP) }

// instanceID is the identity of a node in its cloud, as the metadata service
// of the fabric tells it.
func instanceID(ip string) string {
	return "00000000-0000-4000-8000-0000000000" + ip[strings.LastIndex(ip, ".")+1:]
}
