package corefile

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what the Corefiles of testdata come to")

// rendered is what the newest chart of the addon renders.
const rendered = `.:53 {
    errors
    # On shutdown, answer for five more seconds: until every node has taken the pod out of the Service.
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       # Names made of a pod's address are answered without looking whether the pod exists, so pods are not watched.
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    # Bounded, so that resolvers that do not answer cannot use up the memory.
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    # The cluster's own names are in memory already; caching them would only delay changes.
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    # Stops CoreDNS if an upstream resolver sends queries back to it.
    loop
    reload
    loadbalance
}
`

var readTable = sync.OnceValues(func() (*Table, error) {
	data, err := addons.FS.ReadFile("coredns/plugins.yaml")
	if err != nil {
		return nil, err
	}
	return DecodeTable("plugins.yaml", data)
})

func table(t testing.TB) *Table {
	t.Helper()
	table, err := readTable()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// mounted is what the addon's Deployment mounts.
var mounted = Container{Dir: "/etc/coredns", Names: []string{"/etc/coredns/Corefile"}, Mounts: []string{"/etc/resolv.conf"}}

// Each Corefile of testdata is customised as people do it. What it comes to beside the rendered one is in the file .txt.
func TestCorefiles(t *testing.T) {
	files, err := filepath.Glob("testdata/corefiles/*.corefile")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d Corefiles, error %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(path.Base(file), ".corefile"), func(t *testing.T) {
			live, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, golden := account(t, string(live)), strings.TrimSuffix(file, ".corefile")+".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// account is everything that is found of a live Corefile.
func account(t *testing.T, live string) string {
	t.Helper()
	var out strings.Builder
	merged, err := Merge(rendered, live)
	if err != nil {
		fmt.Fprintf(&out, "not merged: %v\n", err)
		merged.Text = rendered
	}
	for _, k := range merged.Kept {
		fmt.Fprintf(&out, "kept: lines %d to %d, %s\n", k.First, k.Last, k.Name)
	}
	for _, l := range Lost(merged.Text, live) {
		fmt.Fprintf(&out, "lost: %s\n", l)
	}
	if s, err := SettingsOf(rendered, live); err == nil {
		fmt.Fprintf(&out, "settings: domain %q, upstreams %q, cache %d\n", s.Domain, s.Upstreams, s.CacheSeconds)
		for line := range strings.Lines(s.Directives) {
			fmt.Fprintf(&out, "    %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
	last := ""
	for _, version := range []string{"1.3.1", "1.6.2", "1.6.7", "1.12.1", "1.13.1", "1.14.2", "1.14.6"} {
		found := faultTexts(t, version, live)
		if text := strings.ReplaceAll(found, version, "VERSION"); text != last {
			fmt.Fprintf(&out, "CoreDNS %s:\n%s", version, found)
			last = text
		}
	}
	return out.String()
}

func faultTexts(t *testing.T, version, live string) string {
	t.Helper()
	faults, err := table(t).Check(version, live, mounted)
	if err != nil {
		return "    " + err.Error() + "\n"
	}
	var out strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&out, "    %s%s\n", map[bool]string{true: "fatal: "}[f.Fatal], f)
	}
	if out.Len() == 0 {
		return "    no fault\n"
	}
	return out.String()
}

// The Corefile that is left without the parts with faults is one that the version starts with.
func TestLeaveOut(t *testing.T) {
	files, err := filepath.Glob("testdata/corefiles/*.corefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		live, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		faults, err := table(t).Check("1.14.6", string(live), mounted)
		if err != nil {
			continue // it cannot be parsed
		}
		leaveOut := Fatal(faults)
		merged, err := Merge(rendered, string(live), leaveOut...)
		if mixed := (*MixedError)(nil); errors.As(err, &mixed) {
			merged, err = Merge(rendered, string(live), append(leaveOut, mixed.Faults...)...)
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		left, err := table(t).Check("1.14.6", merged.Text, mounted)
		if fatal := Fatal(left); err != nil || len(fatal) > 0 {
			t.Errorf("%s: %v %v", file, fatal, err)
		}
	}
}
