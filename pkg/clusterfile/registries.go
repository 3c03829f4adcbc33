package clusterfile

import (
	"fmt"
	"regexp"
	"strings"
)

// registryPattern is that of an image reference (distribution/reference: domain and path), of at most 255 characters.
var registryPattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,200}[a-zA-Z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]{1,2}[a-z0-9]+)*)*$`)

const exampleRegistry = "give a host, with a port and a path if any, such as registry.example.com:5000/mirror"

func (c Cluster) validateRegistries(add func(field, problem, remedy string)) {
	if c.ImageRegistry != "" {
		if len(c.Registries) > 0 {
			add("imageRegistry", "stands beside registries, which it is short for", "write it there: {mirror: "+c.ImageRegistry+", layout: flattened}")
		}
		if problem := RegistryProblem(c.ImageRegistry); problem != "" {
			add("imageRegistry", problem, exampleRegistry)
		}
	}
	sources := map[string]int{}
	for i, r := range c.Registries {
		field := fmt.Sprintf("registries[%d]", i)
		if problem := RegistryProblem(r.Mirror); r.Mirror != "" && problem != "" {
			add(field+".mirror", problem, exampleRegistry)
		}
		if problem := RegistryProblem(r.Source); r.Source != "" && problem != "" {
			add(field+".source", problem, "give the registry that images name, such as registry.k8s.io or quay.io/organization")
		}
		if r.Source != "" && r.Layout != "" {
			add(field+".layout", "is for a mirror of every registry, and this one has a source", "remove it: the mirror takes the place of "+r.Source)
		}
		if r.Source != "" && r.Source == r.Mirror {
			add(field+".mirror", "is the source itself", "give another registry, or remove the entry")
		}
		if other, twice := sources[r.Source]; twice {
			add(field+".source", fmt.Sprintf("is that of registries[%d], too", other), "keep one of the two")
		}
		sources[r.Source] = i
	}
}

// RegistryProblem says why something is no registry that a reference can begin with. A host without a dot and a port would be read
// as a folder of docker.io (distribution/reference).
func RegistryProblem(text string) string {
	host, _, _ := strings.Cut(text, "/")
	switch {
	case !registryPattern.MatchString(text):
		return is(text)
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		return is(text) + ", which container runtimes read as a folder of docker.io"
	}
	return ""
}
