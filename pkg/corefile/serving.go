package corefile

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// A served is a zone that a block serves, with the address that it listens on; none for all.
type served struct{ transport, zone, port, address string }

func (s served) String() string {
	text := s.transport + "://" + s.zone + ":" + s.port
	if s.address != "" {
		text += " on " + s.address
	}
	return text
}

// zones checks the zones of server blocks as the server does (CoreDNS, core/dnsserver/register.go and address.go): each is a name with a
// port, and no two blocks serve the same one at the same address, unless a view parts them.
func (c *checking) zones(parts []part) {
	taken := map[served]int{} // the line of the block
	for _, p := range parts {
		if len(p.keys) == 0 || isSnippet(p.keys) {
			continue
		}
		list := c.snippets.expand(directives(p.body))
		views := slices.ContainsFunc(list, func(d directive) bool { return d.name() == "view" })
		for _, key := range p.keys {
			if len(c.faults) >= maxFaults || substituted(key) {
				continue
			}
			zones, wrong := zonesOf(key)
			if wrong != "" {
				c.fault(p.line, true, "the zone "+shown(key), wrong+", and "+c.server()+" does not start with it", "correct it")
				continue
			}
			for _, z := range zones {
				for _, z.address = range addresses(list) {
					c.serve(z, p.line, taken, !views)
				}
			}
		}
	}
}

// serve takes a zone for a block, unless the block has a view, and reports it if another has it.
func (c *checking) serve(z served, line int, taken map[served]int, take bool) {
	for other, at := range taken {
		same := other.transport == z.transport && other.zone == z.zone && other.port == z.port
		if same && (other.address == z.address || other.address == "" || z.address == "") {
			c.fault(line, true, "the zone "+z.String(), fmt.Sprintf("is served in line %d already, and %s does not start with a second block of it", at, c.server()), "make one block of the two")
			return
		}
	}
	if take && len(taken) < maxZones {
		taken[z] = line
	}
}

// maxZones bounds the zones of one Corefile that are compared with each other.
const maxZones = 1000

// addresses are those that a block listens on.
func addresses(list []directive) []string {
	var all []string
	for _, d := range list {
		if d.name() == "bind" {
			all = append(all, d.words[1:]...)
		}
	}
	if len(all) == 0 {
		return []string{""}
	}
	return all
}

// zonesOf returns the zones that a key comes to: a range of addresses may be several. wrong says why the server does not take it.
func zonesOf(key string) (zones []served, wrong string) {
	transport, name, port := parted(key)
	switch n, err := strconv.Atoi(port); {
	case strings.HasSuffix(name, ":"):
		return nil, "ends with a colon"
	case err == nil && (n < 0 || n > 65535):
		return nil, "has the port " + strconv.Itoa(n)
	case len(name) > 255:
		return nil, "is longer than 255 characters"
	case !isName(name):
		return nil, "is no domain name"
	}
	for _, host := range reverse(name) {
		zones = append(zones, served{transport: transport, zone: strings.TrimSuffix(host, ".") + ".", port: port})
	}
	return zones, ""
}

// isName reports whether a text is a domain name: labels of 63 characters at most, none of them empty. Escaped characters are taken.
func isName(name string) bool {
	if name == "." || strings.Contains(name, `\`) {
		return true
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return true
}

// reverse returns the names of a range of addresses (plugin/pkg/cidr): those of its next whole labels. Any other name stays.
func reverse(name string) []string {
	_, network, err := net.ParseCIDR(name)
	if err != nil {
		return []string{name}
	}
	ones, bits := network.Mask.Size()
	digit := 8
	if bits == 128 {
		digit = 4
	}
	whole := (ones + digit - 1) / digit
	var names []string
	for i := range 1 << (whole*digit - ones) {
		var labels []string
		for at := range whole {
			value := int(network.IP[at*digit/8])
			if at == whole-1 {
				value += i << ((8 - digit) * (1 - at%2)) // the last label counts on
			}
			if digit == 8 {
				labels = append(labels, strconv.Itoa(value))
			} else {
				labels = append(labels, strconv.FormatInt(int64(value>>(4*(1-at%2)))&15, 16))
			}
		}
		slices.Reverse(labels)
		suffix := map[int]string{8: "in-addr.arpa.", 4: "ip6.arpa."}[digit]
		names = append(names, strings.Join(append(labels, suffix), "."))
	}
	return names
}
