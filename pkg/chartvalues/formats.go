package chartvalues

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/corefile"
	"k8s.io/apimachinery/pkg/util/validation"
)

// formats are the formats that schemas may name beside those of JSON schema: how a string is judged, and what it is called
// in a fault. None of them admits a line break, a quote or a brace: text other than YAML takes such values as they are.
var formats = map[string]struct {
	valid func(string) bool
	text  string
}{
	"quantity":    {isQuantity, "a quantity such as 100m or 64Mi"},
	"image":       {imageReference.MatchString, "an image reference such as registry.example.org/name:v1.2.3"},
	"ip":          {isIP, "an IP address such as 192.0.2.53"},
	"ipv4-cidr":   {isIPv4Range, "an IPv4 range such as 100.64.0.0/15"},
	"host":        {clusterfile.IsHost, "a DNS name or an IP address"},
	"dns-name":    {isDNSName, "a DNS name such as cluster.local"},
	"endpoint":    {isEndpoint, "a URL such as https://192.0.2.10:6443"},
	"cidr":        {isRange, "a range such as 10.0.0.0/8 or fd00::/64"},
	"go-time":     {isTime, "a time such as 15s or 1m30s"},
	"go-duration": {isDuration, "a time such as 15s, or 0s"},
	"directives":  {isDirectives, "plugins of one server block, with a { for each }"},
	"nameserver":  {isNameserver, "an address such as 192.0.2.53, 192.0.2.53:5353 or tls://192.0.2.53, or a file such as /etc/resolv.conf"},
}

func checkFormat(name string) func(any) error {
	return func(value any) error {
		if s, isString := value.(string); isString && !formats[name].valid(s) {
			return errors.New(formats[name].text)
		}
		if name == "quantity" && value != nil && !isQuantity(fmt.Sprint(value)) { // of a container's resources: 1 is written without quotes
			return errors.New(formats[name].text)
		}
		return nil
	}
}

// imageReference is a reference as the runtimes read it (github.com/distribution/reference): registry, path, tag, digest.
var imageReference = regexp.MustCompile(`^([a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$`)

var filePath = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)

func isQuantity(s string) bool {
	q, err := clusterfile.ParseQuantity(s)
	return err == nil && q.Sign() >= 0
}

func isIP(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Zone() == "" && clusterfile.UnusableAddress(ip) == ""
}

func isIPv4Range(s string) bool {
	p, err := netip.ParsePrefix(s)
	return err == nil && p.Addr().Is4() && p.Masked() == p && clusterfile.UnusableRange(p) == ""
}

func isDNSName(s string) bool { return len(validation.IsDNS1123Subdomain(s)) == 0 }

func isEndpoint(s string) bool {
	_, err := clusterfile.ParseEndpoint(s)
	return err == nil
}

func isTime(s string) bool {
	d, err := time.ParseDuration(s)
	return err == nil && d > 0
}

func isDirectives(s string) bool { return corefile.CheckDirectives(s) == nil }

func isDuration(s string) bool {
	d, err := time.ParseDuration(s)
	return err == nil && d >= 0
}

func isRange(s string) bool {
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// isNameserver reports whether CoreDNS's plugin forward takes s: an address, with or without dns:// or tls:// and a port, or a
// file like resolv.conf (coredns 1.3 to 1.14, plugin/forward/setup.go and plugin/pkg/parse/host.go).
func isNameserver(s string) bool {
	if strings.HasPrefix(s, "/") {
		return filePath.MatchString(s)
	}
	address, _ := strings.CutPrefix(s, "dns://")
	if tls, isTLS := strings.CutPrefix(s, "tls://"); isTLS {
		address = tls
	}
	if isIP(address) {
		return true
	}
	host, port, err := net.SplitHostPort(address)
	n, perr := strconv.ParseUint(port, 10, 16)
	return err == nil && perr == nil && n > 0 && isIP(host)
}
