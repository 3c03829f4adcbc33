package corefile

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/version"
)

// Words are compared with what a plugin takes; the message names what would be right.
func TestArguments(t *testing.T) {
	in := Container{Dir: "/etc/coredns", Mounts: []string{"/etc/resolv.conf"}}
	for _, test := range []struct{ description, words, want string }{
		{"-", "", ""}, {"-", "a", "has a, which is one argument too many"}, {"any", "", "lacks an argument"},
		{"int(1,5)", "5", ""}, {"int(1,5)", "6", "has 6 where a whole number of 1 or more, 5 at most is to be"}, {"int", "x", "has x where a whole number is to be"},
		{"duration(2s,) duration? / -", "", ""}, {"duration(2s,) duration? / -", "1s", "has 1s where a duration of 2s or more is to be"},
		{"duration(2s,) duration? / -", "3s 1", "has 1 where a duration such as 5s is to be"}, {"seconds(1s,24h)", "30", ""}, {"seconds(1s,24h)", "25h", "has 25h where a duration of 1s or more, 24h at most is to be"},
		{"=on|=off", "ON", "has ON where on or off is to be"}, {"~on|~off", "ON", ""}, {"any* resolver", "a b @kubernetes", ""}, {"any* resolver", "", "lacks an argument or a file such as /etc/resolv.conf, or @ and a plugin"},
		{"upstream+2", "192.0.2.1 tls://[2001:db8::1]:853", ""}, {"upstream+2", "192.0.2.1 192.0.2.2 192.0.2.3", "has 192.0.2.3, which is one argument too many"},
		{"upstream", "/etc/resolv.conf", ""}, {"upstream", "/etc/other.conf", "has /etc/other.conf where an IP address, with a port if need be, or a file such as /etc/resolv.conf is to be"},
		{"upstream", "dns.example", "has dns.example where an IP address, with a port if need be, or a file such as /etc/resolv.conf is to be"}, {"upstream", "{$DNS}", ""}, {"upstream", "fe80::1%eth0", ""},
		{"regex", "(", "has ( where a regular expression is to be"}, {"rcode:i", "nxdomain", ""}, {"rcode", "nxdomain", "has nxdomain where a rcode is to be"}, {"type", "AAAA", ""},
		{"listen", ":9153", ""}, {"listen", "9153", "has 9153 where an address to listen on such as :8080 is to be"}, {"listen", ":99999", "has :99999 where an address to listen on such as :8080 is to be"},
		{"cidr", "10.0.0.0/8", ""}, {"prefix", "*", ""}, {"prefix", "10.0.0.0/33", "has 10.0.0.0/33 where an address or a range of addresses such as 10.0.0.0/8 is to be"}, {"peer", "*", ""}, {"peer", "a", "has a where an IP address, with a port if need be is to be"},
		{"file", "/etc/resolv.conf", ""}, {"file", "/a", "has /a where a file that the container has is to be"}, {"keyFile", "/etc/resolv.conf", "has /etc/resolv.conf where a key whose file the container has is to be"},
		{"percent", "25%", ""}, {"percent", "5%", "has 5% where a percentage from 10% to 90% is to be"}, {"ttl", "30-300", ""}, {"ttl", "-", "has - where a time to live in seconds, or a range of them is to be"},
		{"number", "1.5", ""}, {"number", "-1", "has -1 where a number is to be"}, {"notNumber", "1", "has 1 where a zone is to be"},
	} {
		c := checking{table: table(t), container: in}
		c.version = version.MustParseGeneric("1.14.2")
		c.takes(1, "x", test.description, strings.Fields(test.words))
		got := ""
		if len(c.faults) > 0 {
			got = strings.TrimSuffix(c.faults[0].Problem, ", and CoreDNS 1.14.2 does not start with it")
		}
		if got != test.want {
			t.Errorf("%s: %s: %q, want %q", test.description, test.words, got, test.want)
		}
	}
}

// What a table cannot mean is a fault of it.
func TestDecodeTableArguments(t *testing.T) {
	const head = "apiVersion: fitout.dev/v1alpha1\nkind: CorefilePlugins\nserver: X\nfirst: 1.0.0\nlast: 1.0.0\nplugins:\n  a:\n"
	for line, want := range map[string]string{
		"    args: sometimes\n":                    `plugins.a.args has the kind "sometimes", which there is none of`,
		"    args: word(1,)\n":                     `plugins.a.args has the kind "word", which there is no range of`,
		"    args: int(x,)\n":                      `plugins.a.args has the bound "x"`,
		"    optionArgs: {o: \"duration(,1)\"}\n":  `plugins.a.optionArgs.o has the bound "1"`,
		"    argsBefore: {1.0.0: any, new: any}\n": `plugins.a.argsBefore.new is "new"`,
	} {
		if _, err := DecodeTable("t.yaml", []byte(head+line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", line, err, want)
		}
	}
}

// Variables stand for what the container gives them; one that it does not have leaves nothing, and that is said.
func TestVariables(t *testing.T) {
	address := "192.0.2.1"
	in := Container{Dir: "/etc/coredns", Variables: map[string]*string{"DNS": &address, "SECRET": nil}}
	for text, want := range map[string]string{
		"forward . {$DNS}":                   "",
		"forward . {$SECRET}":                "",
		"forward . {$KUBE_DNS_SERVICE_HOST}": "",
		"forward . {%NONE%}": `line 2: {$NONE} is an environment variable that the container does not have, so that nothing stands there; set it in a patch, or write its value|` +
			`line 2: forward has "" where an IP address, with a port if need be, or a file such as /etc/resolv.conf is to be, and CoreDNS 1.14.2 does not start with it; correct it, or remove the line`,
	} {
		faults, err := table(t).Check("1.14.2", "a.example {\n "+text+"\n}\n", in)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range faults {
			got = append(got, f.String())
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// A range of addresses is the zones of its next whole labels.
func TestReverse(t *testing.T) {
	for key, want := range map[string]string{
		"10.0.0.0/8":    "10.in-addr.arpa.",
		"10.2.0.0/15":   "2.10.in-addr.arpa. 3.10.in-addr.arpa.",
		"192.0.2.77/32": "77.2.0.192.in-addr.arpa.",
		"2001:db8::/31": "8.b.d.0.1.0.0.2.ip6.arpa. 9.b.d.0.1.0.0.2.ip6.arpa.",
		"2001:db8::/36": "0.8.b.d.0.1.0.0.2.ip6.arpa.",
		"10.0.0.0/33":   "10.0.0.0/33",
		"corp.example":  "corp.example",
	} {
		if got := strings.Join(reverse(key), " "); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}
