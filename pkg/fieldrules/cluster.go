package fieldrules

import (
	"net/url"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// priorityClass is checked as in apis/scheduling/validation ValidatePriorityClass.
func (c *checker) priorityClass(o *schedulingv1.PriorityClass) {
	if strings.HasPrefix(o.Name, "system-") {
		if o.Name != "system-cluster-critical" && o.Name != "system-node-critical" {
			c.add(field.Invalid(at("metadata").Child("name"), o.Name, "must not start with system-"))
		}
	} else if o.Value > 1000000000 {
		c.add(field.Invalid(at("value"), o.Value, "must be at most 1000000000"))
	}
	if p := o.PreemptionPolicy; p != nil {
		oneOf(c, *p, at("preemptionPolicy"), corev1.PreemptLowerPriority, corev1.PreemptNever)
	}
}

// runtimeClass is checked as in apis/node/validation ValidateRuntimeClass.
func (c *checker) runtimeClass(o *nodev1.RuntimeClass) {
	if c.require(o.Handler != "", at("handler"), "") {
		c.messages(at("handler"), o.Handler, utilvalidation.IsDNS1123Label(o.Handler))
	}
	if o.Overhead != nil {
		for name := range o.Overhead.PodFixed {
			c.resourceName(name, at("overhead").Child("podFixed").Key(string(name)))
		}
	}
	if o.Scheduling != nil {
		c.labels(o.Scheduling.NodeSelector, at("scheduling").Child("nodeSelector"))
		c.tolerations(o.Scheduling.Tolerations, at("scheduling").Child("tolerations"))
	}
}

// lease is checked as in apis/coordination/validation ValidateLeaseSpec.
func (c *checker) lease(o *coordinationv1.Lease) {
	if d := o.Spec.LeaseDurationSeconds; d != nil {
		c.atLeast(int64(*d), 1, at("spec").Child("leaseDurationSeconds"))
	}
	c.nonNegative(int64(value(o.Spec.LeaseTransitions)), at("spec").Child("leaseTransitions"))
}

// apiService holds the fields of an APIService, whose type no library of ours has.
type apiService struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Group                 string `json:"group"`
		Version               string `json:"version"`
		GroupPriorityMinimum  int32  `json:"groupPriorityMinimum"`
		VersionPriority       int32  `json:"versionPriority"`
		InsecureSkipTLSVerify bool   `json:"insecureSkipTLSVerify"`
		CABundle              []byte `json:"caBundle"`
		Service               *struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
			Port      *int32 `json:"port"`
		} `json:"service"`
	} `json:"spec"`
}

// apiService is checked as in kube-aggregator v0.36.4, pkg/apis/apiregistration/validation ValidateAPIService.
func (c *checker) apiService(o *apiService) {
	s, path := &o.Spec, at("spec")
	if want := s.Version + "." + s.Group; o.Name != "" && o.Name != want {
		c.add(field.Invalid(at("metadata").Child("name"), o.Name, "must be spec.version and spec.group, "+want))
	}
	if s.Group != "" {
		c.messages(path.Child("group"), s.Group, utilvalidation.IsDNS1123Subdomain(s.Group))
	} else if s.Version != "v1" {
		c.add(field.Required(path.Child("group"), ""))
	}
	c.messages(path.Child("version"), s.Version, utilvalidation.IsDNS1035Label(s.Version))
	c.between(int64(s.GroupPriorityMinimum), 1, 20000, path.Child("groupPriorityMinimum"))
	c.between(int64(s.VersionPriority), 1, 1000, path.Child("versionPriority"))
	if s.Service != nil {
		c.require(s.Service.Namespace != "", path.Child("service", "namespace"), "")
		c.require(s.Service.Name != "", path.Child("service", "name"), "")
		if s.Service.Port != nil {
			c.port(*s.Service.Port, path.Child("service", "port"))
		}
		if s.InsecureSkipTLSVerify && len(s.CABundle) > 0 {
			c.add(field.Invalid(path.Child("insecureSkipTLSVerify"), true, "must not be true together with caBundle"))
		}
		return
	}
	if len(s.CABundle) > 0 || s.InsecureSkipTLSVerify {
		c.add(field.Forbidden(path.Child("caBundle"), "remove caBundle and insecureSkipTLSVerify, or give a service"))
	}
}

func (c *checker) validatingWebhooks(o *admissionv1.ValidatingWebhookConfiguration) {
	seen := map[string]bool{}
	for i := range o.Webhooks {
		w, path := &o.Webhooks[i], at("webhooks").Index(i)
		unique(c, seen, w.Name, path.Child("name"))
		c.webhook(webhook{w.Name, w.ClientConfig, w.Rules, w.FailurePolicy, w.MatchPolicy, w.SideEffects, w.TimeoutSeconds, w.AdmissionReviewVersions}, path)
		c.selector(w.NamespaceSelector, path.Child("namespaceSelector"))
		c.selector(w.ObjectSelector, path.Child("objectSelector"))
	}
}

func (c *checker) mutatingWebhooks(o *admissionv1.MutatingWebhookConfiguration) {
	seen := map[string]bool{}
	for i := range o.Webhooks {
		w, path := &o.Webhooks[i], at("webhooks").Index(i)
		unique(c, seen, w.Name, path.Child("name"))
		c.webhook(webhook{w.Name, w.ClientConfig, w.Rules, w.FailurePolicy, w.MatchPolicy, w.SideEffects, w.TimeoutSeconds, w.AdmissionReviewVersions}, path)
		c.selector(w.NamespaceSelector, path.Child("namespaceSelector"))
		c.selector(w.ObjectSelector, path.Child("objectSelector"))
		oneOf(c, value(w.ReinvocationPolicy), path.Child("reinvocationPolicy"), admissionv1.NeverReinvocationPolicy, admissionv1.IfNeededReinvocationPolicy)
	}
}

