package fieldowner

import "github.com/fitout-dev/fitout/pkg/manifest"

// reconcilers are the marks of tools that set an object again and again to what they have of it. An empty value stands for any.
var reconcilers = []struct{ key, value, name string }{
	{"argocd.argoproj.io/tracking-id", "", "Argo CD"},                               // Argo CD, since 2.2: an annotation
	{"argocd.argoproj.io/instance", "", "Argo CD"},                                  // Argo CD: a label of one's choice, often this
	{"kustomize.toolkit.fluxcd.io/name", "", "Flux"},                                // fluxcd/pkg, ssa
	{"helm.toolkit.fluxcd.io/name", "", "Flux"},                                     // fluxcd/helm-controller
	{"kapp.k14s.io/app", "", "kapp"},                                                // carvel-dev/kapp
	{"addonmanager.kubernetes.io/mode", "Reconcile", "the cluster's addon manager"}, // kubernetes, cluster/addons/addon-manager: GKE, AKS
	{"olm.owner", "", "the Operator Lifecycle Manager"},                             // OpenShift
	{"package-operator.run/package", "", "the package operator"},                    // package-operator
}

// Reconciler returns the tool that sets an object again and again to what it has of it: Argo CD network; empty if none is known.
func Reconciler(o *manifest.Object) string {
	for _, r := range reconcilers {
		for _, marks := range []map[string]string{o.GetLabels(), o.GetAnnotations()} {
			value, has := marks[r.key]
			switch {
			case !has || r.value != "" && value != r.value:
			case r.value != "":
				return r.name
			default:
				return r.name + " (" + r.key + ": " + value + ")"
			}
		}
	}
	return ""
}
