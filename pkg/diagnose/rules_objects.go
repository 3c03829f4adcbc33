package diagnose

// objectRules are about workloads without a pod to look at, and about APIs. Their signs are messages of the API server's
// admission (k8s.io/apiserver, k8s.io/pod-security-admission) and of kube-aggregator.
var objectRules = []rule{
	{"quota", matchRule(createError, `exceeded quota: ([^,]+), requested: (.+), used: (.+), limited: ([^",;\n]+(?:,[a-z.]+=[^",;\n]+)*)`, terminalAfter10s,
		"the ResourceQuota $1 of namespace {namespace} is used up: asked for $2, used $3, limited to $4", "raise it (kubectl edit -n {namespace} resourcequota $1), or remove what uses it up")},
	{"quota", matchRule(createError, `failed quota: ([^:]+): must specify (.+)`, terminalAfter10s,
		"the ResourceQuota $1 of namespace {namespace} takes only pods that say $2", "set these in the values of the addon, or change the quota (kubectl edit -n {namespace} resourcequota $1)")},
	{"pod-security", matchRule(createError, `violates PodSecurity "([^"]+)": (.+)`, terminalAfter10s,
		"namespace {namespace} allows pods of the level $1 only: $2", "label the namespace pod-security.kubernetes.io/enforce=privileged")},
	{"webhook-denied", webhookDenyMatch},
	{"webhook-down", webhookSilentMatch},
	{"service-account-missing", matchRule(createError, `(?:error looking up service account (\S+): )?serviceaccount "([^"]+)" not found`, terminalAfter10s,
		"the pods run as ServiceAccount $2, which is not in namespace {namespace}", "run fitout apply")},
	{"pods-refused", matchRule(createError, `(is forbidden: .+|Invalid value: .+|is invalid: .+)`, terminalAfter10s,
		"the API server refuses the pods: $1", "change what the message names")},
	{"taint", untoleratedByDaemonSet},
	{"api-certificate", matchRule(apiError, `(x509: .+|tls: .+)`, neverTerminal,
		"the API server does not trust what answers for the API: $1", "see the certificate or insecureSkipTLSVerify of the APIService")},
	{"api-pods-not-ready", matchRule(apiErrorWithoutPod, `(?:MissingEndpoints|EndpointsNotFound|ServiceNotFound): (.+)`, neverTerminal,
		"nothing is behind the API: $1", "make the pods behind its Service ready")},
	{"api-unreachable", matchRule(apiError, `FailedDiscoveryCheck: .*?(https://\S+?): (?:Get "[^"]*": )?(.+)`, neverTerminal,
		"the API server does not reach the pod behind the API at $1: $2", "let the control plane reach the pod network on this port (firewall, security group, or host network for the pod)")},
}

// lostNodeRules come before what a container says, since on such a node that is old.
var lostNodeRules = []rule{
	{"node-gone", nodeGone},
	{"node-stopped", nodeStopped},
	{"evicted", evicted},
}

// schedulingRules are about pods that the scheduler finds no node for.
var schedulingRules = []rule{
	{"taint", untoleratedTaints},
	{"host-port", portHeld},
	{"cpu", insufficient("cpu")},
	{"memory", insufficient("memory")},
	{"volume", matchRule(schedulerMessage, `(.*(?:persistentvolumeclaim|PersistentVolume|volume node affinity).*)`, neverTerminal, "a volume keeps pod {pod} from every node: $1", "see the claims of the pod")},
	{"node-selector", matchRule(schedulerMessage, `(.*didn't match (?:Pod's node affinity|node selector).*)`, neverTerminal, "no node has the labels that pod {pod} asks for: $1", "label the nodes, or change the node selector")},
	{"unschedulable", matchRule(schedulerMessage, `(.+)`, neverTerminal, "no node takes pod {pod}: $1", "change the nodes, or what the pod asks of them")},
}

// imageRules are about images. Their signs are messages of containerd, CRI-O, Docker and registries. A registry that gives
// an answer will give it again; one that cannot be reached may come back.
var imageRules = []rule{
	{"image-name", matchRule(waitingFor("InvalidImageName"), `InvalidImageName: (.*)`, terminalAfter10s, "{image} is no name of an image", "correct the image in the values of the addon")},
	{"image-absent", matchRule(waitingFor("ErrImageNeverPull"), `.`, terminalAfter10s, "node {node} does not have the image {image}, and may not pull it", "load the image onto the node")},
	{"image-platform", matchRule(pullError, `no match for platform in manifest|no matching manifest for (\S+)`, terminalAfter10s, "there is no image {image} for the platform of node {node}", "take an image that has it, or keep the pods off the node")},
	{"image-denied", matchRule(pullError, `(?i)((?:unauthorized|denied|authentication required|forbidden|authorization failed|no basic auth credentials|\b40[13]\b).*)`, terminalAfter10s, "the registry refuses the image {image}: $1", "give the nodes credentials for the registry, or correct the image's name")},
	{"image-not-found", matchRule(pullError, `((?:\S+: )?(?:not found|manifest unknown|name unknown|repository does not exist).*)`, terminalAfter10s, "the registry has no image {image}: $1", "push the image, or correct its name")},
	{"image-unreachable", matchRule(pullError, `(dial tcp.*)`, terminalAfter3m, registryUnreachable, mirrorRemedy)},
	{"image-unreachable", matchRule(pullError, `((?:no such host|i/o timeout|connection refused|network is unreachable|context deadline exceeded|TLS handshake timeout|proxyconnect|x509: ).*)`, terminalAfter3m, registryUnreachable, mirrorRemedy)},
	{"image", matchRule(pullError, `(.+)`, terminalAfter3m, "node {node} cannot pull {image}: $1", "make the image reachable from the node")},
}

const (
	registryUnreachable = "node {node} does not reach the registry of {image}: $1"
	mirrorRemedy        = "let the node reach the registry, or mirror the image"
)