// A webhook is what both kinds of webhooks have.
type webhook struct {
	name          string
	client        admissionv1.WebhookClientConfig
	rules         []admissionv1.RuleWithOperations
	failurePolicy *admissionv1.FailurePolicyType
	matchPolicy   *admissionv1.MatchPolicyType
	sideEffects   *admissionv1.SideEffectClass
	timeout       *int32
	versions      []string
}

// webhook is checked as in apis/admissionregistration/validation validateValidatingWebhook.
func (c *checker) webhook(w webhook, path *field.Path) {
	c.add(utilvalidation.IsFullyQualifiedName(path.Child("name"), w.name)...)
	oneOf(c, value(w.failurePolicy), path.Child("failurePolicy"), admissionv1.Ignore, admissionv1.Fail)
	oneOf(c, value(w.matchPolicy), path.Child("matchPolicy"), admissionv1.Exact, admissionv1.Equivalent)
	oneOfRequired(c, value(w.sideEffects), path.Child("sideEffects"), admissionv1.SideEffectClassNone, admissionv1.SideEffectClassNoneOnDryRun)
	if w.timeout != nil {
		c.between(int64(*w.timeout), 1, 30, path.Child("timeoutSeconds"))
	}
	at := path.Child("admissionReviewVersions")
	if c.require(len(w.versions) > 0, at, "use v1") && !slices.Contains(w.versions, "v1") && !slices.Contains(w.versions, "v1beta1") {
		c.add(field.Invalid(at, w.versions, "must include v1 or v1beta1"))
	}
	seen := map[string]bool{}
	for i, version := range w.versions {
		c.messages(at.Index(i), version, utilvalidation.IsDNS1035Label(version))
		unique(c, seen, version, at.Index(i))
	}
	for i := range w.rules {
		c.webhookRule(&w.rules[i], path.Child("rules").Index(i))
	}
	c.webhookClient(&w.client, path.Child("clientConfig"))
}

func (c *checker) webhookRule(r *admissionv1.RuleWithOperations, path *field.Path) {
	c.require(len(r.Operations) > 0, path.Child("operations"), "")
	for i, o := range r.Operations {
		oneOfRequired(c, o, path.Child("operations").Index(i), admissionv1.OperationAll, admissionv1.Create, admissionv1.Update, admissionv1.Delete, admissionv1.Connect)
		if o == admissionv1.OperationAll && len(r.Operations) > 1 {
			c.add(field.Forbidden(path.Child("operations"), "remove the others: * is all of them"))
		}
	}
	for name, list := range map[string][]string{"apiGroups": r.APIGroups, "apiVersions": r.APIVersions, "resources": r.Resources} {
		c.require(len(list) > 0, path.Child(name), "")
		if len(list) > 1 && name != "resources" && slices.Contains(list, "*") {
			c.add(field.Forbidden(path.Child(name), "remove the others: * is all of them"))
		}
	}
	c.webhookResources(r.Resources, path.Child("resources"))
	oneOf(c, value(r.Scope), path.Child("scope"), admissionv1.ClusterScope, admissionv1.NamespacedScope, admissionv1.AllScopes)
}

// webhookResources refuses resources that a wildcard beside them holds already (apis/admissionregistration/validation
// validateResources).
func (c *checker) webhookResources(resources []string, path *field.Path) {
	all, others := false, false                    // *, and what the last resource without a subresource says of it
	of, in := map[string]bool{}, map[string]bool{} // resources with all subresources, subresources of all resources
	for i, r := range resources {
		name, sub, has := strings.Cut(r, "/")
		if !has {
			all, others = all || r == "*", r != "*"
			continue
		}
		if of[name] || in[sub] {
			c.add(field.Invalid(path.Index(i), r, "must not be given: a wildcard before it has it"))
		}
		of[name], in[sub] = of[name] || sub == "*", in[sub] || name == "*"
	}
	if len(resources) > 1 && slices.Contains(resources, "*/*") {
		c.add(field.Invalid(path, resources, "must not have others beside */*"))
	}
	if all && others {
		c.add(field.Invalid(path, resources, "must not have other resources beside *"))
	}
}

// webhookClient is checked as in apiserver v0.36.4, pkg/util/webhook/validation.go.
func (c *checker) webhookClient(w *admissionv1.WebhookClientConfig, path *field.Path) {
	if (w.URL == nil) == (w.Service == nil) {
		c.add(field.Required(path, "give one of url and service"))
		return
	}
	if w.URL != nil {
		u, err := url.Parse(*w.URL)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || u.RawQuery != "" {
			c.add(field.Invalid(path.Child("url"), *w.URL, "must be an https URL with a host and without user, fragment or query"))
		}
		return
	}
	path = path.Child("service")
	c.require(w.Service.Name != "", path.Child("name"), "")
	c.require(w.Service.Namespace != "", path.Child("namespace"), "")
	if w.Service.Port != nil {
		c.port(*w.Service.Port, path.Child("port"))
	}
	if p := value(w.Service.Path); p != "" && !strings.HasPrefix(p, "/") {
		c.add(field.Invalid(path.Child("path"), p, "must start with /"))
	}
}
