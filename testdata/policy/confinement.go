package main

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// seccompFieldFrom is the first minor whose pods have the field seccompProfile; before it, an annotation stands for it.
const seccompFieldFrom = "1.19"

const (
	seccompAnnotation = "seccomp.security.alpha.kubernetes.io/pod"
	noSeccomp         = "no seccomp profile RuntimeDefault"
	uselessToken      = "token of an account without permissions"
)

// seccomp judges pods of any minor: every container has the profile of its container runtime.
func seccomp(minor string, pods []pod) []finding {
	var found []finding
	for _, p := range pods {
		confined := p.meta.Annotations[seccompAnnotation] == corev1.SeccompProfileRuntimeDefault
		if clusterfile.CompareMinors(minor, seccompFieldFrom) >= 0 {
			confined = everyContainerConfined(p.spec)
		}
		if !confined {
			found = append(found, finding{seccompRule, p.owner, noSeccomp})
		}
	}
	return found
}

func everyContainerConfined(spec corev1.PodSpec) bool {
	var ofPod *corev1.SeccompProfile
	if spec.SecurityContext != nil {
		ofPod = spec.SecurityContext.SeccompProfile
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		profile := ofPod
		if c.SecurityContext != nil && c.SecurityContext.SeccompProfile != nil {
			profile = c.SecurityContext.SeccompProfile
		}
		if profile == nil || profile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			return false
		}
	}
	return true
}

// An account is a ServiceAccount: whether its pods mount its token unless they say otherwise, and whether a binding names it.
type account struct{ mounted, bound bool }

// tokens judges pods: one whose account has no permission makes no request that needs a token, and so mounts none.
func tokens(pods []pod, objects []*manifest.Object) ([]finding, error) {
	accounts, err := accountsOf(objects)
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, p := range pods {
		name := p.spec.ServiceAccountName
		if name == "" {
			name = "default"
		}
		a, ok := accounts[p.namespace+"/"+name]
		mounted := a.mounted || !ok
		if given := p.spec.AutomountServiceAccountToken; given != nil {
			mounted = *given
		}
		if mounted && !a.bound {
			found = append(found, finding{tokenRule, p.owner, uselessToken})
		}
	}
	return found, nil
}

// accountsOf returns the accounts among objects, by namespace/name.
func accountsOf(objects []*manifest.Object) (map[string]account, error) {
	accounts := map[string]account{}
	for _, o := range objects {
		var read struct {
			AutomountServiceAccountToken *bool            `json:"automountServiceAccountToken"`
			Subjects                     []rbacv1.Subject `json:"subjects"`
		}
		id := manifest.IDOf(o)
		switch id.Kind {
		case "ServiceAccount", "ClusterRoleBinding", "RoleBinding":
		default:
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &read); err != nil {
			return nil, err
		}
		if id.Kind == "ServiceAccount" {
			key := id.Namespace + "/" + id.Name
			mounted := read.AutomountServiceAccountToken == nil || *read.AutomountServiceAccountToken
			accounts[key] = account{mounted: mounted, bound: accounts[key].bound}
		}
		for _, s := range read.Subjects {
			a, ok := accounts[s.Namespace+"/"+s.Name]
			accounts[s.Namespace+"/"+s.Name] = account{mounted: a.mounted || !ok, bound: true}
		}
	}
	return accounts, nil
}
