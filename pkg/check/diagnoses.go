package check

// ofObjects are about workloads without a pod to look at, and about APIs. Their signs are messages of the API server's
// admission (k8s.io/apiserver, k8s.io/pod-security-admission) and of kube-aggregator.
var ofObjects = []diagnosis{
	{"quota", says(creation, `exceeded quota: ([^,]+), requested: (.+), used: (.+), limited: ([^",;\n]+(?:,[a-z.]+=[^",;\n]+)*)`, soon,
		"the ResourceQuota $1 of namespace {namespace} is used up: asked for $2, used $3, limited to $4", "raise it (kubectl edit -n {namespace} resourcequota $1), or remove what uses it up")},
	{"quota", says(creation, `failed quota: ([^:]+): must specify (.+)`, soon,
		"the ResourceQuota $1 of namespace {namespace} takes only pods that say $2", "set these in the values of the addon, or change the quota (kubectl edit -n {namespace} resourcequota $1)")},
	{"pod-security", says(creation, `violates PodSecurity "([^"]+)": (.+)`, soon,
		"namespace {namespace} allows pods of the level $1 only: $2", "label the namespace pod-security.kubernetes.io/enforce=privileged")},
	{"webhook-denied", webhookDenies},
	{"webhook-down", webhookDown},
	{"service-account-missing", says(creation, `(?:error looking up service account (\S+): )?serviceaccount "([^"]+)" not found`, soon,
		"the pods run as ServiceAccount $2, which is not in namespace {namespace}", "run fitout apply")},
	{"pods-refused", says(creation, `(is forbidden: .+|Invalid value: .+|is invalid: .+)`, soon,
		"the API server refuses the pods: $1", "change what the message names")},
	{"taint", untoleratedByAll},
	{"api-certificate", says(served, `(x509: .+|tls: .+)`, may,
		"the API server does not trust what answers for the API: $1", "see the certificate or insecureSkipTLSVerify of the APIService")},
	{"api-pods-not-ready", says(servedByNone, `(?:MissingEndpoints|EndpointsNotFound|ServiceNotFound): (.+)`, may,
		"nothing is behind the API: $1", "make the pods behind its Service ready")},
	{"api-unreachable", says(served, `FailedDiscoveryCheck: .*?(https://\S+?): (?:Get "[^"]*": )?(.+)`, may,
		"the API server does not reach the pod behind the API at $1: $2", "let the control plane reach the pod network on this port (firewall, security group, or host network for the pod)")},
}

// ofLostNodes come before what a container says, since on such a node that is old.
var ofLostNodes = []diagnosis{
	{"node-gone", onLostNode},
	{"node-stopped", onStoppedNode},
	{"evicted", evicted},
}

// ofScheduling are about pods that the scheduler finds no node for.
var ofScheduling = []diagnosis{
	{"taint", untolerated},
	{"host-port", portHeld},
	{"cpu", lacks("cpu")},
	{"memory", lacks("memory")},
	{"volume", says(scheduler, `(.*(?:persistentvolumeclaim|PersistentVolume|volume node affinity).*)`, may, "a volume keeps pod {pod} from every node: $1", "see the claims of the pod")},
	{"node-selector", says(scheduler, `(.*didn't match (?:Pod's node affinity|node selector).*)`, may, "no node has the labels that pod {pod} asks for: $1", "label the nodes, or change the node selector")},
	{"unschedulable", says(scheduler, `(.+)`, may, "no node takes pod {pod}: $1", "change the nodes, or what the pod asks of them")},
}

// ofImages are about images. Their signs are messages of containerd, CRI-O, Docker and registries. A registry that gives
// an answer will give it again; one that cannot be reached may come back.
var ofImages = []diagnosis{
	{"image-name", says(waitingFor("InvalidImageName"), `InvalidImageName: (.*)`, soon, "{image} is no name of an image", "correct the image in the values of the addon")},
	{"image-absent", says(waitingFor("ErrImageNeverPull"), `.`, soon, "node {node} does not have the image {image}, and may not pull it", "load the image onto the node")},
	{"image-platform", says(pulling, `no match for platform in manifest|no matching manifest for (\S+)`, soon, "there is no image {image} for the platform of node {node}", "take an image that has it, or keep the pods off the node")},
	{"image-denied", says(pulling, `(?i)((?:unauthorized|denied|authentication required|forbidden|authorization failed|no basic auth credentials|\b40[13]\b).*)`, soon, "the registry refuses the image {image}: $1", "give the nodes credentials for the registry, or correct the image's name")},
	{"image-not-found", says(pulling, `((?:\S+: )?(?:not found|manifest unknown|name unknown|repository does not exist).*)`, soon, "the registry has no image {image}: $1", "push the image, or correct its name")},
	{"image-unreachable", says(pulling, `(dial tcp.*)`, late, unreachable, mirror)},
	{"image-unreachable", says(pulling, `((?:no such host|i/o timeout|connection refused|network is unreachable|context deadline exceeded|TLS handshake timeout|proxyconnect|x509: ).*)`, late, unreachable, mirror)},
	{"image", says(pulling, `(.+)`, late, "node {node} cannot pull {image}: $1", "make the image reachable from the node")},
}

const (
	unreachable = "node {node} does not reach the registry of {image}: $1"
	mirror      = "let the node reach the registry, or mirror the image"
)
