package diagnose

// imageRules are about images. Their signs are messages of containerd, CRI-O, Docker and registries. A registry that gives
// an answer will give it again; one that cannot be reached may come back.
var imageRules = []rule{
	{"image-name", matchRule(waitingFor("InvalidImageName"), `InvalidImageName: (.*)`, terminalAfter10s, "{image} is no name of an image", "correct the image in the values of the addon")},
	{"image-absent", matchRule(waitingFor("ErrImageNeverPull"), `.`, terminalAfter10s, "node {node} does not have the image {image}, and may not pull it", "load the image onto the node")},
	{"image-platform", matchRule(pullError, `no match for platform in manifest|no matching manifest for (\S+)`, terminalAfter10s, "there is no image {image} for the platform of node {node}", "take an image that has it, or keep the pods off the node")},
	{"image-denied", matchRule(pullError, `(?i)((?:unauthorized|denied|authentication required|forbidden|authorization failed|no basic auth credentials|\b40[13]\b).*)`, terminalAfter10s, "the registry refuses the image {image}: $1", "give the nodes credentials for the registry, or correct the image's name")},
	{"image-not-found", matchRule(pullError, `((?:\S+: )?(?:not found|manifest unknown|name unknown|repository does not exist).*)`, terminalAfter10s, "the registry has no image {image}: $1", "push the image, or correct its name")},
	{"image-unreachable", matchRule(pullError, `(dial tcp.*)`, terminalAfter3m, registryUnreachable, mirrorRemedy)},
	{"image-unreachable", matchRule(pullError, `((?:no such host|i/o timeout|connection refused|network is unreachable|context deadline exceeded|TLS handshake timeout|proxyconnect|x509: ).*)`, terminalAfter3m, registryUnreachable, mirrorRemedy)},
	{"image", matchRule(pullError, `(.+)`, terminalAfter3m, "node {node} cannot pull {image}: $1", "make the image reachable from the node")},
}

const (
	registryUnreachable = "node {node} does not reach the registry of {image}: $1"
	mirrorRemedy        = "let the node reach the registry, or mirror the image"
)
