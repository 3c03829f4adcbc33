package fitout_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// preparedFrom prepares a cluster file without its first lines.
func preparedFrom(t *testing.T, text string) (*fitout.Plan, error) {
	t.Helper()
	file, err := clusterfile.Read("c.yaml", strings.NewReader("apiVersion: fitout.dev/v1alpha1\nkind: Cluster\nkubernetesVersion: v1.36.4\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return fitout.Prepare(catalogue(t), file, nil, nil)
}

// templates are the pod templates of a plan, by the workload's name.
func templates(t *testing.T, plan *fitout.Plan) map[string]corev1.PodTemplateSpec {
	t.Helper()
	all := map[string]corev1.PodTemplateSpec{}
	for _, o := range plan.Rendering.Objects() {
		if kind := manifest.IDOf(o).Kind; kind != "DaemonSet" && kind != "Deployment" {
			continue
		}
		var workload struct {
			Spec struct {
				Template corev1.PodTemplateSpec `json:"template"`
			} `json:"spec"`
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &workload); err != nil {
			t.Fatal(err)
		}
		all[o.GetName()] = workload.Spec.Template
	}
	return all
}

const podSettings = `
imagePullSecrets: [regcred]
addons:
  coredns:
    pods:
      tolerations: [{key: CriticalAddonsOnly, operator: Exists}, {key: infra, value: "yes", effect: NoExecute, tolerationSeconds: 60}]
      nodeSelector: {pool: infra, kubernetes.io/os: windows}
      affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 5, preference: {matchExpressions: [{key: a, operator: Exists}]}}]}}
      priorityClassName: mine
      labels: {team: platform}
      annotations: {example.com/note: x}
      imagePullSecrets: [second, regcred]
  cilium:
    pods: {labels: {team: all}}
    workloads:
      cilium-operator: {labels: {team: operator}, priorityClassName: low, annotations: {prometheus.io/scrape: "false"}}
`

// Settings of pods are laid over what the addons have: some add, some replace.
func TestPodSettings(t *testing.T) {
	bare, err := preparedFrom(t, "")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := preparedFrom(t, podSettings)
	if err != nil {
		t.Fatal(err)
	}
	before, after := templates(t, bare), templates(t, plan)
	seconds := int64(60)
	want := before["coredns"]
	want.Labels = map[string]string{"k8s-app": "kube-dns", "team": "platform"}
	want.Annotations = map[string]string{"example.com/note": "x"}
	want.Spec.Tolerations = append(want.Spec.Tolerations, corev1.Toleration{Key: "infra", Value: "yes", Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds})
	want.Spec.NodeSelector = map[string]string{"pool": "infra", "kubernetes.io/os": "windows"}
	want.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
		{Weight: 5, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "a", Operator: corev1.NodeSelectorOpExists}}}}}}}
	want.Spec.PriorityClassName = "mine"
	want.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "regcred"}, {Name: "second"}}
	if diff := cmp.Diff(want, after["coredns"]); diff != "" {
		t.Error(diff)
	}
	for name, template := range after {
		if len(template.Spec.ImagePullSecrets) == 0 || template.Spec.ImagePullSecrets[0].Name != "regcred" {
			t.Errorf("%s has the pull secrets %v", name, template.Spec.ImagePullSecrets)
		}
	}
	operator := after["cilium-operator"]
	if after["cilium"].Labels["team"] != "all" || operator.Labels["team"] != "operator" || operator.Spec.PriorityClassName != "low" || operator.Annotations["prometheus.io/scrape"] != "false" {
		t.Errorf("cilium %v, its operator %v %v", after["cilium"].Labels, operator.Labels, operator.Annotations)
	}
	if after["cilium"].Spec.PriorityClassName != "system-node-critical" {
		t.Error("a setting of one workload is on the other")
	}
}

// What does not fit the addons is told all at once, with lines.
func TestPodSettingsThatDoNotFit(t *testing.T) {
	_, err := preparedFrom(t, `addons:
  cilium:
    pods:
      labels: {k8s-app: mine}
    workloads:
      operator: {priorityClassName: low}
  coredns:
    workloads:
      coredns:
        labels:
          k8s-app: kube-dns
    resources: {dns: {limits: {cpu: 1}}}
`)
	want := `c.yaml:7: addons.cilium.pods.labels.k8s-app is a label by which DaemonSet kube-system/cilium finds its pods; use another name
c.yaml:9: addons.cilium.workloads.operator is not a workload of the addon; use one of cilium, cilium-operator
c.yaml:15: addons.coredns.resources.dns is not a container of the addon; use one of coredns, or *
c.yaml:14: addons.coredns.workloads.coredns.labels.k8s-app is a label by which Deployment kube-system/coredns finds its pods; use another name`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

// Every image of every bundle comes from the mirror, and nothing else changes.
func TestImageRegistry(t *testing.T) {
	for _, minor := range catalogue(t).Minors() {
		for _, ingress := range []string{"traefik", "nginx"} {
			file := clusterfile.File{Cluster: clusterfile.Cluster{KubernetesVersion: minor, CNI: "calico", Ingress: ingress, ControlPlane: clusterfile.InCluster, ImageRegistry: "r.example/m"}}
			plan, err := fitout.Prepare(catalogue(t), file, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, template := range templates(t, plan) {
				for _, c := range append(template.Spec.InitContainers, template.Spec.Containers...) {
					if !strings.HasPrefix(c.Image, "r.example/m/") {
						t.Errorf("%s: %s has the image %s", minor, name, c.Image)
					}
				}
			}
		}
	}
}
