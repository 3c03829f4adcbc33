// Package ext stands in for Traefik's module of the same name, which upstream keeps inside its repository and replaces by a
// path (traefik v3.7.11 go.mod), so that no module proxy has it. Its types are embedded in Traefik's dynamic configuration
// and are in no custom resource: two empty structs let the packages that hold the custom resources load.
package ext

// HTTP extends the HTTP part of the dynamic configuration.
type HTTP struct{}

// DeepCopyInto copies nothing.
func (in *HTTP) DeepCopyInto(out *HTTP) { *out = *in }

// Router extends an HTTP router.
type Router struct{}

// DeepCopyInto copies nothing.
func (in *Router) DeepCopyInto(out *Router) { *out = *in }
