package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// containerRules are about pods that have a node. Their signs are messages of kubelets, runtimes, CNI plugins and of the
// addons themselves.
var containerRules = []rule{
	{"config-missing", matchRule(waitingFor("CreateContainerConfigError"), `(configmap|secret) "([^"]+)" not found`, terminalAfter10s,
		"the $1 $2 is not in namespace {namespace}", "create it, or run fitout apply")},
	{"config-key-missing", matchRule(waitingFor("CreateContainerConfigError"), `couldn't find key (\S+) in (ConfigMap|Secret) (\S+)`, terminalAfter10s,
		"the $2 $3 has no key $1", "add the key")},
	{"container-config", matchRule(waitingFor("CreateContainerConfigError"), `: (.+)`, terminalAfter10s,
		"container {container} cannot be configured: $1", "change what the message names")},
	{"disk-full", matchRule(allText, `(.*no space left on device.*)`, neverTerminal,
		"a disk of node {node} is full: $1", "free space on the node")},
	{"memory-limit", outOfMemory},
	{"memory-limit", matchRule(startError, `(?i)(.*(?:OOM-killed|memory limit too low).*)`, neverTerminal,
		"container {container} cannot start with so little memory: $1", "raise the memory limit of the addon")},
	{"dns-loop", matchRule(logText, `plugin/loop: Loop \(([^)]*)\) detected for zone "([^"]*)"`, neverTerminal,
		"CoreDNS forwards to itself: a query came back ($1), since the node's resolv.conf or the Corefile names an address that leads to CoreDNS", "forward to a resolver outside the cluster: set resolvConf of the kubelet, or upstream servers in the Corefile")},
	{"pod-cidr", matchRule(logText, `subnet "([^"]+)" specified in the flannel net config doesn't contain "([^"]+)" PodCIDR of the "([^"]+)" node`, neverTerminal,
		"the pod network is configured for $1, but node $3 has the pod CIDR $2", "give the pod CIDR of the cluster (--cluster-cidr of kube-controller-manager) in the cluster file")},
	{"pod-cidr-missing", matchRule(logText, `(?i)(node "?[^"]*"? pod cidr not assigned|required IPv[46] PodCIDR not available|PodCIDR.* not (?:available|assigned).*)`, neverTerminal,
		"node {node} has no pod CIDR: $1", "start kube-controller-manager with --allocate-node-cidrs and --cluster-cidr")},
	{"certificate", matchRule(logText, `https://([^/"\\ ]+)[^\n]*?(x509: [^"\n]+)`, neverTerminal,
		"container {container} does not trust the certificate of $1: $2", trustRemedy)},
	{"certificate", matchRule(logText, `(x509: [^"\n]+)`, neverTerminal, "container {container} does not trust a certificate: $1", trustRemedy)},
	{"kubelet-certificate", matchRule(logError, `(x509: .+)`, neverTerminal,
		"the API server does not trust the certificate of the kubelet of node {node}: $1", "have it signed by the authority that --kubelet-certificate-authority of the API server names")},
	{"port-in-use", matchRule(logText, `listen (?:tcp|udp)[46]? (\S+): bind: address already in use`, neverTerminal,
		"address $1 of node {node} is taken by another program", "end that program (ss -lntup on the node shows it), or give the addon another port")},
	{"platform", matchRule(startError, `exec format error`, terminalAfter10s,
		"image {image} is for another platform than that of node {node}", "take an image for the platform, or keep the pods off the node")},
	{"rights-missing", matchRule(logText, missingPermission, neverTerminal,
		"the addon is missing an RBAC permission: $1", "run fitout apply, which restores its roles")},
	{"api-server-unreachable", matchRule(crashLog, `(dial tcp \S+:(?:443|6443): [^"\n]+)`, neverTerminal,
		"pods of node {node} do not reach the API server: $1", "see the checks of kube-proxy and of the pod network")},
	{"cni-plugin-missing", matchRule(eventsSinceStart("FailedCreatePodSandBox", "FailedKillPod"), `failed to find plugin \\?"([^"\\]+)\\?" in path \[([^\]]*)\]`, neverTerminal,
		"node {node} has no CNI plugin $1 in $2", "install the CNI plugins on the node; the pods of the pod network do it where they run")},
	{"cni-not-ready", matchRule(eventsSinceStart("FailedCreatePodSandBox", "NetworkNotReady"), `(.*(?:cni plugin not initialized|cni config uninitialized|no networks found in|(?:subnet\.env|calico/nodename): no such file).*)`, neverTerminal,
		"the pod network of node {node} is not set up: $1", "see the check ready of the CNI")},
	{"sandbox", matchRule(eventsSinceStart("FailedCreatePodSandBox"), `Failed to create pod sandbox: (.+)`, neverTerminal,
		"node {node} cannot create the pod: $1", "see the runtime and the CNI of the node")},
	{"mount-missing", matchRule(eventsSinceStart("FailedMount"), `volume "([^"]+)" : (configmap|secret) "([^"]+)" not found`, terminalAfter10s,
		"the $2 $3, which volume $1 of pod {pod} holds, is not in namespace {namespace}", "create it, or run fitout apply")},
	{"mount-key-missing", matchRule(eventsSinceStart("FailedMount"), `volume "([^"]+)" : .*references non-existent (?:config|secret) key: (\S+)`, terminalAfter10s,
		"what volume $1 of pod {pod} holds has no key $2", "add the key, or run fitout apply")},
	{"mount", matchRule(eventsSinceStart("FailedMount", "FailedAttachVolume"), `(.+)`, neverTerminal,
		"a volume of pod {pod} cannot be mounted: $1", "change what the message names")},
	{"kubelet-unreachable", scrapeFailure(``, "container %s does not reach the kubelet of node %s: %s", reachKubeletsRemedy)},
	{"liveness", killedByLiveness},
	{"crash-loop", crashLoop},
	{"probe", matchRule(eventsWith("Unhealthy"), `(Readiness|Startup|Liveness) probe (?:failed|errored)[^:]*: (.+)`, neverTerminal,
		"$1 probe of container {container} fails: $2", "see what the container waits for in its log")},
}

