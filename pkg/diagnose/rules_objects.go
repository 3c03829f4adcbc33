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
