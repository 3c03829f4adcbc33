// Package ext takes the place of a folder of Traefik's source that is a module
// of its own and not in the published zip. Traefik's own adds nothing either:
// it is where a product built on Traefik extends the configuration.
package ext

// HTTP is embedded in the HTTP configuration.
type HTTP struct{}

// Router is embedded in the configuration of each router.
type Router struct{}
