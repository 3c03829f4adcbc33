package localedit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mergeZones appends to one Corefile the server blocks, snippets and imports of another whose zones, names and files it
// does not have, each with the comments above it, and returns their names.
func mergeZones(ours, theirs string) (string, []string, error) {
	has, err := parse(ours)
	if err != nil {
		return "", nil, fmt.Errorf("the bundle's Corefile: %w", err)
	}
	live, err := parse(theirs)
	if err != nil {
		return "", nil, fmt.Errorf("the live Corefile: %w", err)
	}
	own, err := ownParts(has, live)
	if err != nil {
		return "", nil, err
	}
	if len(own) == 0 {
		return ours, nil, nil
	}
	if i := slices.IndexFunc(has, func(p part) bool { return p.bare }); i >= 0 {
		return "", nil, fmt.Errorf("the bundle's Corefile: line %d: nothing can follow a block without braces; write them", has[i].line)
	}
	var out strings.Builder
	out.WriteString(strings.TrimRight(ours, " \t\r\n") + "\n")
	var names []string
	for _, i := range own {
		before := 0
		if i > 0 {
			before = live[i-1].end
		}
		out.WriteString("\n")
		if comments := withoutTail(theirs[before:live[i].start], tail(ours, has)); comments != "" {
			out.WriteString(comments + "\n")
		}
		out.WriteString(strings.TrimSpace(live[i].text(theirs)) + "\n")
		names = append(names, live[i].name())
	}
	return out.String(), names, nil
}

// tail returns the comments behind the last part of a Corefile.
func tail(source string, parts []part) string {
	if len(parts) == 0 {
		return strings.TrimSpace(strings.TrimPrefix(source, "\ufeff"))
	}
	return strings.TrimSpace(source[parts[len(parts)-1].end:])
}

// withoutTail returns the comments above a part, without those that were behind the last part of the bundle's Corefile
// when the part was appended to it.
func withoutTail(comments, tail string) string {
	comments = strings.TrimSpace(strings.TrimPrefix(comments, "\ufeff"))
	if rest, ok := strings.CutPrefix(comments, tail); ok && (rest == "" || rest[0] == '\n' || rest[0] == '\r') {
		comments = strings.TrimSpace(rest)
	}
	return comments
}

// ownParts returns the indexes of the live parts that the bundle does not have.
func ownParts(has, live []part) ([]int, error) {
	known := map[string]bool{}
	for _, p := range has {
		for _, id := range p.ids() {
			known[id] = true
		}
	}
	var own []int
	for i, p := range live {
		var mine, shared []string
		for j, id := range p.ids() {
			if known[id] {
				shared = append(shared, p.shown(j))
			} else {
				mine = append(mine, p.shown(j))
			}
		}
		switch {
		case len(mine) == 0:
			continue
		case len(shared) > 0:
			return nil, fmt.Errorf("the live Corefile: line %d: the block is of %s, which the bundle's Corefile serves, and of %s, which it does not; give the latter a block of its own", p.line, strings.Join(shared, ", "), strings.Join(mine, ", "))
		}
		own = append(own, i)
	}
	return own, nil
}

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
	transport, name, found := strings.Cut(key, "://")
	if !found || ports[transport] == "" {
		transport, name = "dns", key
	}
	port := ports[transport]
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		if number, err := strconv.ParseUint(name[i+1:], 10, 16); err == nil {
			name, port = name[:i], strconv.FormatUint(number, 10)
		}
	}
	return transport + "://" + strings.TrimSuffix(strings.ToLower(name), ".") + ":" + port
}
