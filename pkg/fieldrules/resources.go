package fieldrules

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// resources checks requests and limits (apis/core/validation validateResourceRequirements).
func (c *checker) resources(r *corev1.ResourceRequirements, path *field.Path) {
	c.hugePages(r, path)
	for name, limit := range r.Limits {
		c.resource(name, limit, path.Child("limits").Key(string(name)))
	}
	for name, request := range r.Requests {
		at := path.Child("requests").Key(string(name))
		c.resource(name, request, at)
		limit, limited := r.Limits[name]
		if !limited {
			if exact(name) {
				c.add(field.Required(path.Child("limits").Key(string(name)), "give a limit that is the request"))
			}
			continue
		}
		if exact(name) && request.Cmp(limit) != 0 {
			c.add(field.Invalid(at, request.String(), "must be the limit, "+limit.String()))
		} else if request.Cmp(limit) > 0 {
			c.add(field.Invalid(at, request.String(), "must be at most the limit, "+limit.String()))
		}
	}
}

// hugePages wants huge pages beside CPU or memory, whose limits and requests are looked at together.
func (c *checker) hugePages(r *corev1.ResourceRequirements, path *field.Path) {
	huge, other := false, false
	for _, list := range []corev1.ResourceList{r.Limits, r.Requests} {
		for name := range list {
			huge = huge || strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
			other = other || name == corev1.ResourceCPU || name == corev1.ResourceMemory
		}
	}
	if huge && !other {
		c.add(field.Forbidden(path, "give cpu or memory, too: huge pages cannot stand alone"))
	}
}

// podResources checks what a pod as a whole requests (apis/core/validation validatePodResources).
func (c *checker) podResources(s *corev1.PodSpec, path *field.Path) {
	if s.Resources == nil {
		return
	}
	c.resources(s.Resources, path)
	for name, request := range s.Resources.Requests {
		sum := resource.Quantity{}
		for _, container := range s.Containers {
			sum.Add(container.Resources.Requests[name])
		}
		if sum.Cmp(request) > 0 {
			c.add(field.Invalid(path.Child("requests").Key(string(name)), request.String(), "must be at least the sum of the containers' requests, "+sum.String()))
		}
	}
}

// exact reports whether a resource cannot be overcommitted (apis/core/helper IsOvercommitAllowed).
func exact(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix) || strings.Contains(string(name), "/") && !strings.Contains(string(name), "kubernetes.io/")
}

// resource checks the name and the quantity of a container's resource.
func (c *checker) resource(name corev1.ResourceName, q resource.Quantity, path *field.Path) {
	c.resourceName(name, path)
	c.quantity(name, q, path)
}

func (c *checker) resourceName(name corev1.ResourceName, path *field.Path) {
	text := string(name)
	c.messages(path, text, utilvalidation.IsQualifiedName(text))
	standard := []string{"cpu", "memory", "ephemeral-storage"}
	if !strings.Contains(text, "/") && !slices.Contains(standard, text) && !strings.HasPrefix(text, corev1.ResourceHugePagesPrefix) {
		c.add(field.Invalid(path, text, "must be cpu, memory, ephemeral-storage, hugepages-SIZE or a qualified name such as example.org/gpu"))
	}
}

// quantity refuses negative values, and fractions of what comes in whole units (apis/core/validation
// ValidateResourceQuantityValue).
func (c *checker) quantity(name corev1.ResourceName, q resource.Quantity, path *field.Path) {
	if q.Sign() < 0 {
		c.add(field.Invalid(path, q.String(), "must be at least 0"))
	}
	if size, isPages := strings.CutPrefix(string(name), corev1.ResourceHugePagesPrefix); isPages && c.minor >= 20 {
		if unit, err := resource.ParseQuantity(size); err == nil && unit.Value() > 0 && q.Value()%unit.Value() != 0 {
			c.add(field.Invalid(path, q.String(), "must be a multiple of "+size))
		}
	}
	whole := exact(name) && strings.Contains(string(name), "/") || slices.Contains([]corev1.ResourceName{
		corev1.ResourcePods, corev1.ResourceQuotas, corev1.ResourceServices, corev1.ResourceReplicationControllers, corev1.ResourceSecrets,
		corev1.ResourceConfigMaps, corev1.ResourcePersistentVolumeClaims, corev1.ResourceServicesNodePorts, corev1.ResourceServicesLoadBalancers,
	}, name)
	if whole && q.MilliValue()%1000 != 0 {
		c.add(field.Invalid(path, q.String(), "must be a whole number"))
	}
}

