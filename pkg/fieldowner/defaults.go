package fieldowner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// defaults are the values that API servers fill in for fields that are not set (Kubernetes, pkg/apis/*/v1/defaults.go, 1.15 to
// 1.37), by the end of the field's path.
var defaults = map[string]any{
	"allocateLoadBalancerNodePorts":               true,
	"backoffLimit":                                6,
	"clientIP.timeoutSeconds":                     10800,
	"completions":                                 1,
	"concurrencyPolicy":                           "Allow",
	"conversion.strategy":                         "None",
	"defaultMode":                                 420,
	"divisor":                                     "0",
	"dnsPolicy":                                   "ClusterFirst",
	"enableServiceLinks":                          true,
	"expirationSeconds":                           3600,
	"externalTrafficPolicy":                       "Cluster",
	"failedJobsHistoryLimit":                      1,
	"failureThreshold":                            3,
	"fieldRef.apiVersion":                         "v1",
	"httpGet.path":                                "/",
	"httpGet.scheme":                              "HTTP",
	"imagePullPolicy":                             "IfNotPresent",
	"internalTrafficPolicy":                       "Cluster",
	"livenessProbe.timeoutSeconds":                1,
	"matchPolicy":                                 "Equivalent",
	"parallelism":                                 1,
	"periodSeconds":                               10,
	"podManagementPolicy":                         "OrderedReady",
	"preemptionPolicy":                            "PreemptLowerPriority",
	"progressDeadlineSeconds":                     600,
	"protocol":                                    "TCP",
	"readinessProbe.timeoutSeconds":               1,
	"reclaimPolicy":                               "Delete",
	"reinvocationPolicy":                          "Never",
	"restartPolicy":                               "Always",
	"revisionHistoryLimit":                        10,
	"schedulerName":                               "default-scheduler",
	"service.port":                                443,
	"sessionAffinity":                             "None",
	"spec.replicas":                               1,
	"spec.type":                                   "ClusterIP",
	"startupProbe.timeoutSeconds":                 1,
	"strategy.rollingUpdate.maxSurge":             "25%",
	"strategy.rollingUpdate.maxUnavailable":       "25%",
	"strategy.type":                               "RollingUpdate",
	"successThreshold":                            1,
	"successfulJobsHistoryLimit":                  3,
	"terminationGracePeriodSeconds":               30,
	"terminationMessagePath":                      "/dev/termination-log",
	"terminationMessagePolicy":                    "File",
	"updateStrategy.rollingUpdate.maxSurge":       0,
	"updateStrategy.rollingUpdate.maxUnavailable": 1,
	"updateStrategy.rollingUpdate.partition":      0,
	"updateStrategy.type":                         "RollingUpdate",
	"volumeBindingMode":                           "Immediate",
	"webhooks.failurePolicy":                      "Fail",
	"webhooks.timeoutSeconds":                     10,
}

// isDefault reports whether a live object would have a field with this value, too, if nobody had set it.
func isDefault(o *manifest.Object, p fieldpath.Path, value any) bool {
	names := namesIn(p)
	if p[len(p)-1].FieldName == nil || len(names) < 2 || howObjectsMerge(o) == nil || slices.Contains([]string{"metadata", "data"}, names[0]) {
		return false
	}
	if names[len(names)-1] == "serviceAccount" { // the former name of serviceAccountName
		return true
	}
	return saysNothing(o, names, value)
}

// saysNothing reports whether the value of a field that names lead to, or all that is in it, is empty or a default.
func saysNothing(o *manifest.Object, names []string, value any) bool {
	if fields, isMap := value.(map[string]any); isMap && len(fields) > 0 {
		for key, v := range fields {
			if !saysNothing(o, append(slices.Clone(names), key), v) {
				return false
			}
		}
		return true
	}
	for i := range names {
		if d, has := defaults[strings.Join(names[i:], ".")]; has {
			return fmt.Sprint(d) == fmt.Sprint(value)
		}
	}
	return !objectdiff.FieldDiffers(o, names, value, nil)
}
