package bundle

import "strings"

// dockerHub is the registry of a reference that names none; its images without a user's name are in the folder library.
const dockerHub, library = "docker.io", "library/"

// mirrored is an image reference with the registry replaced; an empty registry leaves it as it is.
func mirrored(reference, registry string) string {
	if registry == "" {
		return reference
	}
	host, path, found := strings.Cut(reference, "/")
	if !found || !strings.ContainsAny(host, ".:") && host != "localhost" {
		host, path = dockerHub, reference
	}
	if host == dockerHub && !strings.Contains(path, "/") {
		path = library + path
	}
	return registry + "/" + path
}
