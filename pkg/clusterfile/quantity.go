package clusterfile

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

var longExponent = regexp.MustCompile(`[eE][+-]?[0-9]{3}`)

// ParseQuantity reads a quantity of Kubernetes, such as 100m or 64Mi. The library takes hours over an exponent like that of 1e-2000000000: no quantity of use has
// one of more than two digits.
func ParseQuantity(s string) (resource.Quantity, error) {
	if len(s) > 64 || longExponent.MatchString(s) {
		return resource.Quantity{}, resource.ErrFormatWrong
	}
	return resource.ParseQuantity(s)
}

// bounds of what a container of an addon may ask for: what is outside them is a slip of the pen, such as memory: 64 for 64Mi.
var bounds = []struct {
	of          func(name string) bool
	least, most resource.Quantity
}{
	{func(name string) bool { return name == "cpu" }, resource.MustParse("1m"), resource.MustParse("1024")},
	{func(name string) bool { return name == "memory" || name == "ephemeral-storage" }, resource.MustParse("1Mi"), resource.MustParse("64Ti")},
	{func(name string) bool { return strings.HasPrefix(name, "hugepages-") }, resource.MustParse("1Mi"), resource.MustParse("64Ti")},
	{func(string) bool { return true }, resource.MustParse("1"), resource.MustParse("64Ti")},
}

// UnusableQuantity says what is wrong with what a container requests of a resource, or with its limit, and what to do; "" if
// nothing is. Zero is a quantity, too.
func UnusableQuantity(name, text string) (problem, remedy string) {
	q, err := ParseQuantity(text)
	switch {
	case err != nil:
		return is(text), "give a quantity such as 100m or 64Mi"
	case q.Sign() < 0:
		return is(text) + ", less than nothing", "give 0 or more"
	case q.IsZero():
		return "", ""
	}
	for _, b := range bounds {
		if !b.of(name) {
			continue
		}
		if q.Cmp(b.least) < 0 || q.Cmp(b.most) > 0 {
			return fmt.Sprintf("is %q, which is no %s of a container", strings.TrimSpace(text), name), fmt.Sprintf("give 0, or %s to %s", b.least.String(), b.most.String())
		}
		return "", ""
	}
	return "", ""
}
