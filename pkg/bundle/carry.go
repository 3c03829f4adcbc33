package bundle

import (
	"fmt"
	"strings"
)

// A Carry says how a setting of another installer's object becomes one of the cluster file when the object is adopted.
type Carry struct {
	Kind   string   `json:"kind" required:"true" doc:"kind of the object"`
	Name   string   `json:"name" required:"true" doc:"its name"`
	Field  string   `json:"field" required:"true" doc:"the field (spec.replicas; data.Corefile: the key of a ConfigMap may hold dots)"`
	Format string   `json:"format" enum:"yaml,corefile" doc:"format of a field that is a text: yaml, or corefile"`
	Path   string   `json:"path" doc:"part of that text: a path (ipvs.strictARP), or * for every field that the rendered text has otherwise; of a corefile upstreams, cacheSeconds or directives"`
	Except []string `json:"except" doc:"with *, fields that are not carried"`
	To     string   `json:"to" required:"true" doc:"field of the cluster file (addons.coredns.values.replicas); with *, the map that gets the fields"`
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
func (c Carry) Keys() []string {
	if strings.HasPrefix(c.Field, "data.") {
		return strings.SplitN(c.Field, ".", 2)
	}
	return strings.Split(c.Field, ".")
}
