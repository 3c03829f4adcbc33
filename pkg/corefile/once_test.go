package corefile

import (
	"strings"
	"testing"
)

// A plugin that the server takes once only is a fault the second time, also by way of a snippet; not in another block.
func TestOnce(t *testing.T) {
	for name, test := range map[string]struct{ version, text, want string }{
		"twice":                 {"1.14.2", ".:53 {\n cache 30\n forward . 192.0.2.1\n cache 60\n}\n", "line 4: cache is in line 2 already, and CoreDNS 1.14.2 takes it only once in a block; keep one of the two"},
		"by a snippet":          {"1.14.2", "(s) {\n errors\n}\n.:53 {\n errors\n import s\n}\n", "line 6: errors is in line 5 already, and CoreDNS 1.14.2 takes it only once in a block; keep one of the two"},
		"in two blocks":         {"1.14.2", ".:53 {\n cache 30\n}\na.example:53 {\n cache 30\n}\n", ""},
		"one that may be often": {"1.14.2", ".:53 {\n forward a.example 192.0.2.1\n forward . 192.0.2.2\n rewrite name a b\n rewrite name c d\n}\n", ""},
		"forward before 1.9.4":  {"1.6.7", ".:53 {\n forward a.example 192.0.2.1\n forward . 192.0.2.2\n}\n", "line 3: forward is in line 2 already, and CoreDNS 1.6.7 takes it only once in a block; keep one of the two"},
	} {
		faults, err := table(t).Check(test.version, test.text, Container{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range Fatal(faults) {
			got = append(got, f.String())
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
