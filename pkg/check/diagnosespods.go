package check

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// ofContainers are about pods that have a node. Their signs are messages of kubelets, runtimes, CNI plugins and of the
// addons themselves.
var ofContainers = []diagnosis{
	{"config-missing", says(waitingFor("CreateContainerConfigError"), `(configmap|secret) "([^"]+)" not found`, soon,
		"the $1 $2 is not in namespace {namespace}", "create it, or run fitout apply")},
	{"config-key-missing", says(waitingFor("CreateContainerConfigError"), `couldn't find key (\S+) in (ConfigMap|Secret) (\S+)`, soon,
		"the $2 $3 has no key $1", "add the key")},
	{"container-config", says(waitingFor("CreateContainerConfigError"), `: (.+)`, soon,
		"container {container} cannot be configured: $1", "change what the message names")},
	{"disk-full", says(everything, `(.*no space left on device.*)`, may,
		"a disk of node {node} is full: $1", "free space on the node")},
	{"memory-limit", outOfMemory},
	{"memory-limit", says(starting, `(?i)(.*(?:OOM-killed|memory limit too low).*)`, may,
		"container {container} cannot start with so little memory: $1", "raise the memory limit of the addon")},
	{"dns-loop", says(told, `plugin/loop: Loop \(([^)]*)\) detected for zone "([^"]*)"`, may,
		"CoreDNS forwards to itself: a query came back ($1), since the node's resolv.conf or the Corefile names an address that leads to CoreDNS", "forward to a resolver outside the cluster: set resolvConf of the kubelet, or upstream servers in the Corefile")},
	{"pod-cidr", says(told, `subnet "([^"]+)" specified in the flannel net config doesn't contain "([^"]+)" PodCIDR of the "([^"]+)" node`, may,
		"the pod network is configured for $1, but node $3 has the pod CIDR $2", "give the pod CIDR of the cluster (--cluster-cidr of kube-controller-manager) in the cluster file")},
	{"pod-cidr-missing", says(told, `(?i)(node "?[^"]*"? pod cidr not assigned|required IPv[46] PodCIDR not available|PodCIDR.* not (?:available|assigned).*)`, may,
		"node {node} has no pod CIDR: $1", "start kube-controller-manager with --allocate-node-cidrs and --cluster-cidr")},
	{"certificate", says(told, `https://([^/"\\ ]+)[^\n]*?(x509: [^"\n]+)`, may,
		"container {container} does not trust the certificate of $1: $2", trust)},
	{"certificate", says(told, `(x509: [^"\n]+)`, may, "container {container} does not trust a certificate: $1", trust)},
	{"kubelet-certificate", says(unread, `(x509: .+)`, may,
		"the API server does not trust the certificate of the kubelet of node {node}: $1", "have it signed by the authority that --kubelet-certificate-authority of the API server names")},
	{"port-in-use", says(told, `listen (?:tcp|udp)[46]? (\S+): bind: address already in use`, may,
		"address $1 of node {node} is taken by another program", "end that program (ss -lntup on the node shows it), or give the addon another port")},
	{"platform", says(starting, `exec format error`, soon,
		"image {image} is for another platform than that of node {node}", "take an image for the platform, or keep the pods off the node")},
	{"rights-missing", says(told, lacksRight, may,
		"the addon lacks a right: $1", "run fitout apply, which restores its roles")},
	{"api-server-unreachable", says(crashed, `(dial tcp \S+:(?:443|6443): [^"\n]+)`, may,
		"pods of node {node} do not reach the API server: $1", "see the checks of kube-proxy and of the pod network")},
	{"cni-plugin-missing", says(obstacles("FailedCreatePodSandBox", "FailedKillPod"), `failed to find plugin \\?"([^"\\]+)\\?" in path \[([^\]]*)\]`, may,
		"node {node} has no CNI plugin $1 in $2", "install the CNI plugins on the node; the pods of the pod network do it where they run")},
	{"cni-not-ready", says(obstacles("FailedCreatePodSandBox", "NetworkNotReady"), `(.*(?:cni plugin not initialized|cni config uninitialized|no networks found in|(?:subnet\.env|calico/nodename): no such file).*)`, may,
		"the pod network of node {node} is not set up: $1", "see the check ready of the CNI")},
	{"sandbox", says(obstacles("FailedCreatePodSandBox"), `Failed to create pod sandbox: (.+)`, may,
		"node {node} cannot create the pod: $1", "see the runtime and the CNI of the node")},
	{"mount-missing", says(obstacles("FailedMount"), `volume "([^"]+)" : (configmap|secret) "([^"]+)" not found`, soon,
		"the $2 $3, which volume $1 of pod {pod} holds, is not in namespace {namespace}", "create it, or run fitout apply")},
	{"mount-key-missing", says(obstacles("FailedMount"), `volume "([^"]+)" : .*references non-existent (?:config|secret) key: (\S+)`, soon,
		"what volume $1 of pod {pod} holds has no key $2", "add the key, or run fitout apply")},
	{"mount", says(obstacles("FailedMount", "FailedAttachVolume"), `(.+)`, may,
		"a volume of pod {pod} cannot be mounted: $1", "change what the message names")},
	{"kubelet-unreachable", scraping(``, "container %s does not reach the kubelet of node %s: %s", reachKubelets)},
	{"liveness", killed},
	{"crash-loop", crashLoop},
	{"probe", says(messages("Unhealthy"), `(Readiness|Startup|Liveness) probe (?:failed|errored)[^:]*: (.+)`, may,
		"$1 probe of container {container} fails: $2", "see what the container waits for in its log")},
}

