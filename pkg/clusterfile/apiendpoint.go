package clusterfile

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// ParseEndpoint reads the URL of an API server: https, a DNS name or an address (IPv6 in brackets), and a port from 1 to
// 65535 or none. It has nothing else: no user, path, query or fragment, since components that are given the URL add their own
// path. A single slash at the end is ignored.
func ParseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	switch port := u.Port(); {
	case u.Scheme != "https":
		return nil, errors.New("its scheme is not https")
	case u.User != nil:
		return nil, errors.New("it holds a user, and credentials do not belong into it")
	case !IsHost(u.Hostname()):
		return nil, errors.New("its host is neither a DNS name nor an address")
	case unusableHost(u.Hostname()) != "":
		return nil, errors.New(unusableHost(u.Hostname()) + ", at which no API server answers")
	case port != "" && !isPort(port):
		return nil, errors.New("its port is not a number from 1 to 65535")
	case u.Path != "" && u.Path != "/":
		return nil, errors.New("it holds a path")
	case strings.ContainsAny(s, "?#"):
		return nil, errors.New("it holds a query or a fragment")
	case "https://"+u.Host != strings.TrimSuffix(s, "/") || strings.HasSuffix(u.Host, ":"):
		return nil, errors.New("it is not written as https://host:port")
	}
	return u, nil
}

// IsHost reports whether s is a DNS name or an IP address without a zone.
func IsHost(s string) bool {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Zone() == ""
	}
	return len(validation.IsDNS1123Subdomain(strings.ToLower(s))) == 0 && !numeric(s[strings.LastIndex(s, ".")+1:])
}

// unusableHost says why nothing answers at a host that is an address.
func unusableHost(host string) string {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	return UnusableAddress(ip)
}

// numeric reports whether a last label is all digits, as in 10.0.0.256: that is an address gone wrong, not a name.
func numeric(label string) bool {
	return strings.Trim(label, "0123456789") == ""
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 65535 && strconv.Itoa(n) == s
}
