package fieldrules

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A rule decodes an object and adds its faults.
type rule func(c *checker, text []byte) error

func typed[T any](check func(*checker, *T)) rule {
	return func(c *checker, text []byte) error {
		var object T
		if err := json.Unmarshal(text, &object); err != nil {
			return err
		}
		check(c, &object)
		return nil
	}
}

// rules are by group and kind. They hold for every version unless versions says otherwise: the fields that they look at have
// been the same in all.
var rules = map[schema.GroupKind]rule{
	{Kind: "Pod"}:                                                                   typed((*checker).pod),
	{Kind: "PodTemplate"}:                                                           typed((*checker).podTemplateObject),
	{Kind: "ReplicationController"}:                                                 typed((*checker).replicationController),
	{Kind: "Service"}:                                                               typed((*checker).service),
	{Kind: "Endpoints"}:                                                             typed((*checker).endpoints),
	{Kind: "ConfigMap"}:                                                             typed((*checker).configMap),
	{Kind: "Secret"}:                                                                typed((*checker).secret),
	{Kind: "Namespace"}:                                                             typed((*checker).namespace),
	{Kind: "ServiceAccount"}:                                                        typed(func(*checker, *corev1.ServiceAccount) {}),
	{Kind: "Node"}:                                                                  typed((*checker).node),
	{Kind: "PersistentVolume"}:                                                      typed((*checker).persistentVolume),
	{Kind: "PersistentVolumeClaim"}:                                                 typed(func(c *checker, o *corev1.PersistentVolumeClaim) { c.claimSpec(&o.Spec, at("spec")) }),
	{Kind: "LimitRange"}:                                                            typed((*checker).limitRange),
	{Kind: "ResourceQuota"}:                                                         typed((*checker).resourceQuota),
	{Group: "apps", Kind: "Deployment"}:                                             typed((*checker).deployment),
	{Group: "apps", Kind: "DaemonSet"}:                                              typed((*checker).daemonSet),
	{Group: "apps", Kind: "StatefulSet"}:                                            typed((*checker).statefulSet),
	{Group: "apps", Kind: "ReplicaSet"}:                                             typed((*checker).replicaSet),
	{Group: "batch", Kind: "Job"}:                                                   typed((*checker).job),
	{Group: "batch", Kind: "CronJob"}:                                               typed((*checker).cronJob),
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:                         typed((*checker).autoscaler),
	{Group: "policy", Kind: "PodDisruptionBudget"}:                                  typed((*checker).disruptionBudget),
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:                             typed((*checker).networkPolicy),
	{Group: "networking.k8s.io", Kind: "Ingress"}:                                   typed((*checker).ingress),
	{Group: "networking.k8s.io", Kind: "IngressClass"}:                              typed((*checker).ingressClass),
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}:                              typed((*checker).endpointSlice),
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}:                              typed((*checker).role),
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}:                       typed((*checker).clusterRole),
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}:                       typed((*checker).roleBinding),
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:                typed((*checker).clusterRoleBinding),
	{Group: "storage.k8s.io", Kind: "StorageClass"}:                                 typed((*checker).storageClass),
	{Group: "storage.k8s.io", Kind: "CSIDriver"}:                                    typed((*checker).csiDriver),
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}:                             typed((*checker).priorityClass),
	{Group: "node.k8s.io", Kind: "RuntimeClass"}:                                    typed((*checker).runtimeClass),
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}: typed((*checker).validatingWebhooks),
	{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}:   typed((*checker).mutatingWebhooks),
	{Group: "apiregistration.k8s.io", Kind: "APIService"}:                           typed((*checker).apiService),
	{Group: "coordination.k8s.io", Kind: "Lease"}:                                   typed((*checker).lease),
}

// onlyIn limits rules to the version whose fields they know.
var onlyIn = map[schema.GroupKind]string{
	{Group: "networking.k8s.io", Kind: "Ingress"}:                                   "v1",
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:                         "v2",
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}: "v1",
	{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}:   "v1",
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}:                              "v1",
	{Group: "node.k8s.io", Kind: "RuntimeClass"}:                                    "v1",
}

// ruleFor finds the rule of a kind. The kinds of extensions/v1beta1 but for Ingress have moved to groups of their own.
func ruleFor(gvk schema.GroupVersionKind) (rule, bool) {
	kind := gvk.GroupKind()
	if kind.Group == "extensions" {
		kind.Group = map[string]string{"NetworkPolicy": "networking.k8s.io", "Ingress": ""}[kind.Kind]
		if kind.Group == "" && kind.Kind != "Ingress" {
			kind.Group = "apps"
		}
	}
	if kind.Group == "autoscaling" && gvk.Version == "v1" {
		return typed((*checker).autoscalerV1), true
	}
	if version := onlyIn[kind]; version != "" && version != gvk.Version {
		return nil, false
	}
	check, ok := rules[kind]
	return check, ok
}