// lacksRight is what programs log of an answer that forbids something.
const lacksRight = `(\S+ is forbidden: User "[^"]+" cannot [^"\n]+"[^"\n]*"[^\n]*)`

// trust is the remedy for a certificate that is refused.
const trust = "have the certificate signed by an authority that the addon knows (for kubelets: serverTLSBootstrap), or let the addon accept any"

// everything is all that was said of a pod.
func everything(p patient) string {
	text := told(p) + "\n" + unbroken(p.waits().Message)
	for _, e := range p.events() {
		text += "\n" + unbroken(e.Message)
	}
	return text
}

// unread is why the log cannot be read: the API server asks the kubelet for it.
func unread(p patient) string { return p.log().Error }

// crashed is what a container that has crashed told.
func crashed(p patient) string {
	if p.crashes() {
		return told(p)
	}
	return ""
}

// outOfMemory knows containers that took more memory than they may.
func outOfMemory(p patient) (conclusion, bool) {
	ended := p.ended()
	if ended == nil || ended.Reason != "OOMKilled" {
		return conclusion{}, false
	}
	limit := "the node's memory"
	for _, c := range append(p.pod.Spec.InitContainers, p.pod.Spec.Containers...) {
		if q, ok := c.Resources.Limits[corev1.ResourceMemory]; ok && c.Name == p.container.Name {
			limit = "its limit of " + q.String()
		}
	}
	return conclusion{
		means:  fmt.Sprintf("container %s was killed since it took more memory than %s%s", p.container.Name, limit, again(p.container.RestartCount)),
		remedy: "raise the memory limit of the addon",
		after:  p.loops(),
	}, true
}

// killed knows containers that the kubelet ends since they do not answer.
func killed(p patient) (conclusion, bool) {
	ended := p.ended()
	if ended == nil || ended.ExitCode != 137 && ended.ExitCode != 143 && ended.ExitCode != 2 {
		return conclusion{}, false
	}
	return says(messages("Unhealthy"), `Liveness probe (?:failed|errored)[^:]*: (.+)`, may,
		"the kubelet restarts container {container}, which does not answer: $1", "see what the container did in its log")(p)
}

// crashLoop knows containers that end with an error.
func crashLoop(p patient) (conclusion, bool) {
	if !p.crashes() {
		return conclusion{}, false
	}
	means := fmt.Sprintf("container %s ends with exit code %d (%s)%s", p.container.Name, p.ended().ExitCode, p.ended().Reason, again(p.container.RestartCount))
	if words := lastWords(lastLines(told(p))); words != "" {
		means += ": " + words
	}
	return conclusion{means, "see its log", p.loops()}, true
}

// complaint is how lines of a log that tell of a failure read.
var complaint = regexp.MustCompile(`(?i)\b(?:error|fatal|panic|fail|failed|failure|unknown|invalid|cannot|unable|denied|refused|forbidden|not found|no such)\b`)

// lastWords returns the last line of a log that tells of a failure, or the last of all: what a program writes to its two
// outputs may stand in any order.
func lastWords(lines []string) string {
	for _, l := range slices.Backward(lines) {
		if complaint.MatchString(l) {
			return l
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// loops is for how long a crash must last: after three restarts, time alone mends nothing.
func (p patient) loops() time.Duration {
	if p.waits().Reason == "CrashLoopBackOff" && p.container.RestartCount >= 3 {
		return soon
	}
	return may
}

func again(restarts int32) string {
	if restarts == 0 {
		return ""
	}
	return fmt.Sprintf(", restarted %d times", restarts)
}