// allText is all that was said of a pod.
func allText(p subject) string {
	text := logText(p) + "\n" + printable.OneLine(p.waits().Message)
	for _, e := range p.events() {
		text += "\n" + printable.OneLine(e.Message)
	}
	return text
}

// logError is why the log cannot be read: the API server asks the kubelet for it.
func logError(p subject) string { return p.log().Error }

// crashLog is the log of a container that has crashed.
func crashLog(p subject) string {
	if p.crashes() {
		return logText(p)
	}
	return ""
}

// outOfMemory matches containers that took more memory than they may.
func outOfMemory(p subject) (match, bool) {
	ended := p.ended()
	if ended == nil || ended.Reason != "OOMKilled" {
		return match{}, false
	}
	limit := "the node's memory"
	for _, c := range append(p.pod.Spec.InitContainers, p.pod.Spec.Containers...) {
		if q, ok := c.Resources.Limits[corev1.ResourceMemory]; ok && c.Name == p.container.Name {
			limit = "its limit of " + q.String()
		}
	}
	return match{
		explanation: fmt.Sprintf("container %s was killed since it took more memory than %s%s", p.container.Name, limit, again(p.container.RestartCount)),
		remedy:      "raise the memory limit of the addon",
		after:       p.terminalAfter(),
	}, true
}

// killedByLiveness matches containers that the kubelet ends since they do not answer.
func killedByLiveness(p subject) (match, bool) {
	ended := p.ended()
	if ended == nil || ended.ExitCode != 137 && ended.ExitCode != 143 && ended.ExitCode != 2 {
		return match{}, false
	}
	return matchRule(eventsWith("Unhealthy"), `Liveness probe (?:failed|errored)[^:]*: (.+)`, neverTerminal,
		"the kubelet restarts container {container}, which does not answer: $1", "see what the container did in its log")(p)
}

// crashLoop matches containers that end with an error.
func crashLoop(p subject) (match, bool) {
	if !p.crashes() {
		return match{}, false
	}
	means := fmt.Sprintf("container %s ends with exit code %d (%s)%s", p.container.Name, p.ended().ExitCode, p.ended().Reason, again(p.container.RestartCount))
	if words := lastWords(logTail(logText(p))); words != "" {
		means += ": " + words
	}
	return match{means, "see its log", p.terminalAfter()}, true
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

// terminalAfter is for how long a crash must last: after three restarts, waiting alone does not help.
func (p subject) terminalAfter() time.Duration {
	if p.waits().Reason == "CrashLoopBackOff" && p.container.RestartCount >= 3 {
		return terminalAfter10s
	}
	return neverTerminal
}

func again(restarts int32) string {
	if restarts == 0 {
		return ""
	}
	return fmt.Sprintf(", restarted %d times", restarts)
}
