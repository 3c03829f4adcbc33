package bed

import "strconv"

// The components of a bed, by the names that StopComponent, StartComponent
// and Log take. This is the order in which they start.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
)

func (l layout) etcdArgs() []string {
	client, peer := "http://"+address(l.ports.etcd), "http://"+address(l.ports.etcdPeer)
	return []string{
		"--name=bed",
		"--data-dir=" + l.path("etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=bed=" + peer,
		"--initial-cluster-token=bed",
		// A bed does not outlive the machine: without fsync etcd is as quick
		// on a busy disk as in memory.
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

func (l layout) apiserverArgs() []string {
	args := []string{
		"--etcd-servers=http://" + address(l.ports.etcd),
		"--bind-address=" + loopback,
		"--advertise-address=" + loopback,
		"--secure-port=" + strconv.Itoa(l.ports.apiserver),
		// The reconciler would publish the advertised address as the endpoint
		// of the service "kubernetes", and a loopback address is refused there.
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + l.pki("serving.crt"),
		"--tls-private-key-file=" + l.pki("serving.key"),
		"--client-ca-file=" + l.pki("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",
		"--enable-bootstrap-token-auth=true",
		"--service-cluster-ip-range=" + serviceCIDR,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + l.pki("service-account.key"),
		"--service-account-signing-key-file=" + l.pki("service-account.key"),
		"--kubelet-client-certificate=" + l.pki("kubelet-client.crt"),
		"--kubelet-client-key=" + l.pki("kubelet-client.key"),
		"--requestheader-client-ca-file=" + l.pki("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + l.pki("front-proxy.crt"),
		"--proxy-client-key-file=" + l.pki("front-proxy.key"),
		"--profiling=false",
	}
	if l.minor >= 18 { // 1.16 and 1.17 spell the file differently, 1.15 has none
		args = append(args, "--egress-selector-config-file="+l.path("egress.yaml"))
	}
	if l.hasInsecurePorts() {
		args = append(args, "--insecure-port=0")
	}
	return args
}

func (l layout) controllersArgs() []string {
	return l.withoutInsecurePort([]string{
		"--kubeconfig=" + l.kubeconfig(ControllerManager),
		"--authentication-kubeconfig=" + l.kubeconfig(ControllerManager),
		"--authorization-kubeconfig=" + l.kubeconfig(ControllerManager),
		"--bind-address=" + loopback,
		"--secure-port=" + strconv.Itoa(l.ports.controllers),
		"--tls-cert-file=" + l.pki("serving.crt"),
		"--tls-private-key-file=" + l.pki("serving.key"),
		// With an election it exits whenever the API server is away for the
		// length of a lease; there is no second one to elect.
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + l.pki("service-account.key"),
		"--root-ca-file=" + l.pki("ca.crt"),
		"--cluster-signing-cert-file=" + l.pki("ca.crt"),
		"--cluster-signing-key-file=" + l.pki("ca.key"),
		"--controllers=*,bootstrapsigner,tokencleaner",
		"--service-cluster-ip-range=" + serviceCIDR,
		"--allocate-node-cidrs=true",
		"--cluster-cidr=" + podCIDR,
		"--node-cidr-mask-size=24",
		"--configure-cloud-routes=false",
		// It begins with a service account for each controller, which takes
		// 5 s at the default of 20 requests a second.
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		"--profiling=false",
	})
}

func (l layout) schedulerArgs() []string {
	return l.withoutInsecurePort([]string{
		"--kubeconfig=" + l.kubeconfig(Scheduler),
		"--authentication-kubeconfig=" + l.kubeconfig(Scheduler),
		"--authorization-kubeconfig=" + l.kubeconfig(Scheduler),
		"--bind-address=" + loopback,
		"--secure-port=" + strconv.Itoa(l.ports.scheduler),
		"--tls-cert-file=" + l.pki("serving.crt"),
		"--tls-private-key-file=" + l.pki("serving.key"),
		"--leader-elect=false",
		"--profiling=false",
	})
}

func (l layout) kwokArgs(stages string) []string {
	return []string{
		"--kubeconfig=" + l.kubeconfig(admin),
		"--config=" + stages,
		"--manage-all-nodes=false",
		"--manage-nodes-with-annotation-selector=" + fakeAnnotation + "=" + fakeValue,
		"--node-lease-duration-seconds=40",
		"--server-address=" + address(l.ports.kwok),
		// For pods of a node whose own podCIDR is not known yet.
		"--cidr=" + podCIDR,
	}
}

// kwokEnv keeps a ~/.kwok of the user out, and makes kwok's client list and
// watch the old way where the server predates streaming lists: before 1.27
// the client waits for a bookmark that never comes.
func (l layout) kwokEnv() []string {
	env := []string{"HOME=" + l.dir}
	if l.minor < 27 {
		env = append(env, "KUBE_FEATURE_WatchListClient=false")
	}
	return env
}

// hasInsecurePorts tells whether the components of this release listen
// without TLS unless told not to. 1.20 ended it, 1.24 removed the flags.
func (l layout) hasInsecurePorts() bool { return l.minor < 20 }

// withoutInsecurePort closes the insecure port of the two components that
// call it --port.
func (l layout) withoutInsecurePort(args []string) []string {
	if l.hasInsecurePorts() {
		return append(args, "--port=0")
	}
	return args
}
