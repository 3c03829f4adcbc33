package diagnose

import corev1 "k8s.io/api/core/v1"

// functions are the rules that are more than a pattern, by the names that rules.yaml has for them.
var functions = map[string]func(subject) (match, bool){
	"missing-service-account":   missingObject("ServiceAccount", "pods that run as it cannot be created"),
	"missing-namespace":         missingObject("Namespace", "nothing can be in it"),
	"missing-definition":        missingObject("CustomResourceDefinition", "the API server does not know the objects that it defines"),
	"missing-object":            missingObject("", "nobody has applied it yet, or somebody has deleted it"),
	"stuck-namespace":           stuckNamespace,
	"held-by-finalizers":        heldByFinalizers,
	"no-pods-selected":          noPodsSelected,
	"scaled-down":               scaledDown,
	"taint-on-node":             taintOnNode,
	"node-not-selected":         nodeNotSelected,
	"webhook-deny-match":        webhookDenyMatch,
	"webhook-silent-match":      webhookSilentMatch,
	"untolerated-by-daemon-set": untoleratedByDaemonSet,
	"node-gone":                 nodeGone,
	"node-stopped":              nodeStopped,
	"evicted":                   evicted,
	"untolerated-taints":        untoleratedTaints,
	"port-held":                 portHeld,
	"insufficient-cpu":          insufficient("cpu"),
	"insufficient-memory":       insufficient("memory"),
	"out-of-memory":             outOfMemory,
	"killed-by-liveness":        killedByLiveness,
	"crash-loop":                crashLoop,
	"disk-pressure":             underPressure(corev1.NodeDiskPressure, "has too little room on a disk", "free space on the node, or give it a larger disk"),
	"memory-pressure":           underPressure(corev1.NodeMemoryPressure, "has too little memory left", "find what takes it (kubectl top pods), or give the node more"),
	"pid-pressure":              underPressure(corev1.NodePIDPressure, "has too few process IDs left", "find what starts so many processes on the node"),
	"pod-missing":               podMissing,
}
