// Package fieldrules knows the rules that the API server has for the fields of its own kinds beyond their schema: names,
// labels, selectors, ports, quantities, enums and the like. They follow the validation packages of Kubernetes v1.36.4
// (pkg/apis/*/validation), which each rule names. Rules on what the cluster holds (references, quotas, admission, immutable
// fields) are not among them, and neither are rules for kinds that Covers does not list.
package fieldrules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Validate checks an object that the API server of a version (v1.36.4) can decode. namespaced is the scope of its kind. The
// error says why the object cannot be decoded after all.
func Validate(o *manifest.Object, namespaced bool, version string) (field.ErrorList, error) {
	c := &checker{minor: minorOf(version), namespaced: namespaced}
	if err := c.metadata(o); err != nil {
		return nil, err
	}
	if check, ok := ruleFor(o.GroupVersionKind()); ok {
		text, err := json.Marshal(o.Object)
		if err != nil {
			return nil, err
		}
		if err := check(c, text); err != nil {
			return nil, err
		}
	}
	return c.faults, nil
}

// Covers reports whether there are rules for a kind beyond its metadata.
func Covers(gvk schema.GroupVersionKind) bool {
	_, ok := ruleFor(gvk)
	return ok
}

// minorOf returns 36 for v1.36.4, and 0 for what is not a version.
func minorOf(version string) int {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(parts[1])
	return n
}

// checker collects the faults of one object.
type checker struct {
	minor      int
	namespaced bool
	faults     field.ErrorList
}

func (c *checker) add(faults ...*field.Error) { c.faults = append(c.faults, faults...) }

// messages adds a fault for each message of a validator.
func (c *checker) messages(path *field.Path, value any, messages []string) {
	for _, m := range messages {
		c.add(field.Invalid(path, value, m))
	}
}

func (c *checker) require(present bool, path *field.Path, why string) bool {
	if !present {
		c.add(field.Required(path, why))
	}
	return present
}

func (c *checker) nonNegative(value int64, path *field.Path) { c.atLeast(value, 0, path) }

func (c *checker) atLeast(value, least int64, path *field.Path) {
	if value < least {
		c.add(field.Invalid(path, value, fmt.Sprintf("must be at least %d", least)))
	}
}

func (c *checker) between(value, least, most int64, path *field.Path) {
	if value < least || value > most {
		c.add(field.Invalid(path, value, fmt.Sprintf("must be from %d to %d", least, most)))
	}
}

// oneOf checks an enum. The empty value, for which the server has a default, passes.
func oneOf[T ~string](c *checker, value T, path *field.Path, allowed ...T) {
	if value != "" && !slices.Contains(allowed, value) {
		c.add(field.NotSupported(path, value, allowed))
	}
}

// oneOfRequired is oneOf for an enum without a default.
func oneOfRequired[T ~string](c *checker, value T, path *field.Path, allowed ...T) {
	if value == "" {
		c.add(field.Required(path, fmt.Sprintf("use one of %v", allowed)))
	}
	oneOf(c, value, path, allowed...)
}

// value is what a pointer points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// unique adds a fault when a value was seen before.
func unique[T comparable](c *checker, seen map[T]bool, value T, path *field.Path) {
	if seen[value] {
		c.add(field.Duplicate(path, value))
	}
	seen[value] = true
}