// limitRange checks limits of a namespace (apis/core/validation ValidateLimitRange).
func (c *checker) limitRange(o *corev1.LimitRange) {
	seen := map[corev1.LimitType]bool{}
	for i, item := range o.Spec.Limits {
		at := at("spec").Child("limits").Index(i)
		if c.require(item.Type != "", at.Child("type"), "") {
			unique(c, seen, item.Type, at.Child("type"))
			c.messages(at.Child("type"), item.Type, utilvalidation.IsQualifiedName(string(item.Type)))
			if !strings.Contains(string(item.Type), "/") {
				oneOf(c, item.Type, at.Child("type"), corev1.LimitTypeContainer, corev1.LimitTypePod, corev1.LimitTypePersistentVolumeClaim)
			}
		}
		if item.Type == corev1.LimitTypePod && len(item.Default)+len(item.DefaultRequest) > 0 {
			c.add(field.Forbidden(at.Child("default"), "remove default and defaultRequest: type is Pod"))
		}
		if item.Type == corev1.LimitTypePersistentVolumeClaim && item.Max.Storage().IsZero() && item.Min.Storage().IsZero() {
			c.add(field.Required(at.Child("max"), "give a maximum or a minimum of storage"))
		}
		if item.Type == corev1.LimitTypePod || item.Type == corev1.LimitTypeContainer {
			c.limitNames(&item, at)
		}
		c.limitOrder(&item, at)
	}
}

// limitNames checks which resources are limited.
func (c *checker) limitNames(item *corev1.LimitRangeItem, path *field.Path) {
	for name, list := range map[string]corev1.ResourceList{"max": item.Max, "min": item.Min, "default": item.Default, "defaultRequest": item.DefaultRequest} {
		for r := range list {
			c.resourceName(r, path.Child(name).Key(string(r)))
		}
	}
}

// limitOrder wants min ≤ defaultRequest ≤ default ≤ max.
func (c *checker) limitOrder(item *corev1.LimitRangeItem, path *field.Path) {
	order := []struct {
		name string
		list corev1.ResourceList
	}{{"min", item.Min}, {"defaultRequest", item.DefaultRequest}, {"default", item.Default}, {"max", item.Max}}
	for i, low := range order {
		for r, q := range low.list {
			for _, high := range order[i+1:] {
				if most, ok := high.list[r]; ok && q.Cmp(most) > 0 {
					c.add(field.Invalid(path.Child(low.name).Key(string(r)), q.String(), "must be at most "+high.name+", "+most.String()))
				}
			}
		}
	}
	for r, q := range item.MaxLimitRequestRatio {
		if q.Cmp(resource.MustParse("1")) < 0 {
			c.add(field.Invalid(path.Child("maxLimitRequestRatio").Key(string(r)), q.String(), "must be at least 1"))
		}
	}
}

// resourceQuota checks the limits of a quota (apis/core/validation ValidateResourceQuotaSpec).
func (c *checker) resourceQuota(o *corev1.ResourceQuota) {
	for name, q := range o.Spec.Hard {
		at := at("spec").Child("hard").Key(string(name))
		c.messages(at, string(name), utilvalidation.IsQualifiedName(string(name)))
		if text := string(name); !strings.Contains(text, "/") && !quotaName(text) {
			c.add(field.Invalid(at, text, "must be a standard resource such as requests.cpu or pods, or count/RESOURCE.GROUP"))
		}
		c.quantity(name, q, at)
	}
	c.quotaScopes(o)
}

// quotaName reports whether a name without a slash may have a quota (apis/core/helper IsStandardQuotaResourceName).
func quotaName(name string) bool {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "requests."), "limits.")
	if strings.HasPrefix(name, corev1.ResourceHugePagesPrefix) {
		return true
	}
	return slices.Contains([]string{
		"cpu", "memory", "ephemeral-storage", "storage", "pods", "resourcequotas", "services", "replicationcontrollers", "secrets",
		"configmaps", "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
	}, name)
}
