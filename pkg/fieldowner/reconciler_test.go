package fieldowner

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// Who installed an object is told by its managers, by what Helm and kubectl write, and by the marks of tools that keep it as they have it.
func TestInstaller(t *testing.T) {
	for name, test := range map[string]struct {
		labels, annotations map[string]string
		managers            []string
		want                string
	}{
		"ours":                 {map[string]string{render.LabelAddon: "a"}, nil, []string{"kubectl"}, ""},
		"kubeadm and kubectl":  {nil, nil, []string{"kubectl-edit", "kubeadm", "kube-controller-manager"}, "kubeadm, kubectl-edit"},
		"k3s":                  {nil, nil, []string{"deploy@server-1"}, "deploy@server-1"},
		"kops":                 {nil, nil, []string{"kops"}, "kops"},
		"EKS":                  {nil, nil, []string{"eks"}, "eks"},
		"Terraform":            {nil, nil, []string{"Terraform"}, "Terraform"},
		"nobody that is known": {nil, nil, []string{"some-controller"}, "somebody"},
		"kubectl, long ago":    {nil, map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}"}, nil, "kubectl"},
		"Helm":                 {nil, map[string]string{"meta.helm.sh/release-name": "c", "meta.helm.sh/release-namespace": "n"}, []string{"helm"}, "Helm release n/c (delete its record"},
		"Argo CD":              {nil, map[string]string{"argocd.argoproj.io/tracking-id": "net:apps/DaemonSet:kube-system/x"}, []string{"argocd-controller"}, "Argo CD (argocd.argoproj.io/tracking-id: net:apps/DaemonSet:kube-system/x) (take it out there first"},
		"Flux":                 {map[string]string{"kustomize.toolkit.fluxcd.io/name": "infra"}, nil, []string{"kustomize-controller"}, "Flux (kustomize.toolkit.fluxcd.io/name: infra) (take"},
		"kapp":                 {map[string]string{"kapp.k14s.io/app": "1"}, nil, []string{"kapp"}, "kapp (kapp.k14s.io/app: 1) (take"},
		"GKE and AKS":          {map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}, nil, []string{"kubectl"}, "the cluster's addon manager (take"},
		"made once by it":      {map[string]string{"addonmanager.kubernetes.io/mode": "EnsureExists"}, nil, []string{"kubectl"}, "kubectl"},
	} {
		o := &manifest.Object{Object: map[string]any{"kind": "ConfigMap", "apiVersion": "v1", "metadata": map[string]any{"name": "a"}}}
		o.SetLabels(test.labels)
		o.SetAnnotations(test.annotations)
		var entries []any
		for _, m := range test.managers {
			entries = append(entries, map[string]any{"manager": m, "operation": "Update"})
		}
		o.Object["metadata"].(map[string]any)["managedFields"] = entries
		if got := Installer(o); test.want == "" && got != "" || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
