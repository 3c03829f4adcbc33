package clusterfile

// Pods are what a user sets of the pods of an addon, or of one workload of it.
type Pods struct {
	Tolerations       []Toleration      `json:"tolerations" doc:"Taints that the pods tolerate, added to the addon's own."`
	NodeSelector      map[string]string `json:"nodeSelector" doc:"Labels of the nodes that the pods run on, merged over the addon's own."`
	Affinity          map[string]any    `json:"affinity" doc:"Affinity of the pods, as Kubernetes writes it (nodeAffinity, podAffinity, podAntiAffinity). Replaces the addon's own."`
	PriorityClassName string            `json:"priorityClassName" doc:"Priority class of the pods. Replaces the addon's own."`
	Labels            map[string]string `json:"labels" doc:"Labels of the pods, added to the addon's own, none of which can be changed."`
	Annotations       map[string]string `json:"annotations" doc:"Annotations of the pods, merged over the addon's own."`
	ImagePullSecrets  []string          `json:"imagePullSecrets" doc:"Names of Secrets for pulling the images, added to the cluster file's imagePullSecrets. They are referenced, never rendered, and must exist in the namespace of the pods."`
}

// A Toleration is that of Kubernetes.
type Toleration struct {
	Key               string `json:"key" doc:"Key of the taint; empty, with the operator Exists, means every taint."`
	Operator          string `json:"operator" enum:"Exists,Equal" doc:"Exists (any value) or Equal. Default: Equal."`
	Value             string `json:"value" doc:"Value of the taint, with the operator Equal."`
	Effect            string `json:"effect" enum:"NoSchedule,PreferNoSchedule,NoExecute" doc:"Effect of the taint. Default: all of them."`
	TolerationSeconds *int   `json:"tolerationSeconds" doc:"How long the pod stays after a taint with the effect NoExecute. Default: for ever."`
}

// Object returns the toleration as Kubernetes writes it.
func (t Toleration) Object() map[string]any {
	o := map[string]any{}
	for _, f := range []struct{ name, value string }{{"key", t.Key}, {"operator", t.Operator}, {"value", t.Value}, {"effect", t.Effect}} {
		if f.value != "" {
			o[f.name] = f.value
		}
	}
	if t.TolerationSeconds != nil {
		o["tolerationSeconds"] = int64(*t.TolerationSeconds)
	}
	return o
}
