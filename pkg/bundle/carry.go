package bundle

import (
	"fmt"
	"strings"
)

// A Carry says how a setting of another installer's object becomes one of the cluster file when the object is adopted.
type Carry struct {
	Kind   string         `json:"kind" required:"true" doc:"kind of the object"`
	Name   string         `json:"name" required:"true" doc:"its name"`
	Field  string         `json:"field" required:"true" doc:"the field (spec.replicas; data.Corefile: the key of a ConfigMap may hold dots)"`
	Format string         `json:"format" enum:"yaml,corefile" doc:"format of a field that is a text: yaml, or corefile"`
	Path   string         `json:"path" doc:"part of that text: a path (ipvs.strictARP), or * for every field that the rendered text has otherwise; of a corefile upstreams, cacheSeconds or directives"`
	Except []string       `json:"except" doc:"with *, fields that are not carried"`
	Values map[string]any `json:"values" doc:"of a field that is no text in a format: what its values become; others are not carried. Absent: each is carried as it is"`
	To     string         `json:"to" required:"true" doc:"field of the cluster file (addons.coredns.values.replicas); with *, the map that gets the fields"`
}

func (c Carry) verify() *place {
	if c.Format == "" && c.Path != "" {
		return &place{"path", fmt.Errorf("is %q, but there is no format; add format", c.Path)}
	}
	if c.Format == "corefile" && c.Path != "upstreams" && c.Path != "cacheSeconds" && c.Path != "directives" {
		return &place{"path", fmt.Errorf("is %q; of a corefile use upstreams, cacheSeconds or directives", c.Path)}
	}
	return nil
}

// Keys is the way to the field.
func (c Carry) Keys() []string { return keysOf(c.Field) }

// keysOf cuts the way to a field. The key of a ConfigMap may hold dots.
func keysOf(field string) []string {
	if strings.HasPrefix(field, "data.") {
		return strings.SplitN(field, ".", 2)
	}
	return strings.Split(field, ".")
}

// Of returns what a value becomes; carried is false if it is not carried.
func (c Carry) Of(value any) (becomes any, carried bool) {
	if len(c.Values) == 0 {
		return value, true
	}
	becomes, carried = c.Values[fmt.Sprint(value)]
	return becomes, carried
}
