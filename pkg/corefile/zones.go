package corefile

import (
	"strconv"
	"strings"
)

// ids returns what a part is known by: zones with transport and port, a snippet's name, a file.
func (p part) ids() []string {
	switch {
	case len(p.keys) == 0:
		return []string{"import " + p.imports}
	case isSnippet(p.keys):
		return p.keys
	}
	var ids []string
	for _, key := range p.keys {
		ids = append(ids, zone(key))
	}
	return ids
}

// shown returns how an ID is written in the Corefile.
func (p part) shown(i int) string {
	if len(p.keys) == 0 {
		return p.imports
	}
	return p.keys[i]
}

// name is what people are told of a part.
func (p part) name() string {
	switch {
	case len(p.keys) == 0:
		return "import " + p.imports
	case isSnippet(p.keys):
		return "snippet " + p.keys[0]
	}
	return "server block " + strings.Join(p.keys, " ")
}

// ports are those that a zone has if it names none (coredns, plugin/pkg/transport).
var ports = map[string]string{"dns": "53", "tls": "853", "quic": "853", "grpc": "443", "https": "443", "https3": "443"}

// zone normalises a key, as CoreDNS does (core/dnsserver/register.go), to transport://name:port: Example.org. and
// dns://example.org:53 are the same. Blocks of addresses (10.0.0.0/8) are taken as they are written.
func zone(key string) string {
	transport, name, port := parted(key)
	return transport + "://" + strings.TrimSuffix(strings.ToLower(name), ".") + ":" + port
}

// parted cuts a key into its transport, its name and its port.
func parted(key string) (transport, name, port string) {
	transport, name, found := strings.Cut(key, "://")
	if !found || ports[transport] == "" {
		transport, name = "dns", key
	}
	port = ports[transport]
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		if number, err := strconv.Atoi(name[i+1:]); err == nil {
			name, port = name[:i], strconv.Itoa(number)
		}
	}
	return transport, name, port
}
