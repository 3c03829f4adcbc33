package corefile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLost(t *testing.T) {
	for name, test := range map[string]struct{ ours, live, want string }{
		"the same":                  {rendered, rendered, ""},
		"nothing live":              {rendered, "", ""},
		"other order and blanks":    {".:53 {\n errors\n cache 30 {\n  success 1\n  denial 2\n }\n}\n", "dns://. {\n\tcache  30 {\n\tdenial 2\n\tsuccess 1\n}\n\n errors\n}", ""},
		"an argument":               {".:53 {\n cache 30\n}", ".:53 {\n cache 300 # why\n}", "line 2: cache 300 # why becomes cache 30"},
		"an option":                 {".:53 {\n cache 30\n}", ".:53 {\n cache 30 {\n  prefetch 1\n }\n}", "line 3 goes: prefetch 1"},
		"a plugin with options":     {".:53 {\n}", ".:53 {\n hosts {\n  192.0.2.1 a\n }\n}", "line 2 goes: hosts {\nline 3 goes: 192.0.2.1 a"},
		"one of two":                {".:53 {\n forward . a\n}", ".:53 {\n forward b c\n forward . d\n}", "line 2 goes: forward b c\nline 3: forward . d becomes forward . a"},
		"a zone":                    {".:53 {\n}", "a.example {\n errors\n}\n", "line 1 goes: a.example {\nline 2 goes: errors"},
		"a merged zone":             {".:53 {\n}\n\na.example {\n errors\n}\n", "a.example {\n errors\n}\n", ""},
		"a snippet written out":     {".:53 {\n errors\n}\n(s) {\n errors\n}\n", "(s) {\n errors\n}\n.:53 {\n import s\n}\n", ""},
		"more in a snippet":         {".:53 {\n errors\n}\n(s) {\n errors\n log\n}\n", "(s) {\n errors\n log\n}\n.:53 {\n import s\n}\n", "line 6 goes: import s: log"},
		"a snippet":                 {".:53 {\n}\n", "(s) {\n log\n}\n", "line 1 goes: (s) {\nline 2 goes: log"},
		"a snippet within itself":   {".:53 {\n}\n", "(s) {\n log\n import s\n}\n.:53 {\n import s\n}\n", "line 1 goes: (s) {\nline 2 goes: log\nline 3 goes: import s\nline 6 goes: import s: log\nline 6 goes: import s: import s"},
		"an import of files":        {".:53 {\n}\n", ".:53 {\n import a/*.b\n}\nimport c/*.d\n", "line 2 goes: import a/*.b\nline 4 goes: import c/*.d"},
		"comments":                  {".:53 {\n # ours\n}\n", "# above\n.:53 { # behind\n # ours\n # inside\n}\n# below\n", "line 1 goes: # above\nline 2 goes: # behind\nline 4 goes: # inside\nline 6 goes: # below"},
		"no comment":                {".:53 {\n log \"# a\"\n}\n", ".:53 {\n log \"# a\"\n errors#b\n}\n", "line 3 goes: errors#b"},
		"braces on one line":        {".:53 {\n}\n", ".:53 {\n cache { success 5\n }\n}\n", "line 2 goes: cache { success 5"},
		"a broken live one":         {".:53 {\n errors\n}\n", ".:53 {\n errors\n  log\n", "line 3 goes: log"},
		"a broken one of ours":      {".:53 {", ".:53 {\n errors\n}\n", "line 2 goes: errors"},
		"what terminals may act on": {".:53 {\n}\n", ".:53 {\n log \x1b[2J\u202e\n}\n", `line 2 goes: log \x1b[2J\u202e`},
		"what is no text":           {".:53 {\n}\n", ".:53 {\n log \xff\xfe\n}\n", `line 2 goes: log \xff\xfe`},
		"a long line":               {".:53 {\n}\n", ".:53 {\n log " + strings.Repeat("x", 500) + "\n}\n", "line 2 goes: log " + strings.Repeat("x", 156) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range Lost(test.ours, test.live) {
				got = append(got, l.String())
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is lost by a merged Corefile is nothing of what is kept.
func TestLostIsNotKept(t *testing.T) {
	live := rendered + "# tail\n\nmine.example { # behind\n    # inside\n    errors\n}\n# the end\n"
	merged, err := Merge(rendered, live)
	if err != nil {
		t.Fatal(err)
	}
	if lost := Lost(merged.Text, live); len(lost) > 0 {
		t.Errorf("lost: %v of\n%s", lost, merged.Text)
	}
}

func TestSettingsOf(t *testing.T) {
	for name, test := range map[string]struct {
		live string
		want Settings
	}{
		"as rendered":           {rendered, Settings{}},
		"nothing":               {"", Settings{}},
		"no default block":      {"a.example {\n log\n}\n", Settings{}},
		"domain":                {".:53 {\n kubernetes corp.local in-addr.arpa\n}\n", Settings{Domain: "corp.local"}},
		"the same domain":       {".:53 {\n kubernetes cluster.local\n}\n", Settings{}},
		"upstreams":             {". {\n forward . 192.0.2.1 tls://192.0.2.2\n}\n", Settings{Upstreams: []string{"192.0.2.1", "tls://192.0.2.2"}}},
		"upstreams of a proxy":  {".:53 {\n proxy . 192.0.2.1 {\n  policy random\n }\n}\n", Settings{Upstreams: []string{"192.0.2.1"}}},
		"upstreams of a zone":   {".:53 {\n forward corp.example 192.0.2.1\n forward . /etc/resolv.conf\n}\n", Settings{Directives: "forward corp.example 192.0.2.1"}},
		"cache":                 {".:53 {\n cache 300 example.org\n}\n", Settings{CacheSeconds: 300}},
		"cache without a time":  {".:53 {\n cache\n}\n", Settings{CacheSeconds: 3600}},
		"directives, moved":     {".:53 {\n\thosts {\n\t\t192.0.2.1 a # b\r\n\n\t}\n\tlog\n}\n", Settings{Directives: "hosts {\n\t192.0.2.1 a # b\n\n}\nlog"}},
		"those of a snippet":    {"(s) {\n  log\n  errors\n}\n.:53 {\n  import s\n  import a/*.b\n}\n", Settings{Directives: "log"}},
		"one on the first line": {".:53 { log\n}\n", Settings{Directives: "log"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := SettingsOf(rendered, test.live)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, broken := range [][2]string{{rendered, "a {"}, {"a {", rendered}} {
		if _, err := SettingsOf(broken[0], broken[1]); err == nil || err.Error() != "line 1: { is not closed; close it" {
			t.Errorf("%q: error %v", broken, err)
		}
	}
}

func TestCheckFiles(t *testing.T) {
	live := "import a.conf\nimport *.server\nimport /mnt/x/*.server\nimport {$FILE}\n.:53 {\n hosts /etc/coredns/hosts\n file /none/hosts\n}\n"
	files := Container{Dir: "/etc/coredns", Names: []string{"/etc/coredns/a.conf", "/etc/coredns/hosts"}, Mounts: []string{"/mnt"}}
	for name, test := range map[string]struct {
		container Container
		want      string
	}{
		"all but two are there": {files, "line 2: import *.server imports nothing: no volume has such files; remove it, or mount them in a patch\nline 7: file names /none/hosts, a file that no volume has; remove it, or mount the file in a patch"},
		"not known":             {Container{}, ""},
	} {
		faults, err := table(t).Check("1.14.6", live, test.container)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range faults {
			got = append(got, f.String())
		}
		if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" || len(Fatal(faults)) > 0 {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What somebody writes to make it take for ever is refused or bounded.
func TestBounds(t *testing.T) {
	if _, err := parse(strings.Repeat("a {\n", 30)); err == nil || err.Error() != "line 21: braces are nested more than 20 deep; CoreDNS needs three" {
		t.Errorf("error %v", err)
	}
	if _, err := parse("a\n" + strings.Repeat("b {\n", 30)); err == nil || err.Error() != "line 21: braces are nested more than 20 deep; CoreDNS needs three" {
		t.Errorf("without braces: error %v", err)
	}
	faults, err := table(t).Check("1.14.6", ".:53 {\n"+strings.Repeat("x\n", 5000)+"cache {\n"+strings.Repeat("x\n", 5000)+"}\n}\n", Container{})
	if err != nil || len(faults) != maxFaults {
		t.Errorf("%d faults, error %v", len(faults), err)
	}
	var doubling strings.Builder // each snippet is the one before it twice
	doubling.WriteString("(s0) {\n log\n}\n")
	for i := range 40 {
		fmt.Fprintf(&doubling, "(s%d) {\n import s%d\n import s%d\n}\n", i+1, i, i)
	}
	doubling.WriteString(".:53 {\n import s40\n}\n")
	if lost := Lost(rendered, doubling.String()); len(lost) == 0 {
		t.Error("nothing is lost")
	}
	if _, err := table(t).Check("newest", "", Container{}); err == nil {
		t.Error("a version that is none is taken")
	}
}
