package clusterfile

import (
	"fmt"
	"net/netip"
	"slices"
)

// special are the IPv4 ranges of which no node routes an address to a pod or a Service (IANA IPv4 special-purpose registry).
var special = []struct {
	prefix netip.Prefix
	of     string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"}, {netip.MustParsePrefix("127.0.0.0/8"), "loopback addresses"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local addresses"}, {netip.MustParsePrefix("224.0.0.0/4"), "multicast addresses"},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},
}

// UnusableRange says why pods or Services cannot have the addresses of a range; "" if they can.
func UnusableRange(p netip.Prefix) string {
	for _, s := range special {
		if p.Overlaps(s.prefix) {
			return fmt.Sprintf("in which %s (%s) is", s.prefix, s.of)
		}
	}
	return ""
}

// UnusableAddress says why nothing answers at an address of its own; "" if something may.
func UnusableAddress(ip netip.Addr) string {
	ip = ip.Unmap()
	switch {
	case ip.IsUnspecified():
		return "it is the unspecified address"
	case ip.IsMulticast():
		return "it is a multicast address"
	case ip.IsLinkLocalUnicast():
		return "it is a link-local address"
	}
	if i := slices.IndexFunc(special, func(s struct {
		prefix netip.Prefix
		of     string
	}) bool {
		return s.of != "loopback addresses" && s.prefix.Contains(ip)
	}); i >= 0 {
		return fmt.Sprintf("it is in %s (%s)", special[i].prefix, special[i].of)
	}
	return ""
}

// lastAddress returns the broadcast address of an IPv4 range.
func lastAddress(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().As4()
	for i := range 32 - p.Bits() {
		a[3-i/8] |= 1 << (i % 8)
	}
	return netip.AddrFrom4(a)
}
